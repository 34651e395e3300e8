package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

const (
	// drillSoon is how young a backup is that is proven: drills follow backups, and are
	// spread over the night as those are.
	drillSoon = 6 * time.Hour
	// drillSlack keeps a drill from slipping by a night, because that of last time ended late.
	drillSlack = 12 * time.Hour
)

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantrestores,verbs=create;delete

// drill asks for a proof of the latest backup when the last proof is as old as the policy
// lets it be. One that fails is asked for again with the next night's backup.
func (s *Scheduler) drill(ctx context.Context, t *v1alpha1.Tenant, policy *v1alpha1.BackupPolicy, after *v1alpha1.BackupSummary) error {
	now := s.Backups.Now()
	if policy == nil || policy.DrillDays == 0 || after.Moment == nil || now.Sub(after.Moment.Time) > drillSoon {
		return nil
	}
	if p := after.Proven; p != nil && now.Sub(p.At.Time) < drillInterval(policy)-drillSlack {
		return nil
	}
	labels := map[string]string{v1alpha1.LabelTenant: t.Name, v1alpha1.LabelTenantID: t.Status.ID, v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
	want := &v1alpha1.TenantRestore{
		ObjectMeta: metav1.ObjectMeta{Name: drillOf(t, after.Moment.Time), Labels: labels},
		Spec:       v1alpha1.TenantRestoreSpec{Backup: after.Last, Tenant: t.Name, Mode: v1alpha1.RestoreDrill},
	}
	err := s.Backups.Client.Create(ctx, want, FieldOwner)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make drill %s of tenant %s: %w", want.Name, t.Name, err)
	}
	return s.forgetDrills(ctx, labels, want.Name)
}

func drillInterval(policy *v1alpha1.BackupPolicy) time.Duration {
	return time.Duration(policy.DrillDays) * 24 * time.Hour
}

// drillOf names a drill: one for each company and day.
func drillOf(t *v1alpha1.Tenant, day time.Time) string {
	name := strings.TrimRight(t.Name[:min(len(t.Name), 21)], "-")
	return name + "-" + t.Status.ID + "-drill-" + day.UTC().Format("20060102")
}

// forgetDrills removes what earlier drills of the schedule are remembered by: the proof
// stands in the Tenant.
func (s *Scheduler) forgetDrills(ctx context.Context, labels map[string]string, but string) error {
	var list v1alpha1.TenantRestoreList
	if err := s.Backups.Client.List(ctx, &list, client.MatchingLabels(labels)); err != nil {
		return fmt.Errorf("list TenantRestores: %w", err)
	}
	for i := range list.Items {
		d := &list.Items[i]
		ended := meta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionComplete) || meta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionFailed)
		if d.Name == but || d.Spec.Mode != v1alpha1.RestoreDrill || !ended {
			continue
		}
		if err := s.Backups.Client.Delete(ctx, d); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("remove drill %s: %w", d.Name, err)
		}
	}
	return nil
}
