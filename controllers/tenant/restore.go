package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantrestores,verbs=get;list;watch;create

const (
	// heldLook is how often a tenant that somebody holds is looked at.
	heldLook = 2 * time.Second
	// fillLook is how often a new company is looked at that is being filled, should the
	// end of its TenantRestore have been missed.
	fillLook = 30 * time.Second
)

// holderOf names for people who holds a tenant.
func holderOf(hold string) string {
	if name, ok := strings.CutPrefix(hold, registry.Restores); ok {
		return "TenantRestore " + name
	}
	return hold
}

// restore names the TenantRestore that works on the tenant. The row changes behind our
// back then, so it is read at each pass.
func (s *scope) restore() string { return s.tenant.Annotations[v1alpha1.AnnotationRestore] }

// Outbound says whether the app of a company may call others.
func Outbound(spec *v1alpha1.TenantSpec) bool {
	if spec.Outbound != nil {
		return *spec.Outbound
	}
	return spec.RestoreFrom == nil
}

// IntoName is the name of the TenantRestore that fills a new company. The id is in it,
// because a Tenant may be deleted and made again under its name.
func IntoName(t *v1alpha1.Tenant, id string) string {
	return strings.TrimRight(t.Name[:min(len(t.Name), 34)], "-") + "-" + id + "-into"
}

// filled makes sure that a company that begins with a backup has it: the TenantRestore
// that brings it is made once the company can take it, and again when somebody has
// removed it. Until the row says that all of it is there, nothing touches the schema.
// A company that has its data, since its cluster alone was lost, goes on with it.
func (r *Reconciler) filled(ctx context.Context, s *scope) error {
	from := s.tenant.Spec.RestoreFrom
	if from == nil || s.row.Restored != "" {
		return nil
	}
	if adopt := s.tenant.Spec.Adopt; s.row.Release != "" && (adopt == "" || adopt == v1alpha1.AdoptNone) {
		return nil
	}
	if s.row.Release != "" {
		return fault.OfUser(v1alpha1.ReasonNotEmpty,
			"spec.restoreFrom fills a new company, and this one has data of its own (spec.adopt): delete the Tenant, which keeps that data, and create it again without spec.restoreFrom or with spec.adopt none")
	}
	// The row is written by whoever restores: it is read again at the next pass.
	r.verified.drop(s.tenant.Name)
	restore := &v1alpha1.TenantRestore{}
	restore.Name = IntoName(s.tenant, s.id)
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(restore), restore)
	if apierrors.IsNotFound(err) {
		restore.Labels = s.labels()
		// It is of use as long as the company is there; the cluster removes it after.
		restore.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Tenant", Name: s.tenant.Name, UID: s.tenant.UID}}
		restore.Spec = v1alpha1.TenantRestoreSpec{Backup: from.Backup, Tenant: s.tenant.Name, Mode: v1alpha1.RestoreInto}
		err = client.IgnoreAlreadyExists(r.Client.Create(ctx, restore, FieldOwner))
	}
	if err != nil {
		return fmt.Errorf("make TenantRestore %s: %w", restore.Name, err)
	}
	if c := meta.FindStatusCondition(restore.Status.Conditions, v1alpha1.ConditionFailed); c != nil && c.Status == "True" {
		return fault.Blocked(c.Reason, nil, "TenantRestore %s failed: %s; once that is mended, `kubectl delete tenantrestore %[1]s` begins another one", restore.Name, c.Message)
	}
	return &waiting{v1alpha1.ReasonRestoring, fmt.Sprintf("TenantRestore %s fills the company from backup %s; the app starts after that", restore.Name, from.Backup), fillLook}
}

// intoEnded lets the end of a TenantRestore through that fills a company, and its going.
func intoEnded() predicate.Predicate {
	ended := func(o client.Object) bool {
		restore := o.(*v1alpha1.TenantRestore)
		return meta.IsStatusConditionTrue(restore.Status.Conditions, v1alpha1.ConditionComplete) || meta.IsStatusConditionTrue(restore.Status.Conditions, v1alpha1.ConditionFailed)
	}
	into := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.(*v1alpha1.TenantRestore).Spec.Mode == v1alpha1.RestoreInto })
	return predicate.And(into, predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool { return ended(e.ObjectOld) != ended(e.ObjectNew) },
	})
}

// restoredTenant is the Tenant that a TenantRestore fills.
func restoredTenant(_ context.Context, o client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.(*v1alpha1.TenantRestore).Spec.Tenant}}}
}
