// Package databaseserver asks each DatabaseServer whether it can be used, prepares
// it for tenants, keeps this cluster's heartbeat in its registry, and watches how
// full the server is and whether its own recovery is on. It touches no tenant.
package databaseserver

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// Reconciler measures DatabaseServers.
type Reconciler struct {
	Client   client.Client
	Servers  *servers.Servers
	Registry *registry.Registry
	Now      func() time.Time
	// Lost is called when another operator took over: this one has to end.
	Lost func(error)

	looked looks
}

// +kubebuilder:rbac:groups=atrium.dev,resources=databaseservers,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=databaseservers/status,verbs=patch

// Reconcile measures one server.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var before v1alpha1.DatabaseServer
	if err := r.Client.Get(ctx, req.NamespacedName, &before); err != nil {
		if apierrors.IsNotFound(err) {
			r.Servers.ForgetDatabase(req.Name)
			r.Registry.Forget(req.Name)
			r.looked.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	after, began := before.DeepCopy(), r.Now()
	facts, err := r.measure(ctx, after)
	if fault.Is(err, v1alpha1.ReasonFenceLost) {
		r.Lost(err)
		return ctrl.Result{}, err
	}
	if servers.Stalled(began, r.Now()) {
		return servers.Again(), nil
	}
	servers.Measured(&after.Status.ServerStatus, before.Generation, r.Now(), err)
	if err == nil {
		after.Status.Version = facts.Version
		r.look(ctx, after)
	}
	if err == nil && facts.Superuser {
		servers.Say(&after.Status.ServerStatus, r.Now(), metav1.Condition{
			Type: v1alpha1.ConditionReachable, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonUnlimited,
			Message: "it answers, but its admin is a superuser, which is more than Atrium needs: name a login with CREATEROLE and CREATEDB that owns the database",
		})
	}
	after.Status.Tenants, err = servers.Count(ctx, r.Client, func(t *v1alpha1.Tenant) bool { return servers.DatabaseOf(t) == before.Name })
	if err != nil {
		return ctrl.Result{}, err
	}
	return servers.Next(&after.Status.ServerStatus), servers.WriteStatus(ctx, r.Client, &before, after)
}

func (r *Reconciler) measure(ctx context.Context, d *v1alpha1.DatabaseServer) (postgres.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, servers.MeasureWithin)
	defer cancel()
	server, err := r.Servers.Database(ctx, d)
	if err != nil {
		return postgres.Facts{}, err
	}
	facts, err := server.Prepare(ctx)
	if err != nil {
		return facts, err
	}
	return facts, r.Registry.Heartbeat(ctx, server, r.Now())
}

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	tenants, moved := servers.NamedBy(servers.DatabaseOf)
	err := ctrl.NewControllerManagedBy(mgr).Named("databaseserver").
		For(&v1alpha1.DatabaseServer{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, tenants, builder.WithPredicates(moved)).
		WithOptions(controller.Options{MaxConcurrentReconciles: servers.MeasureAtOnce}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller databaseserver: %w", err)
	}
	return nil
}
