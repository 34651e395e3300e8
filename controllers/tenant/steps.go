package tenant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// step is one thing that a tenant needs. Each function may run again at any time,
// also after it was cut off in the middle. A nil one has nothing to do.
type step struct {
	name      string
	condition string
	do        func(context.Context, *scope) error
	// suspended is done instead while spec.suspended, and once the row says that somebody
	// holds the tenant; a nil one leaves the step as it is.
	suspended func(context.Context, *scope) error
	undo      func(context.Context, *scope) error
	// inventory lists what exists of this step, as kind/name.
	inventory func(context.Context, *scope) ([]string, error)
	// says is the condition's message when the step is done.
	says func(*scope) string
	// left names what its undo is for, for people who wait for the end of a deletion.
	left func(*scope) string
	// alone is true when the step needs none of those before it.
	alone bool
	// spares is true when a fault of the step stops only what has not begun: an
	// office that runs goes on without it.
	spares bool
}

// steps in the order in which they are done. Deletion takes them in reverse.
func (r *Reconciler) steps() []step {
	return []step{
		{name: "Place", condition: v1alpha1.ConditionPlaced, do: r.place, undo: r.unplace, left: leftRow, inventory: r.placeInventory, says: func(s *scope) string {
			return fmt.Sprintf("data lies on DatabaseServer %s and ObjectStore %s", s.databaseServer.Name, s.objectStore.Name)
		}},
		{name: "Namespace", condition: v1alpha1.ConditionNamespaceReady, do: r.namespace, undo: r.removeNamespace, left: leftNamespace, inventory: r.namespaceInventory, says: func(s *scope) string {
			return "namespace " + s.namespace + " has its quota, limits and network policies"
		}},
		{name: "Database", condition: v1alpha1.ConditionDatabaseReady, do: r.database, undo: r.undoDatabase, left: leftDatabase, inventory: r.databaseInventory, says: func(s *scope) string {
			return "schema " + s.row.Schema + " has its roles"
		}},
		{name: "Bucket", condition: v1alpha1.ConditionBucketReady, do: r.bucket, undo: r.undoBucket, left: leftBucket, inventory: r.bucketInventory, says: func(s *scope) string {
			return "bucket " + s.row.Bucket + " is there"
		}},
		{name: "Key", condition: v1alpha1.ConditionKeyReady, do: r.key, undo: r.removeKey, left: leftKey, inventory: r.keyInventory, spares: true, says: func(s *scope) string {
			return "root key " + s.row.Key + " is in its Secret and, wrapped, in the backup store"
		}},
		{name: "Credentials", condition: v1alpha1.ConditionCredentialsReady, do: r.credentials, says: func(*scope) string {
			return "the app's settings and Secrets are current"
		}},
		{name: "Migrate", condition: v1alpha1.ConditionMigrated, do: r.migrate, undo: r.endJobs, left: leftFinal, says: func(s *scope) string {
			return fmt.Sprintf("the database is that of release %s (schema %d)", s.release.Spec.Version, s.release.Spec.SchemaVersion)
		}},
		{name: "Workload", condition: v1alpha1.ConditionWorkloadReady, do: r.workload, suspended: r.suspend, undo: r.removeWorkload, left: leftPods, says: func(s *scope) string {
			return fmt.Sprintf("%d of %d pods of release %s are ready", s.plan.Spec.Replicas, s.plan.Spec.Replicas, s.release.Spec.Version)
		}},
		{name: "Address", condition: v1alpha1.ConditionAddressReady, do: r.address, suspended: r.address, alone: true, says: func(s *scope) string {
			return "people reach it at " + strings.Join(s.hosts, ", ")
		}},
	}
}

// result is what came of a step in this pass.
type result struct {
	step   step
	ran    bool
	spared bool  // left as it is while the tenant is suspended
	err    error // nil, *waiting, or a fault
}

// stopped says whether the app is to be at rest. That somebody holds the tenant is known
// once the row was read.
func (s *scope) stopped() bool { return s.tenant.Spec.Suspended || s.row.Hold != "" }

// rests says whether a step is as the spec asks for without being done.
func rests(err error) bool {
	w, ok := asWaiting(err)
	return ok && w.reason == v1alpha1.ReasonSuspended
}

// waiting says that a step is at work and nothing is wrong.
type waiting struct {
	reason  string
	message string
	again   time.Duration // look again after this, if no event comes first
}

func (w *waiting) Error() string { return w.message }

func asWaiting(err error) (w *waiting, ok bool) {
	ok = errors.As(err, &w)
	return w, ok
}

// do runs the steps until one is not finished; those that need no other run anyway.
func (r *Reconciler) do(ctx context.Context, s *scope) {
	ctx, cancel := context.WithTimeout(ctx, doLimit)
	defer cancel()
	stopped := false
	for _, st := range r.steps() {
		run := st.do
		if s.stopped() {
			run = st.suspended
		}
		if run == nil || stopped && !st.alone {
			s.results = append(s.results, result{step: st, spared: run == nil})
			continue
		}
		err := timed(ctx, st.name, s, run)
		s.results = append(s.results, result{step: st, ran: true, err: err})
		stopped = stopped || err != nil && (!st.spares || !s.keyless)
	}
	for _, one := range s.results {
		if _, atWork := asWaiting(one.err); one.err != nil && !atWork {
			// What was verified before the fault may not be so any more.
			r.verified.drop(s.tenant.Name)
		}
	}
}

// Inventory lists everything that exists for a tenant, for sweeps and for tests
// that compare what is with what should be.
func (r *Reconciler) Inventory(ctx context.Context, tenant *v1alpha1.Tenant) ([]string, error) {
	s := r.scope(tenant)
	if _, err := r.locate(ctx, s); err != nil {
		return nil, err
	}
	var all []string
	for _, st := range r.steps() {
		if st.inventory == nil || s.id == "" {
			continue
		}
		some, err := st.inventory(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("list what step %s made: %w", st.name, err)
		}
		all = append(all, some...)
	}
	slices.Sort(all)
	return all, nil
}

func timed(ctx context.Context, name string, s *scope, run func(context.Context, *scope) error) error {
	began := time.Now()
	err := classed(run(ctx, s))
	outcome := "done"
	if _, ok := asWaiting(err); ok {
		outcome = "waiting"
	} else if err != nil {
		outcome = "failed"
	}
	stepSeconds.WithLabelValues(name, outcome).Observe(time.Since(began).Seconds())
	return err
}

// classed gives an error of the API server a reason. Conflicts and timeouts pass
// by themselves; what it forbids or finds invalid does not.
func classed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := asWaiting(err); ok {
		return err
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	switch {
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsRequestEntityTooLargeError(err):
		return fault.New(v1alpha1.ReasonClusterRefused, err, "the API server refused: %v; check quotas, admission policies and the operator's rights", err)
	}
	return err
}
