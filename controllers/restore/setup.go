package restore

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
)

// passLimit bounds one pass.
const passLimit = time.Minute

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.statuses.Kind = "TenantRestore"
	ended := predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return agentjob.Ended(e.ObjectNew.(*batchv1.Job)) && !agentjob.Ended(e.ObjectOld.(*batchv1.Job))
		},
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("restore").
		For(&v1alpha1.TenantRestore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(restoreOf), builder.WithPredicates(ended)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2, ReconciliationTimeout: passLimit}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller restore: %w", err)
	}
	return nil
}

// restoreOf is the restore that a Job's label names.
func restoreOf(_ context.Context, job client.Object) []reconcile.Request {
	name := job.GetLabels()[v1alpha1.LabelRestore]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: name}}}
}
