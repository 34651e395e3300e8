package tenant

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// stepDone is the step of an operation that is finished.
const stepDone = "Done"

// writeStatus computes the status from what came of the steps, and writes it when
// it says something new. It is the only place that does.
func (r *Reconciler) writeStatus(ctx context.Context, s *scope) error {
	before := s.tenant.Status.DeepCopy()
	before.Conditions = slices.DeleteFunc(before.Conditions, func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionHealthy })
	before.Backup = nil // written by whoever schedules backups
	after := r.status(s, before)
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	if err != nil {
		return fmt.Errorf("render the status of tenant %s: %w", s.tenant.Name, err)
	}
	prune(fields)
	patch := &unstructured.Unstructured{Object: map[string]any{"status": fields}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Tenant"))
	patch.SetName(s.tenant.Name)
	// A Tenant of the same name may have come after the one that was read: it must
	// never inherit this one's id. (The API server overlooks a UID here.)
	patch.SetResourceVersion(s.tenant.ResourceVersion)
	err = r.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), FieldOwner, client.ForceOwnership)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of tenant %s: %w", s.tenant.Name, err)
	}
	r.statuses.set(s.tenant.Name, patch.GetResourceVersion())
	r.announce(s, before, after)
	return nil
}

// status is what the steps' results mean. Before holds the conditions that this
// controller wrote last, so that transition times are kept.
func (r *Reconciler) status(s *scope, before *v1alpha1.TenantStatus) *v1alpha1.TenantStatus {
	after := before.DeepCopy()
	after.ObservedGeneration = s.tenant.Generation
	for _, one := range s.results {
		r.set(s, after, stepCondition(s, one, meta.FindStatusCondition(before.Conditions, one.step.condition)))
	}
	for _, c := range summary(s) {
		r.set(s, after, c)
	}
	for _, absent := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if !slices.ContainsFunc(summary(s), func(c metav1.Condition) bool { return c.Type == absent }) {
			meta.RemoveStatusCondition(&after.Conditions, absent)
		}
	}
	after.Operation = r.operation(s, before)
	if s.id != "" && s.databaseServer != nil {
		after.ID, after.Namespace = s.id, s.namespace
		after.Placement = &v1alpha1.Placement{DatabaseServer: s.databaseServer.Name, ObjectStore: s.objectStore.Name}
	}
	if s.row.ID != "" {
		after.Schema, after.Bucket = s.row.Schema, s.row.Bucket
		after.Credentials = s.credentialsNow(before.Credentials)
	}
	if s.tenant.DeletionTimestamp.IsZero() {
		after.URL, after.Hosts = s.url, s.hosts
		after.Release = s.running
		if s.plan != nil && finishedAll(s) {
			after.Plan = s.plan.Name
		}
	}
	return after
}

func (r *Reconciler) set(s *scope, status *v1alpha1.TenantStatus, c metav1.Condition) {
	c.ObservedGeneration = s.tenant.Generation
	c.LastTransitionTime = metav1.NewTime(r.Now()).Rfc3339Copy()
	meta.SetStatusCondition(&status.Conditions, c)
}

// stepCondition says what came of one step. A step that was not reached keeps what
// is known of it: the pods still run while a server is away.
func stepCondition(s *scope, one result, known *metav1.Condition) metav1.Condition {
	c := metav1.Condition{Type: one.step.condition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDone}
	switch {
	case one.ran && one.err == nil && !s.tenant.DeletionTimestamp.IsZero():
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonDeleting, "taken back"
	case one.ran && one.err == nil:
		c.Message = one.step.says(s)
	case one.spared && (known == nil || known.Status != metav1.ConditionTrue):
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "nothing is done about it while the tenant is suspended"
		if !s.tenant.Spec.Suspended {
			c.Reason, c.Message = v1alpha1.ReasonRestoring, "nothing is done about it while "+holderOf(s.row.Hold)+" holds the tenant"
		}
	case !one.ran && known != nil:
		return *known
	case !one.ran:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "an earlier step is not finished"
	case one.err != nil:
		c.Status = metav1.ConditionFalse
		c.Reason, c.Message, _ = explain(one.err)
	}
	return c
}

// explain turns an error of a step into a reason and words for people. Only the
// words of faults are shown; others may hold addresses and statements.
func explain(err error) (reason, message string, permanent bool) {
	if wait, ok := asWaiting(err); ok {
		return wait.reason, wait.message, false
	}
	if f, ok := fault.As(err); ok {
		return f.Reason, f.Message, f.Permanent
	}
	return v1alpha1.ReasonOther, "a step failed for a cause that has no name here; it is tried again, and the operator's log says more", false
}

