package restore

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// beginUndo stops the company once more, if what it had before is still there.
func (r *Reconciler) beginUndo(s *scope) error {
	status := &s.restore.Status
	if status.FormerSchema == "" || status.FormerUntil == nil || !r.Now().Before(status.FormerUntil.Time) {
		r.refuseUndo(s, "what the company had before is gone: restore a backup of that time")
		return nil
	}
	status.Step, status.Held = v1alpha1.RestoreHolding, nil
	r.conditions(s).Set(v1alpha1.ConditionUndone, metav1.ConditionUnknown, v1alpha1.ReasonPreparing, "it is being undone")
	return then("it is being undone")
}

// refuseUndo leaves all as it is.
func (r *Reconciler) refuseUndo(s *scope, message string) {
	s.restore.Status.Step = ""
	r.conditions(s).Set(v1alpha1.ConditionUndone, metav1.ConditionFalse, v1alpha1.ReasonTooLate, message)
	meta.RemoveStatusCondition(&s.restore.Status.Conditions, v1alpha1.ConditionReconciling)
	r.event(s, warning, v1alpha1.ReasonTooLate, "it is not undone: %s", message)
}

// undone says that the company has again what it had: what the restore had brought is
// kept in its place, as long.
func (r *Reconciler) undone(s *scope) {
	status := &s.restore.Status
	status.Schema, status.FormerSchema = status.FormerSchema, status.Schema
	status.Release, status.FormerRelease = status.FormerRelease, status.Release
	message := fmt.Sprintf("Tenant %s has again what it had before; what the restore had brought (schema %s) stays until %s",
		s.restore.Spec.Tenant, status.FormerSchema, status.FormerUntil.UTC().Format(inWords))
	status.Step = ""
	for _, kind := range []string{v1alpha1.ConditionUndone, v1alpha1.ConditionComplete} {
		r.conditions(s).Set(kind, metav1.ConditionTrue, v1alpha1.ReasonUndone, message)
	}
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
	r.event(s, normal, v1alpha1.ReasonUndone, "%s", message)
}
