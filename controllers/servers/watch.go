package servers

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
)

// NamedBy looks at the object that a Tenant names whenever that name comes, goes or
// changes; other changes of Tenants do not move any count.
func NamedBy(name func(*v1alpha1.Tenant) string) (handler.EventHandler, predicate.Predicate) {
	enqueue := func(queue workqueue.TypedRateLimitingInterface[reconcile.Request], objects ...client.Object) {
		for _, object := range objects {
			if n := name(object.(*v1alpha1.Tenant)); n != "" {
				queue.Add(reconcile.Request{NamespacedName: client.ObjectKey{Name: n}})
			}
		}
	}
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	events := handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { enqueue(q, e.Object) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { enqueue(q, e.ObjectOld, e.ObjectNew) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueue(q, e.Object) },
	}
	moved := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return name(e.ObjectOld.(*v1alpha1.Tenant)) != name(e.ObjectNew.(*v1alpha1.Tenant))
	}}
	return events, moved
}

// DatabaseOf is the DatabaseServer that holds a Tenant's schema; empty before the
// Tenant is placed.
func DatabaseOf(t *v1alpha1.Tenant) string {
	if t.Status.Placement == nil {
		return ""
	}
	return t.Status.Placement.DatabaseServer
}

// StoreOf is the ObjectStore that holds a Tenant's bucket; empty before the Tenant
// is placed.
func StoreOf(t *v1alpha1.Tenant) string {
	if t.Status.Placement == nil {
		return ""
	}
	return t.Status.Placement.ObjectStore
}
