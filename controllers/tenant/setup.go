package tenant

import (
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
)

// Delays between attempts that failed: fast enough to heal within seconds of a
// repair, slow enough to be no load.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 8 * time.Second
	// passLimit bounds one pass; a confirmed deletion of a large bucket takes several.
	passLimit = 2 * time.Minute
	// doLimit bounds the steps of a pass that deletes nothing: a server that falls
	// silent in the middle must not keep other tenants waiting.
	doLimit = 30 * time.Second
	// stallRoom is how much longer than doLimit those steps may take to come to an end.
	stallRoom = 2 * time.Second
)

// children are the kinds that the controller makes and watches. Secrets are not
// among them: they are read when needed and kept nowhere.
func children() []client.Object {
	return []client.Object{
		&corev1.Namespace{}, &corev1.ServiceAccount{}, &corev1.ResourceQuota{}, &corev1.LimitRange{}, &corev1.ConfigMap{},
		&corev1.Service{}, &rbacv1.RoleBinding{}, &networkingv1.NetworkPolicy{}, &policyv1.PodDisruptionBudget{},
		&batchv1.Job{}, &appsv1.Deployment{}, &appsv1.ControllerRevision{},
	}
}

// CacheByObject limits the manager's cache to objects of tenants, and to one Secret
// of the operator's namespace.
func CacheByObject(namespace string) map[client.Object]cache.ByObject {
	ours, err := labels.NewRequirement(v1alpha1.LabelTenantID, selection.Exists, nil)
	if err != nil {
		panic(err) // the label is a constant
	}
	by := map[client.Object]cache.ByObject{}
	for _, kind := range children() {
		by[kind] = cache.ByObject{Label: labels.NewSelector().Add(*ours)}
	}
	by[&corev1.Secret{}] = recoveryCache(namespace)
	return by
}

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).Named("tenant").
		For(&v1alpha1.Tenant{}, builder.WithPredicates(specChanged())).
		Watches(&v1alpha1.Tenant{}, handler.EnqueueRequestsFromMapFunc(r.waitingForHosts), builder.WithPredicates(hostsChanged())).
		Watches(&v1alpha1.Plan{}, handler.EnqueueRequestsFromMapFunc(r.naming(func(t *v1alpha1.Tenant) string { return t.Spec.Plan })), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Release{}, handler.EnqueueRequestsFromMapFunc(r.naming(func(t *v1alpha1.Tenant) string { return t.Spec.Release })), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.DatabaseServer{}, handler.EnqueueRequestsFromMapFunc(r.naming(servers.DatabaseOf)), builder.WithPredicates(serverChanged())).
		Watches(&v1alpha1.ObjectStore{}, handler.EnqueueRequestsFromMapFunc(r.naming(servers.StoreOf)), builder.WithPredicates(serverChanged())).
		Watches(&v1alpha1.TenantRestore{}, handler.EnqueueRequestsFromMapFunc(restoredTenant), builder.WithPredicates(intoEnded())).
		Watches(&v1alpha1.TenantBackup{}, handler.EnqueueRequestsFromMapFunc(backedUpTenant), builder.WithPredicates(finalEnded())).
		// Another issuer makes new credentials for every tenant of the store.
		WatchesRawSource(source.Channel(r.Servers.StoresChanged(), handler.EnqueueRequestsFromMapFunc(r.naming(servers.StoreOf)))).
		Watches(&v1alpha1.ObjectStore{}, handler.EnqueueRequestsFromMapFunc(r.lackingKeys()), builder.WithPredicates(serverChanged())).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.lackingKeys()))
	for _, kind := range children() {
		b = b.Watches(kind, handler.EnqueueRequestsFromMapFunc(owner), builder.WithPredicates(childChanged()))
	}
	return b.WithOptions(controller.Options{
		MaxConcurrentReconciles: 4,
		ReconciliationTimeout:   passLimit,
		RateLimiter:             retries(),
	}).Complete(r)
}

func retries() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
}

