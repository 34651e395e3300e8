package tenant

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/placement"
)

// room decides where new tenants lie. One decision is made after the other, and
// each counts at once: when many tenants come together, the cache does not show
// where the first ones went.
type room struct {
	mu      sync.Mutex
	decided map[string]v1alpha1.Placement // by Tenant, until its status says so
}

// drop forgets a decision that its Tenant's status shows, or that came to nothing.
func (m *room) drop(tenant string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.decided, tenant)
}

// choosePlace picks a DatabaseServer and an ObjectStore for a new tenant.
func (r *Reconciler) choosePlace(ctx context.Context, s *scope) (*v1alpha1.Placement, error) {
	r.room.mu.Lock()
	defer r.room.mu.Unlock()
	onDatabase, onStore, err := r.count(ctx, s.tenant.Name)
	if err != nil {
		return nil, err
	}
	var databases v1alpha1.DatabaseServerList
	if err := r.Client.List(ctx, &databases); err != nil {
		return nil, fmt.Errorf("list DatabaseServers: %w", err)
	}
	var stores v1alpha1.ObjectStoreList
	if err := r.Client.List(ctx, &stores); err != nil {
		return nil, fmt.Errorf("list ObjectStores: %w", err)
	}
	wanted := s.plan.Spec.Placement
	var candidates []placement.Candidate
	for _, d := range databases.Items {
		candidates = append(candidates, candidate(d.ObjectMeta, d.Spec.ServerPlacement, d.Status.ServerStatus, onDatabase[d.Name]))
	}
	database, closed := placement.Choose(candidates, wanted.DatabaseServers)
	if database == "" {
		return nil, full(v1alpha1.ReasonNoDatabaseServer, "DatabaseServer", closed)
	}
	candidates = nil
	for _, o := range stores.Items {
		if o.Spec.Purpose != v1alpha1.PurposeBackup {
			candidates = append(candidates, candidate(o.ObjectMeta, o.Spec.ServerPlacement, o.Status.ServerStatus, onStore[o.Name]))
		}
	}
	store, closed := placement.Choose(candidates, wanted.ObjectStores)
	if store == "" {
		return nil, full(v1alpha1.ReasonNoObjectStore, "ObjectStore of purpose data", closed)
	}
	at := v1alpha1.Placement{DatabaseServer: database, ObjectStore: store}
	if r.room.decided == nil {
		r.room.decided = map[string]v1alpha1.Placement{}
	}
	r.room.decided[s.tenant.Name] = at
	return &at, nil
}

// count is how many other tenants lie on each server, or will.
func (r *Reconciler) count(ctx context.Context, except string) (onDatabase, onStore map[string]int32, err error) {
	var tenants v1alpha1.TenantList
	if err := r.Client.List(ctx, &tenants); err != nil {
		return nil, nil, fmt.Errorf("count Tenants: %w", err)
	}
	onDatabase, onStore = map[string]int32{}, map[string]int32{}
	for i := range tenants.Items {
		t := &tenants.Items[i]
		database, store := servers.DatabaseOf(t), servers.StoreOf(t)
		if at, ok := r.room.decided[t.Name]; ok && t.Status.Placement == nil {
			database, store = at.DatabaseServer, at.ObjectStore
		}
		if t.Name != except {
			onDatabase[database]++
			onStore[store]++
		}
	}
	return onDatabase, onStore, nil
}

func full(reason, kind string, closed []placement.Closed) error {
	if len(closed) == 0 {
		return fault.Blocked(reason, nil, "there is no %s: create one", kind)
	}
	return fault.Blocked(reason, nil, "no %s takes this tenant: %s; open one of them, or create another", kind, placement.Explain(closed))
}

// candidate takes a server that was not measured yet as reachable: the steps will
// find out.
func candidate(object metav1.ObjectMeta, spec v1alpha1.ServerPlacement, status v1alpha1.ServerStatus, tenants int32) placement.Candidate {
	c := placement.Candidate{
		Name: object.Name, Labels: object.Labels, Weight: spec.Weight, Tenants: tenants, Capacity: spec.Capacity.Tenants, Cordoned: spec.Cordoned,
	}
	if status.UsedPercent != nil {
		c.UsedPercent = *status.UsedPercent
	}
	if reachable := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReachable); reachable != nil && reachable.Status == metav1.ConditionFalse {
		c.Unreachable = reachable.Reason
	}
	return c
}
