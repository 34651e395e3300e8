// Package release counts the tenants of each Release. It changes nothing else.
package release

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
)

// Reconciler counts.
type Reconciler struct{ Client client.Client }

// +kubebuilder:rbac:groups=atrium.dev,resources=releases,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=releases/status,verbs=patch

// Reconcile counts the tenants of one Release.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var before v1alpha1.Release
	if err := r.Client.Get(ctx, req.NamespacedName, &before); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	after := before.DeepCopy()
	var err error
	after.Status.ObservedGeneration = before.Generation
	after.Status.Tenants, err = servers.Count(ctx, r.Client, func(t *v1alpha1.Tenant) bool { return name(t) == before.Name })
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, servers.WriteStatus(ctx, r.Client, &before, after)
}

// name is the Release that a Tenant's pods run.
func name(t *v1alpha1.Tenant) string { return t.Status.Release }

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	tenants, moved := servers.NamedBy(name)
	err := ctrl.NewControllerManagedBy(mgr).Named("release").
		For(&v1alpha1.Release{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, tenants, builder.WithPredicates(moved)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller release: %w", err)
	}
	return nil
}
