// Package objectstore asks each ObjectStore whether it takes its issuer's key. It
// touches no bucket.
package objectstore

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
)

// Reconciler measures ObjectStores.
type Reconciler struct {
	Client       client.Client
	Servers      *servers.Servers
	Installation string
	Now          func() time.Time
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
	after := before.DeepCopy()
	servers.Measured(&after.Status.ServerStatus, before.Generation, r.Now(), r.measure(ctx, after))
	var err error
	after.Status.Tenants, err = servers.Count(ctx, r.Client, func(t *v1alpha1.Tenant) bool { return servers.StoreOf(t) == before.Name })
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: servers.MeasureEvery}, servers.WriteStatus(ctx, r.Client, &before, after)
}

// measure asks for a bucket that needs not exist: the answer tells whether the
// issuer's key is taken.
func (r *Reconciler) measure(ctx context.Context, o *v1alpha1.ObjectStore) error {
	store, err := r.Servers.Store(ctx, o)
	if err != nil {
		return err
	}
	return store.Check(ctx, r.Installation+"-probe")
}

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	tenants, moved := servers.NamedBy(servers.StoreOf)
	err := ctrl.NewControllerManagedBy(mgr).Named("objectstore").
		For(&v1alpha1.ObjectStore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, tenants, builder.WithPredicates(moved)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller objectstore: %w", err)
	}
	return nil
}
