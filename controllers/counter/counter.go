// Package counter counts the tenants of each Plan and of each Release. It changes
// nothing else.
package counter

import (
	"context"
	"fmt"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
)

// Reconciler counts for one kind of object, K.
type Reconciler[K any, P object[K]] struct {
	client client.Client
	kind   string
	of     func(*v1alpha1.Tenant) string    // name of the K that a Tenant counts for
	set    func(status P, n int32, g int64) // puts the count and the observed generation into the status
}

type object[K any] interface {
	*K
	client.Object
}

// +kubebuilder:rbac:groups=atrium.dev,resources=plans;releases,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=plans/status;releases/status,verbs=patch

// Plans counts who was promised each Plan.
func Plans(c client.Client) *Reconciler[v1alpha1.Plan, *v1alpha1.Plan] {
	return &Reconciler[v1alpha1.Plan, *v1alpha1.Plan]{
		c, "Plan", func(t *v1alpha1.Tenant) string { return t.Spec.Plan },
		func(p *v1alpha1.Plan, n int32, g int64) { p.Status.Tenants, p.Status.ObservedGeneration = n, g },
	}
}

// Releases counts whose pods run each Release.
func Releases(c client.Client) *Reconciler[v1alpha1.Release, *v1alpha1.Release] {
	return &Reconciler[v1alpha1.Release, *v1alpha1.Release]{
		c, "Release", func(t *v1alpha1.Tenant) string { return t.Status.Release },
		func(r *v1alpha1.Release, n int32, g int64) { r.Status.Tenants, r.Status.ObservedGeneration = n, g },
	}
}

// Reconcile counts the tenants of one object.
func (r *Reconciler[K, P]) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	before := P(new(K))
	if err := r.client.Get(ctx, req.NamespacedName, before); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	n, err := servers.Count(ctx, r.client, func(t *v1alpha1.Tenant) bool { return r.of(t) == before.GetName() })
	if err != nil {
		return ctrl.Result{}, err
	}
	after := before.DeepCopyObject().(P)
	r.set(after, n, before.GetGeneration())
	return ctrl.Result{}, servers.WriteStatus(ctx, r.client, before, after)
}

// SetupWithManager registers the controller.
func (r *Reconciler[K, P]) SetupWithManager(mgr ctrl.Manager) error {
	tenants, moved := servers.NamedBy(r.of)
	err := ctrl.NewControllerManagedBy(mgr).Named(strings.ToLower(r.kind)).
		For(P(new(K)), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, tenants, builder.WithPredicates(moved)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller that counts for each %s: %w", r.kind, err)
	}
	return nil
}