// specChanged lets through what a person changed: the spec, the annotation that
// confirms a deletion, the deletion itself. Our own status is not news.
func specChanged() predicate.Predicate {
	return predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
		},
	})
}

// hostsChanged lets through what may free or take a host name.
func hostsChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		UpdateFunc: func(e event.UpdateEvent) bool {
			old, now := e.ObjectOld.(*v1alpha1.Tenant), e.ObjectNew.(*v1alpha1.Tenant)
			return old.Spec.Subdomain != now.Spec.Subdomain || !slices.Equal(old.Spec.Hosts, now.Spec.Hosts)
		},
	}
}

// childChanged lets an event of a child through when it could change what is
// decided: everything but the child's heartbeat-like updates without content.
func childChanged() predicate.Predicate {
	return predicate.Funcs{
		// Children exist because we made them; what is missing is found at start-up,
		// when every Tenant is looked at.
		CreateFunc: func(e event.CreateEvent) bool { return e.IsInInitialList },
		UpdateFunc: func(e event.UpdateEvent) bool {
			switch now := e.ObjectNew.(type) {
			case *appsv1.Deployment:
				old := e.ObjectOld.(*appsv1.Deployment)
				return old.Generation != now.Generation || deploymentMoved(old, now)
			case *batchv1.Job:
				return finished(now) && !finished(e.ObjectOld.(*batchv1.Job))
			case *corev1.ResourceQuota, *policyv1.PodDisruptionBudget:
				return e.ObjectOld.GetGeneration() != now.GetGeneration()
			}
			return e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion()
		},
	}
}

func deploymentMoved(old, now *appsv1.Deployment) bool {
	return old.Status.AvailableReplicas != now.Status.AvailableReplicas || old.Status.UpdatedReplicas != now.Status.UpdatedReplicas ||
		old.Status.Replicas != now.Status.Replicas || old.Status.ObservedGeneration != now.Status.ObservedGeneration ||
		len(old.Status.Conditions) != len(now.Status.Conditions)
}

// serverChanged lets a server through when its spec or its reachability changed.
func serverChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || reachable(e.ObjectOld) != reachable(e.ObjectNew)
	}}
}

// reachable says what was measured last of a server, and since when.
func reachable(object client.Object) string {
	var conditions []metav1.Condition
	switch o := object.(type) {
	case *v1alpha1.DatabaseServer:
		conditions = o.Status.Conditions
	case *v1alpha1.ObjectStore:
		conditions = o.Status.Conditions
	}
	if c := meta.FindStatusCondition(conditions, v1alpha1.ConditionReachable); c != nil {
		return string(c.Status) + c.Reason + c.LastTransitionTime.String()
	}
	return ""
}

// owner is the Tenant that a child's label names.
func owner(_ context.Context, child client.Object) []reconcile.Request {
	name := child.GetLabels()[v1alpha1.LabelTenant]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: name}}}
}

// naming finds the Tenants that name an object, and those that wait for one.
func (r *Reconciler) naming(named func(*v1alpha1.Tenant) string) handler.MapFunc {
	return r.tenants(func(t *v1alpha1.Tenant, object client.Object) bool {
		name := named(t)
		return name == object.GetName() || name == ""
	})
}

// waitingForHosts finds the Tenants that lack a host name which another one had.
func (r *Reconciler) waitingForHosts(ctx context.Context, object client.Object) []reconcile.Request {
	return r.tenants(func(t *v1alpha1.Tenant, _ client.Object) bool {
		return meta.IsStatusConditionFalse(t.Status.Conditions, v1alpha1.ConditionAddressReady)
	})(ctx, object)
}

func (r *Reconciler) tenants(wanted func(*v1alpha1.Tenant, client.Object) bool) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		var list v1alpha1.TenantList
		if err := r.Client.List(ctx, &list); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "list Tenants that an event concerns")
			return nil
		}
		var requests []reconcile.Request
		for i := range list.Items {
			if wanted(&list.Items[i], object) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
			}
		}
		return requests
	}
}
