// Package tenant makes a Tenant true: place → namespace → database → bucket →
// root key → credentials → migration → workload, and its address beside them. It undoes them
// in the reverse order when the Tenant is deleted. Whether the app answers is
// measured elsewhere, by tenanthealth.
package tenant

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/placement"
	"atrium.dev/atrium/internal/registry"
)

// FieldOwner of everything that this controller applies.
const FieldOwner = client.FieldOwner("atrium-tenant")

// Reconciler makes Tenants true.
type Reconciler struct {
	Client   client.Client // reads of labelled objects and of our kinds come from the cache
	Live     client.Reader // reads of all else
	Servers  *servers.Servers
	Registry *registry.Registry
	Events   events.EventRecorder

	Installation string
	Namespace    string // of the operator
	Site         placement.Site
	Monitoring   map[string]string // labels of namespaces whose pods read metrics of apps; empty for none
	Recipient    string            // whom root keys are wrapped to: an age recipient
	// ClusterRanges are addresses of the cluster and its nodes: no part of the Internet.
	ClusterRanges []netip.Prefix

	Now    func() time.Time
	Random io.Reader
	// Lost is called when another operator took over: this one has to end.
	Lost func(error)

	applied  memory[applied]
	verified memory[verified]
	statuses memory[string] // resourceVersion of the status written last
	room     room
	vaults   memory[string] // issuer under which a backup store's bucket was seen last
}

// +kubebuilder:rbac:groups=atrium.dev,resources=tenants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenants/status,verbs=patch
// +kubebuilder:rbac:groups=atrium.dev,resources=plans;releases;databaseservers;objectstores,verbs=get;list;watch

// Reconcile brings one tenant closer to its spec.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (result ctrl.Result, err error) {
	var tenant v1alpha1.Tenant
	if err := r.Client.Get(ctx, req.NamespacedName, &tenant); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if behind(tenant.ResourceVersion, r.statuses.get(req.Name)) {
		// The cache does not show our own last status yet; deciding on the one
		// before would write it twice.
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	if gone, err := r.finalizer(ctx, &tenant); err != nil || gone {
		return ctrl.Result{}, err
	}
	s := r.scope(&tenant)
	deleted, stalled := false, false
	defer func() {
		if deleted || stalled {
			return
		}
		if statusErr := r.writeStatus(ctx, s); apierrors.IsConflict(statusErr) {
			result, err = ctrl.Result{RequeueAfter: cacheLag}, nil // somebody changed it meanwhile
		} else if statusErr != nil {
			err = statusErr
		}
	}()
	if tenant.DeletionTimestamp.IsZero() {
		r.do(ctx, s)
		if stalled = r.Now().Sub(s.began) > doLimit+stallRoom; stalled {
			// This process stood still in the middle of the pass: what looks like the
			// silence of a server is its own, and another operator may lead.
			return ctrl.Result{RequeueAfter: cacheLag}, nil
		}
	} else if deleted, err = r.undo(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return r.outcome(s)
}

// finalizer stores ours before the first side effect. A Tenant that is being
// deleted and has none is none of our business any more.
func (r *Reconciler) finalizer(ctx context.Context, tenant *v1alpha1.Tenant) (gone bool, err error) {
	if controllerutil.ContainsFinalizer(tenant, v1alpha1.Finalizer) {
		return false, nil
	}
	if !tenant.DeletionTimestamp.IsZero() {
		return true, nil
	}
	before := tenant.DeepCopy()
	controllerutil.AddFinalizer(tenant, v1alpha1.Finalizer)
	if err := r.Client.Patch(ctx, tenant, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return false, fmt.Errorf("store the finalizer of tenant %s: %w", tenant.Name, client.IgnoreNotFound(err))
	}
	return false, nil
}

// Waits between two looks at a tenant when nothing else calls for one.
const (
	cacheLag     = 20 * time.Millisecond
	resync       = 5 * time.Minute
	blockedRetry = 30 * time.Second
)

// outcome says when to look again. Faults that may pass are tried again with the
// queue's growing delay, others when something changes, or now and then.
func (r *Reconciler) outcome(s *scope) (ctrl.Result, error) {
	again := resync
	if s.lagging {
		again = cacheFills
	} else if s.away() {
		again = servers.MeasureEvery
	}
	if !s.renewAt.IsZero() {
		again = min(again, max(s.renewAt.Sub(r.Now()), time.Second))
	}
	for _, one := range s.results {
		if wait, ok := asWaiting(one.err); ok {
			again = min(again, wait.again)
			continue
		}
		if one.err == nil {
			continue
		}
		f, ok := fault.As(one.err)
		if ok && f.Reason == v1alpha1.ReasonFenceLost {
			r.Lost(one.err)
		}
		if !ok || !f.Permanent {
			return ctrl.Result{}, fmt.Errorf("tenant %s: step %s: %w", s.tenant.Name, one.step.name, one.err)
		}
		again = min(again, blockedRetry)
	}
	return ctrl.Result{RequeueAfter: again}, nil
}

// forget drops what is remembered about a Tenant that is gone.
func (r *Reconciler) forget(name string) {
	r.verified.drop(name)
	r.statuses.drop(name)
	r.room.drop(name)
	r.applied.dropPrefix(name + "/")
}
