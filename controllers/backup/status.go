package backup

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

func (s *scope) condition(now time.Time, kind string, is metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&s.backup.Status.Conditions, metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: message,
		ObservedGeneration: s.backup.Generation, LastTransitionTime: metav1.NewTime(now).Rfc3339Copy(),
	})
}

// conclude puts the conditions of a backup that is finished.
func (s *scope) conclude(r *Reconciler, kind, reason, message string) {
	now, status := r.Now(), &s.backup.Status
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
	if kind == v1alpha1.ConditionComplete {
		s.condition(now, kind, metav1.ConditionTrue, reason, message)
	} else {
		s.condition(now, v1alpha1.ConditionComplete, metav1.ConditionFalse, reason, message)
		s.condition(now, v1alpha1.ConditionFailed, metav1.ConditionTrue, reason, message)
		s.condition(now, v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	}
	if status.Started != nil && status.Finished != nil {
		status.Duration = status.Finished.Sub(status.Started.Time).Round(time.Second).String()
	}
}

// writeStatus applies the status unless it is so already.
func (r *Reconciler) writeStatus(ctx context.Context, s *scope) error {
	s.backup.Status.ObservedGeneration = s.backup.Generation
	if equality.Semantic.DeepEqual(s.before.Status, s.backup.Status) {
		return nil
	}
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&s.backup.Status)
	if err != nil {
		return fmt.Errorf("render the status of backup %s: %w", s.backup.Name, err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": status}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TenantBackup"))
	patch.SetName(s.backup.Name)
	patch.SetResourceVersion(s.backup.ResourceVersion)
	if err := r.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), FieldOwner, client.ForceOwnership); err != nil {
		return fmt.Errorf("write the status of backup %s: %w", s.backup.Name, client.IgnoreNotFound(err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.statuses == nil {
		r.statuses = map[string]string{}
	}
	r.statuses[s.backup.Name] = patch.GetResourceVersion()
	return nil
}

// behind says whether the cache does not show our own last write yet; deciding on what
// was before would begin something twice.
func (r *Reconciler) behind(b *v1alpha1.TenantBackup) bool {
	r.mu.Lock()
	written := r.statuses[b.Name]
	r.mu.Unlock()
	if written == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(b.ResourceVersion, written)
	return err == nil && order < 0
}

// forget drops what is remembered about a backup that is gone.
func (r *Reconciler) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.statuses, name)
	delete(r.atWork, name)
}
