// Package orphans looks for what lies on a DatabaseServer, on an ObjectStore or in
// the cluster under this installation's names and belongs to no tenant, active or
// retained. It reports what it finds in the server's status, and removes what a
// person names in the annotation atrium.dev/remove-orphans; nothing else.
package orphans

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/orphans"
	"atrium.dev/atrium/internal/registry"
)

// sweepEvery is how often a server is swept, sweepAgain how soon after a sweep that
// could not look.
const (
	sweepEvery = 5 * time.Minute
	sweepAgain = time.Minute
)

// maxReported is how many orphans a status names; more come when those are gone.
const maxReported = 100

// Sweeper finds and removes orphans.
type Sweeper struct {
	Client   client.Client
	Live     client.Reader // of what is not in the cache: Secrets' metadata, namespaces of removals
	Servers  *servers.Servers
	Registry *registry.Registry
	Events   events.EventRecorder

	Installation string
	Namespace    string // of the operator
	Now          func() time.Time

	mu      sync.Mutex
	ledgers map[string]*orphans.Ledger // by kind and name of the server
}

// +kubebuilder:rbac:groups=atrium.dev,resources=databaseservers;objectstores,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=databaseservers/status;objectstores/status,verbs=patch
// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=list;delete

// place is one server that is swept.
type place struct {
	object client.Object
	kind   string
	status *v1alpha1.ServerStatus
	// things lists what carries our names there.
	things func(context.Context) ([]orphans.Thing, error)
	// ours says whether one of them is not a stranger's of that name; nil asks nobody.
	ours func(context.Context, string) (bool, error)
	// remove takes one of them away; gone already is fine.
	remove func(context.Context, string) error
}

// sweep looks once at a place.
func (s *Sweeper) sweep(ctx context.Context, p place) (ctrl.Result, error) {
	later, soon := ctrl.Result{RequeueAfter: sweepEvery}, ctrl.Result{RequeueAfter: sweepAgain}
	found, err := s.find(ctx, p)
	if err != nil {
		return soon, s.say(ctx, p, p.status.Orphans, nil, err)
	}
	settled := s.ledger(p).Settle(s.Now(), found, p.status.Orphans)
	remove, refused := orphans.Ordered(p.object.GetAnnotations()[v1alpha1.AnnotationRemoveOrphans], settled)
	for _, name := range remove {
		if err := p.remove(ctx, name); err != nil {
			return soon, s.say(ctx, p, settled, refused, fmt.Errorf("remove orphan %s: %w", name, err))
		}
		s.Events.Eventf(p.object, nil, "Normal", v1alpha1.ReasonOrphans, "Remove", "removed %s as %s orders", name, v1alpha1.AnnotationRemoveOrphans)
		settled = without(settled, name)
	}
	return later, s.say(ctx, p, settled, refused, nil)
}

// find returns what belongs to no tenant now.
func (s *Sweeper) find(ctx context.Context, p place) ([]string, error) {
	// What exists is listed before the registries: whatever is made for a tenant comes
	// after its row.
	things, err := p.things(ctx)
	if err != nil {
		return nil, err
	}
	living, unclaimed, err := s.living(ctx, p)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range orphans.Find(things, living) {
		ours := true
		if p.ours != nil {
			if ours, err = p.ours(ctx, name); err != nil {
				return nil, err
			}
		}
		if ours {
			found = append(found, name)
		}
	}
	return append(found, unclaimed...), nil
}

func without(names []string, name string) (rest []string) {
	for _, one := range names {
		if one != name {
			rest = append(rest, one)
		}
	}
	return rest
}

func (s *Sweeper) ledger(p place) *orphans.Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := p.kind + "/" + p.object.GetName()
	if s.ledgers == nil {
		s.ledgers = map[string]*orphans.Ledger{}
	}
	if s.ledgers[key] == nil {
		s.ledgers[key] = &orphans.Ledger{}
	}
	return s.ledgers[key]
}

// say writes what a sweep found. A sweep that could not look keeps what was known
// and says so.
func (s *Sweeper) say(ctx context.Context, p place, found, refused []string, err error) error {
	c := metav1.Condition{
		Type: v1alpha1.ConditionOrphaned, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNoOrphans,
		Message: "all that lies here under this installation's names belongs to a tenant", LastTransitionTime: metav1.NewTime(s.Now()).Rfc3339Copy(),
	}
	reported := found[:min(len(found), maxReported)]
	if len(found) > 0 {
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonOrphans
		c.Message = fmt.Sprintf("%d things belong to no tenant: look at status.orphans. To remove some for ever, name them: kubectl annotate %s %s --overwrite %s=%s. What is unclaimed is a company without its Tenant: apply that again",
			len(found), strings.ToLower(p.kind), p.object.GetName(), v1alpha1.AnnotationRemoveOrphans, "<name>,<name>")
	}
	if len(refused) > 0 {
		c.Message += fmt.Sprintf(". The annotation %s names what is no orphan here, and stays: %s", v1alpha1.AnnotationRemoveOrphans, strings.Join(refused, ", "))
	}
	if err != nil {
		f, ok := fault.As(err)
		if !ok || f.Reason == v1alpha1.ReasonFenceLost {
			return err
		}
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, f.Reason, "nothing is decided about orphans: "+f.Message
	}
	return servers.WriteOrphans(ctx, s.Client, p.object, p.status, reported, c)
}

// reconciler sweeps the servers of one kind.
func (s *Sweeper) reconciler(empty func() client.Object, at func(client.Object) place) reconcile.Func {
	return func(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
		object := empty()
		if err := s.Client.Get(ctx, req.NamespacedName, object); err != nil {
			return ctrl.Result{}, client.IgnoreNotFound(err)
		}
		return s.sweep(ctx, at(object))
	}
}

// SetupWithManager registers one controller for each kind of server.
func (s *Sweeper) SetupWithManager(mgr ctrl.Manager) error {
	for name, kind := range map[string]struct {
		empty func() client.Object
		at    func(client.Object) place
	}{
		"orphans-databaseserver": {func() client.Object { return &v1alpha1.DatabaseServer{} }, s.database},
		"orphans-objectstore":    {func() client.Object { return &v1alpha1.ObjectStore{} }, s.store},
	} {
		err := ctrl.NewControllerManagedBy(mgr).Named(name).
			For(kind.empty(), builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
			WithOptions(controller.Options{ReconciliationTimeout: sweepEvery}).
			Complete(s.reconciler(kind.empty, kind.at))
		if err != nil {
			return fmt.Errorf("set up controller %s: %w", name, err)
		}
	}
	return nil
}
