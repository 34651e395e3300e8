package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantbackups,verbs=get;list;watch;create

// finalLook is how often a final backup is looked at.
const finalLook = 5 * time.Second

// finalName is the name of the TenantBackup that comes before the end of a company.
func finalName(t *v1alpha1.Tenant) string {
	return strings.TrimRight(t.Name[:min(len(t.Name), 33)], "-") + final + t.Status.ID
}

// final is in the name of each such backup.
const final = "-final-"

// finalEnded lets the end of a final backup through, and its going.
func finalEnded() predicate.Predicate {
	ended := func(o client.Object) bool {
		c := o.(*v1alpha1.TenantBackup).Status.Conditions
		return meta.IsStatusConditionTrue(c, v1alpha1.ConditionComplete) || meta.IsStatusConditionTrue(c, v1alpha1.ConditionFailed)
	}
	finals := predicate.NewPredicateFuncs(func(o client.Object) bool { return strings.Contains(o.GetName(), final) })
	return predicate.And(finals, predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool { return ended(e.ObjectOld) != ended(e.ObjectNew) },
	})
}

// backedUpTenant is the Tenant that a TenantBackup is of.
func backedUpTenant(_ context.Context, o client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.(*v1alpha1.TenantBackup).Spec.Tenant}}}
}

// IsFinal says whether a TenantBackup of that name is the one that a Tenant's deletion
// waits for: it is made of a company that goes.
func IsFinal(t *v1alpha1.Tenant, backup string) bool {
	return !t.DeletionTimestamp.IsZero() && t.Spec.DeletionPolicy == v1alpha1.DeletionFinalBackup && backup == finalName(t)
}

// endJobs ends what works on the company's data, once its app has ended, and has all of
// it backed up before the steps that come next drop it, where the policy says so.
func (r *Reconciler) endJobs(ctx context.Context, s *scope) error {
	if err := r.removeJobs(ctx, s); err != nil || s.policy() != v1alpha1.DeletionFinalBackup {
		return err
	}
	return r.finalBackup(ctx, s)
}

// finalBackup waits until a full backup is complete that was made after the company's
// end began. A company that never had data needs none.
func (r *Reconciler) finalBackup(ctx context.Context, s *scope) error {
	if s.row.Release == "" {
		return nil
	}
	last := &v1alpha1.TenantBackup{}
	last.Name = finalName(s.tenant)
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(last), last)
	if apierrors.IsNotFound(err) {
		last.Labels = s.labels()
		last.Spec = v1alpha1.TenantBackupSpec{Tenant: s.tenant.Name, Type: v1alpha1.BackupFull}
		if err := r.Client.Create(ctx, last, FieldOwner); client.IgnoreAlreadyExists(err) != nil {
			return fmt.Errorf("make TenantBackup %s: %w", last.Name, err)
		}
		return finalWaits(last, "it begins")
	}
	if err != nil {
		return fmt.Errorf("read TenantBackup %s: %w", last.Name, err)
	}
	failed, complete := meta.FindStatusCondition(last.Status.Conditions, v1alpha1.ConditionFailed), meta.FindStatusCondition(last.Status.Conditions, v1alpha1.ConditionComplete)
	switch {
	case last.CreationTimestamp.Before(s.tenant.DeletionTimestamp):
		return finalLacks(last, v1alpha1.ReasonBackupNameTaken, "was made before the deletion began")
	case failed != nil && failed.Status == "True":
		return finalLacks(last, failed.Reason, "failed: "+failed.Message)
	case complete == nil:
		return finalWaits(last, "it begins")
	case complete.Status != "True":
		return finalWaits(last, complete.Message)
	case last.Status.TenantID != s.id || last.Status.Type != v1alpha1.BackupFull:
		return finalLacks(last, v1alpha1.ReasonBackupNameTaken, "is no full backup of this company")
	}
	return nil
}

func finalWaits(last *v1alpha1.TenantBackup, message string) error {
	return &waiting{v1alpha1.ReasonWaiting, fmt.Sprintf("the app is stopped, and nothing is removed before the final backup %s is complete: %s", last.Name, message), finalLook}
}

func finalLacks(last *v1alpha1.TenantBackup, reason, message string) error {
	return fault.Blocked(reason, nil,
		"the final backup %s %s; nothing is removed: mend that and `kubectl delete tenantbackup %[1]s`, which begins another one, or set spec.deletionPolicy to Retain, or to Delete to go without", last.Name, message)
}

func leftFinal(s *scope) string {
	if s.policy() != v1alpha1.DeletionFinalBackup {
		return ""
	}
	return "the final backup " + finalName(s.tenant)
}
