package servers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// MeasureEvery is how often a server is asked whether it answers, and MeasureWithin
// how long it may take to: a fault shows in the conditions of all who lie on it
// within ten seconds. One that said nothing is asked again sooner.
const (
	MeasureEvery  = 5 * time.Second
	MeasureWithin = 4 * time.Second
	measureAgain  = 2 * time.Second
)

// MeasureAtOnce is how many servers of a kind are asked at a time: one that answers
// nothing must not keep the others waiting.
const MeasureAtOnce = 4

// Stalled says whether a measurement took longer than its limit allows: this process
// stood still meanwhile (SIGSTOP, a machine that slept), so what it saw says nothing
// of the server, and another operator may lead. It is made again, and not written.
func Stalled(began, now time.Time) bool { return now.Sub(began) > 2*MeasureWithin }

// Again is the result of a measurement that counts for nothing.
func Again() ctrl.Result { return ctrl.Result{RequeueAfter: measureAgain} }

// Next is when a server is asked again after it was measured.
func Next(status *v1alpha1.ServerStatus) ctrl.Result {
	if Silent(status.ObservedGeneration, status) != nil {
		return ctrl.Result{RequeueAfter: measureAgain}
	}
	return ctrl.Result{RequeueAfter: MeasureEvery}
}

// Silent is the fault of a server that did not answer when it was measured last, in
// the words of its condition; nil when it did, or was not measured under its spec.
// Whoever needs the server need not wait for it to say nothing once more.
func Silent(generation int64, status *v1alpha1.ServerStatus) error {
	c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReachable)
	if c == nil || c.Status != metav1.ConditionFalse || c.ObservedGeneration != generation {
		return nil
	}
	if c.Reason != v1alpha1.ReasonDatabaseUnreachable && c.Reason != v1alpha1.ReasonStoreUnreachable {
		return nil
	}
	return fault.New(c.Reason, nil, "%s", c.Message)
}

// FieldOwner of the statuses that are written here. What is found of orphans has
// another one, so that neither writer takes away what the other found.
const (
	FieldOwner       = client.FieldOwner("atrium-servers")
	OrphanFieldOwner = client.FieldOwner("atrium-orphans")
)

// WriteStatus applies the status of after, but for what is said of orphans, unless
// before has the same.
func WriteStatus(ctx context.Context, c client.Client, before, after client.Object) error {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	status, err := statusOf(after)
	if err != nil {
		return err
	}
	delete(status, "orphans")
	conditions, _ := status["conditions"].([]any)
	if conditions = slices.DeleteFunc(conditions, isOrphaned); len(conditions) > 0 {
		status["conditions"] = conditions
	} else {
		delete(status, "conditions")
	}
	return applyStatus(ctx, c, after, status, FieldOwner)
}

// WriteOrphans applies what a sweep found, unless before has the same.
func WriteOrphans(ctx context.Context, c client.Client, before client.Object, was *v1alpha1.ServerStatus, orphans []string, is metav1.Condition) error {
	now := was.DeepCopy()
	now.Orphans = orphans
	meta.SetStatusCondition(&now.Conditions, is)
	if equality.Semantic.DeepEqual(was, now) {
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(now)
	if err != nil {
		return fmt.Errorf("render what was found on %s: %w", before.GetName(), err)
	}
	conditions, _ := fields["conditions"].([]any)
	status := map[string]any{"conditions": slices.DeleteFunc(conditions, func(c any) bool { return !isOrphaned(c) })}
	if len(orphans) > 0 {
		status["orphans"] = fields["orphans"]
	}
	return applyStatus(ctx, c, before, status, OrphanFieldOwner)
}

func isOrphaned(condition any) bool {
	fields, _ := condition.(map[string]any)
	return fields["type"] == v1alpha1.ConditionOrphaned
}

func statusOf(object client.Object) (map[string]any, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("render the status of %T %s: %w", object, object.GetName(), err)
	}
	status, _ := fields["status"].(map[string]any)
	return status, nil
}

func applyStatus(ctx context.Context, c client.Client, object client.Object, status map[string]any, owner client.FieldOwner) error {
	gvk, err := c.GroupVersionKindFor(object)
	if err != nil {
		return fmt.Errorf("find the kind of %T: %w", object, err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": status}}
	patch.SetGroupVersionKind(gvk)
	patch.SetName(object.GetName())
	err = c.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), owner, client.ForceOwnership)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of %T %s: %w", object, object.GetName(), err)
	}
	return nil
}

// Measured puts what came of asking a server into its status.
func Measured(status *v1alpha1.ServerStatus, generation int64, now time.Time, err error) {
	status.ObservedGeneration = generation
	c := metav1.Condition{
		Type: v1alpha1.ConditionReachable, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonConnected,
		Message: "it answers and grants what is needed",
	}
	if err != nil {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonOther, "it could not be asked; the operator's log says why"
		if f, ok := fault.As(err); ok {
			c.Reason, c.Message = f.Reason, f.Message
		}
	}
	Say(status, now, c)
}

// Say puts a condition into a status, of the generation that the status speaks of.
func Say(status *v1alpha1.ServerStatus, now time.Time, c metav1.Condition) {
	c.ObservedGeneration = status.ObservedGeneration
	c.LastTransitionTime = metav1.NewTime(now).Rfc3339Copy()
	meta.SetStatusCondition(&status.Conditions, c)
}

// Count is how many Tenants a test holds for.
func Count(ctx context.Context, reader client.Reader, on func(*v1alpha1.Tenant) bool) (int32, error) {
	var list v1alpha1.TenantList
	if err := reader.List(ctx, &list); err != nil {
		return 0, fmt.Errorf("count Tenants: %w", err)
	}
	var n int32
	for i := range list.Items {
		if on(&list.Items[i]) {
			n++
		}
	}
	return n, nil
}
