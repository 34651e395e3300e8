// Package objectstore asks each ObjectStore whether it takes its issuer's key and how
// far that reaches, and walks through the buckets of tenants: what was replaced or
// deleted long ago goes, what stays is added up. It makes no bucket of a tenant.
package objectstore

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	objects "atrium.dev/atrium/internal/objectstore"
)

// Reconciler measures ObjectStores.
type Reconciler struct {
	Client       client.Client
	Servers      *servers.Servers
	Installation string
	Now          func() time.Time
	// Walker knows how much lies in each store.
	Walker *Walker

	issuers issuers
}

// +kubebuilder:rbac:groups=atrium.dev,resources=objectstores,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=objectstores/status,verbs=patch

// Reconcile measures one store.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var before v1alpha1.ObjectStore
	if err := r.Client.Get(ctx, req.NamespacedName, &before); err != nil {
		if apierrors.IsNotFound(err) {
			r.Servers.ForgetStore(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	after, began := before.DeepCopy(), r.Now()
	err := r.measure(ctx, after)
	if servers.Stalled(began, r.Now()) {
		return servers.Again(), nil
	}
	servers.Measured(&after.Status.ServerStatus, before.Generation, r.Now(), err)
	if err == nil {
		r.watchIssuer(ctx, after)
	}
	if used, known := r.Walker.Used(before.Name); known {
		after.Status.UsedPercent = servers.UsedPercent(before.Status.UsedPercent, used, before.Spec.Capacity.Bytes)
	} else if before.Spec.Capacity.Bytes == nil {
		after.Status.UsedPercent = nil
	}
	after.Status.Tenants, err = servers.Count(ctx, r.Client, func(t *v1alpha1.Tenant) bool { return servers.StoreOf(t) == before.Name })
	if err != nil {
		return ctrl.Result{}, err
	}
	return servers.Next(&after.Status.ServerStatus), servers.WriteStatus(ctx, r.Client, &before, after)
}

// measure asks for a bucket that needs not exist: the answer tells whether the
// issuer's key is taken. Where credentials are static the bucket is made, to tell
// those that reach too far.
func (r *Reconciler) measure(ctx context.Context, o *v1alpha1.ObjectStore) error {
	ctx, cancel := context.WithTimeout(ctx, servers.MeasureWithin)
	defer cancel()
	store, err := r.Servers.Store(ctx, o)
	if err != nil {
		return err
	}
	if o.Spec.Credentials == v1alpha1.CredentialsStatic && o.Spec.Purpose != v1alpha1.PurposeBackup {
		return store.EnsureProbe(ctx, r.Installation)
	}
	return store.Check(ctx, objects.ProbeBucket(r.Installation))
}

// SetupWithManager registers the controller and its walker.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.Add(r.Walker); err != nil {
		return fmt.Errorf("set up the walk through buckets: %w", err)
	}
	tenants, moved := servers.NamedBy(servers.StoreOf)
	err := ctrl.NewControllerManagedBy(mgr).Named("objectstore").
		For(&v1alpha1.ObjectStore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, tenants, builder.WithPredicates(moved)).
		WithOptions(controller.Options{MaxConcurrentReconciles: servers.MeasureAtOnce}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller objectstore: %w", err)
	}
	return nil
}
