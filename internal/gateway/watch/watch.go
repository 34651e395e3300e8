// Package watch follows Tenants and Plans at the API server and hands a new table
// of routes on whenever they change. While the API server is away it keeps quiet,
// and the last table stays good. It needs get, list and watch on both kinds.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway/routes"
)

// Watcher follows one API server. Make it with New.
type Watcher struct {
	tenants, plans cache.SharedIndexInformer
	upstream       func(namespace string) string
	changed        chan struct{} // holds one mark: many changes make one table
}

// New prepares a watcher; upstream turns a tenant's namespace into the address of
// its app.
func New(config *rest.Config, upstream func(namespace string) string, log *slog.Logger) (*Watcher, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("prepare the watch of tenants: %w", err)
	}
	config = rest.CopyConfig(config)
	config.GroupVersion = &v1alpha1.GroupVersion
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the watch of tenants: %w", err)
	}
	w := &Watcher{upstream: upstream, changed: make(chan struct{}, 1)}
	tenants, err := w.informer(client, "tenants", &v1alpha1.Tenant{}, stripTenant, log)
	if err != nil {
		return nil, err
	}
	plans, err := w.informer(client, "plans", &v1alpha1.Plan{}, stripPlan, log)
	if err != nil {
		return nil, err
	}
	w.tenants, w.plans = tenants, plans
	return w, nil
}

func (w *Watcher) informer(client rest.Interface, resource string, example runtime.Object, strip cache.TransformFunc, log *slog.Logger) (cache.SharedIndexInformer, error) {
	source := cache.NewListWatchFromClient(client, resource, metav1.NamespaceAll, fields.Everything())
	informer := cache.NewSharedIndexInformer(source, example, 0, cache.Indexers{})
	_, handlerErr := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.mark() },
		UpdateFunc: func(any, any) { w.mark() },
		DeleteFunc: func(any) { w.mark() },
	})
	err := errors.Join(handlerErr, informer.SetTransform(strip),
		informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, _ *cache.Reflector, err error) {
			log.WarnContext(ctx, "the API server does not let me watch; routes stay as they are until it does", "resource", resource, "error", err)
		}))
	if err != nil {
		return nil, fmt.Errorf("prepare the watch of %s: %w", resource, err)
	}
	return informer, nil
}

func (w *Watcher) mark() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// Run watches until ctx ends. use gets the first table once both kinds are listed
// completely, and another after each change.
func (w *Watcher) Run(ctx context.Context, use func(*routes.Table)) {
	go w.tenants.RunWithContext(ctx)
	go w.plans.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), w.tenants.HasSynced, w.plans.HasSynced) {
		return
	}
	w.mark()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
			use(routes.Build(objects[v1alpha1.Tenant](w.tenants), objects[v1alpha1.Plan](w.plans), w.upstream))
		}
	}
}

func objects[T any](informer cache.SharedIndexInformer) []*T {
	var all []*T
	for _, o := range informer.GetStore().List() {
		if object, ok := o.(*T); ok {
			all = append(all, object)
		}
	}
	return all
}

// stripTenant keeps what a route is made of: with thousands of tenants the rest
// would be most of the gateway's memory.
func stripTenant(object any) (any, error) {
	t, ok := object.(*v1alpha1.Tenant)
	if !ok {
		return object, nil
	}
	slim := &v1alpha1.Tenant{
		ObjectMeta: slimMeta(t.ObjectMeta),
		Spec:       v1alpha1.TenantSpec{DisplayName: t.Spec.DisplayName, Plan: t.Spec.Plan, Suspended: t.Spec.Suspended},
		Status:     v1alpha1.TenantStatus{ID: t.Status.ID, Namespace: t.Status.Namespace, Hosts: t.Status.Hosts},
	}
	for _, c := range t.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady || c.Type == v1alpha1.ConditionStalled {
			slim.Status.Conditions = append(slim.Status.Conditions, metav1.Condition{Type: c.Type, Status: c.Status})
		}
	}
	return slim, nil
}

func stripPlan(object any) (any, error) {
	p, ok := object.(*v1alpha1.Plan)
	if !ok {
		return object, nil
	}
	return &v1alpha1.Plan{
		ObjectMeta: slimMeta(p.ObjectMeta),
		Spec:       v1alpha1.PlanSpec{RequestLimits: p.Spec.RequestLimits},
	}, nil
}

func slimMeta(m metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion,
		CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
	}
}
