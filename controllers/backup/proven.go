package backup

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
)

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantrestores,verbs=get;list;watch

// proven is the latest drill that restored a backup of a company. What is known stays
// known when its TenantRestore is deleted.
func (s *Scheduler) proven(ctx context.Context, t *v1alpha1.Tenant) (last *v1alpha1.BackupProven, err error) {
	if t.Status.Backup != nil {
		last = t.Status.Backup.Proven
	}
	var drills v1alpha1.TenantRestoreList
	if err := s.Backups.Client.List(ctx, &drills); err != nil {
		return nil, fmt.Errorf("list TenantRestores: %w", err)
	}
	for i := range drills.Items {
		d := &drills.Items[i]
		if d.Status.Proof == nil || d.Status.Moment == nil || d.Status.TenantID != t.Status.ID || last != nil && !last.At.Before(&d.Status.Proof.At) {
			continue
		}
		last = &v1alpha1.BackupProven{Restore: d.Name, Moment: *d.Status.Moment, At: d.Status.Proof.At}
	}
	return last, nil
}

// inUse waits while one of some backups is restored, into whatever company.
func (s *Scheduler) inUse(ctx context.Context, backups []string) error {
	if len(backups) == 0 {
		return nil
	}
	var restores v1alpha1.TenantRestoreList
	if err := s.Backups.Client.List(ctx, &restores); err != nil {
		return fmt.Errorf("list TenantRestores: %w", err)
	}
	for i := range restores.Items {
		tr := &restores.Items[i]
		conditions := tr.Status.Conditions
		if slices.Contains(backups, tr.Spec.Backup) && tr.Status.Started != nil &&
			!meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionComplete) && !meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionFailed) {
			return &waiting{v1alpha1.ReasonQueued, "restore " + tr.Name + " works with backup " + tr.Spec.Backup, pendingLook}
		}
	}
	return nil
}

// drillEnded lets the proof of a drill through.
func drillEnded() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.(*v1alpha1.TenantRestore).Status.Proof == nil && e.ObjectNew.(*v1alpha1.TenantRestore).Status.Proof != nil
		},
	}
}

// drilledTenant is the Tenant whose backup a drill proves.
func drilledTenant(_ context.Context, o client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.(*v1alpha1.TenantRestore).Spec.Tenant}}}
}
