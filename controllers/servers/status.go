package servers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// MeasureEvery is how often a server is asked whether it answers: a fault shows in
// its condition well within ten seconds.
const MeasureEvery = 5 * time.Second

// WriteStatus writes the status of after, unless before has the same.
func WriteStatus(ctx context.Context, c client.Client, before, after client.Object) error {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	err := c.Status().Patch(ctx, after, client.MergeFrom(before))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of %T %s: %w", after, after.GetName(), err)
	}
	return nil
}

// Measured puts what came of asking a server into its status.
func Measured(status *v1alpha1.ServerStatus, generation int64, now time.Time, err error) {
	status.ObservedGeneration = generation
	c := metav1.Condition{
		Type: v1alpha1.ConditionReachable, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonConnected,
		Message: "it answers and grants what is needed", ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(now).Rfc3339Copy(),
	}
	if err != nil {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonOther, "it could not be asked; the operator's log says why"
		if f, ok := fault.As(err); ok {
			c.Reason, c.Message = f.Reason, f.Message
		}
	}
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