// summary is Ready, Reconciling and Stalled in the way of kstatus.
func summary(s *scope) []metav1.Condition {
	deleting := !s.tenant.DeletionTimestamp.IsZero()
	ready := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: "people can work at " + s.url}
	if deleting {
		ready.Status, ready.Reason = metav1.ConditionFalse, v1alpha1.ReasonDeleting
		ready.Message = "the tenant is being deleted under policy " + string(s.policy())
	}
	first := unfinished(s.results)
	if first == nil {
		return append([]metav1.Condition{ready}, reconcilingWhile(deleting, ready)...)
	}
	reason, message, permanent := explain(first)
	_, atWork := asWaiting(first)
	ready.Status, ready.Message = metav1.ConditionFalse, message
	if !deleting || !atWork {
		ready.Reason = reason
	}
	if permanent {
		return []metav1.Condition{ready, {Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: reason, Message: message}}
	}
	return append([]metav1.Condition{ready}, reconcilingWhile(!rests(first), ready)...)
}

func reconcilingWhile(atWork bool, ready metav1.Condition) []metav1.Condition {
	if !atWork {
		return nil
	}
	return []metav1.Condition{{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: ready.Reason, Message: ready.Message}}
}

// unfinished is why the tenant is not ready: that it is suspended, or else the first
// fault, or else the first step that is at work.
func unfinished(results []result) (first error) {
	if i := slices.IndexFunc(results, func(one result) bool { return rests(one.err) }); i >= 0 {
		return results[i].err
	}
	for _, one := range results {
		if _, atWork := asWaiting(one.err); one.err != nil && !atWork {
			return one.err
		}
		if first == nil {
			first = one.err
		}
	}
	return first
}

func finishedAll(s *scope) bool {
	return !slices.ContainsFunc(s.results, func(one result) bool { return !one.ran || one.err != nil })
}

// operation follows one piece of work from its start to its end. A fault of a
// tenant that is ready starts none: conditions say that.
func (r *Reconciler) operation(s *scope, before *v1alpha1.TenantStatus) *v1alpha1.Operation {
	now := v1alpha1.Operation{Type: v1alpha1.OperationCreate, Since: metav1.NewTime(r.Now()).Rfc3339Copy()}
	last := before.Operation
	switch {
	case !s.tenant.DeletionTimestamp.IsZero():
		now.Type = v1alpha1.OperationDelete
	case last != nil && last.Step == stepDone && before.ObservedGeneration == s.tenant.Generation:
		return last
	case s.tenant.Spec.Suspended && last != nil && last.Type == v1alpha1.OperationSuspend && last.Step == stepDone:
		return last
	case s.tenant.Spec.Suspended:
		now.Type = v1alpha1.OperationSuspend
	case last != nil && last.Type == v1alpha1.OperationSuspend:
		now.Type = v1alpha1.OperationResume
	case last != nil && last.Step == stepDone:
		now.Type = v1alpha1.OperationChange
	case last != nil:
		now.Type = last.Type
	}
	if last != nil && last.Type == now.Type && last.Step != stepDone {
		now.Since = last.Since
	}
	total, done := len(s.results), 0
	now.Step = stepDone
	for _, one := range s.results {
		if one.spared {
			total--
		} else if one.ran && (one.err == nil || rests(one.err)) {
			done++
		} else if now.Step == stepDone {
			now.Step = one.step.name
		}
	}
	if now.Type == v1alpha1.OperationDelete {
		total = r.undoable()
	}
	now.Percent = int32(100 * done / max(total, 1))
	return &now
}

// undoable is how many steps have something to undo.
func (r *Reconciler) undoable() (n int) {
	for _, st := range r.steps() {
		if st.undo != nil {
			n++
		}
	}
	return n
}

// announce writes an event when readiness or its reason changed.
func (r *Reconciler) announce(s *scope, before, after *v1alpha1.TenantStatus) {
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionReady)
	if was != nil && was.Status == is.Status && was.Reason == is.Reason {
		return
	}
	kind := corev1.EventTypeNormal
	for _, one := range s.results {
		if _, atWork := asWaiting(one.err); one.err != nil && !atWork {
			kind = corev1.EventTypeWarning
		}
	}
	r.Events.Eventf(s.tenant, nil, kind, is.Reason, string(after.Operation.Type), "%s", is.Message)
}
