// Package routes decides which company a host name leads to. It is pure: objects
// of the API in, an immutable table out; it neither watches nor proxies. The
// operator has already decided who owns a name (status.hosts); what is left here
// is to stay deterministic while such a decision is on its way.
package routes

import (
	"cmp"
	"iter"
	"maps"
	"net"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
)

// State is what is known of a company's office, for the page that people see
// while nothing answers at its address.
type State int

// States.
const (
	Starting  State = iota // being made or changed
	Serving                // should answer
	Failed                 // the operator has given up until somebody mends the cause
	Suspended              // the platform has stopped it on purpose
)

// Limits of one company at the gateway.
type Limits struct {
	MaxBodyBytes      int64
	RequestsPerSecond int
	Burst             int
}

// unplanned limits hold for a tenant whose Plan does not exist: those that a Plan
// without numbers gets.
var unplanned = Limits{MaxBodyBytes: 100 << 20, RequestsPerSecond: 200, Burst: 400}

// Route leads to one company.
type Route struct {
	Tenant      string // metadata.name
	ID          string // status.id
	DisplayName string // as people write it; may hold any visible character
	State       State
	Upstream    string // host:port of the app; empty while there is none
	Limits      Limits
}

// Conflict is a host name that two tenants hold at the same time.
type Conflict struct {
	Host   string
	Winner string // the older tenant
	Loser  string
}

// Table is an immutable set of routes.
type Table struct {
	hosts     map[string]*Route
	tenants   map[string]bool
	conflicts []Conflict
}

// Lookup finds the route of a host name as a browser sent it.
func (t *Table) Lookup(host string) (*Route, bool) {
	name, ok := Normalise(host)
	if !ok {
		return nil, false
	}
	route, ok := t.hosts[name]
	return route, ok
}

// Conflicts are sorted by host name.
func (t *Table) Conflicts() []Conflict { return t.conflicts }

// Has reports whether a tenant has a host name in the table.
func (t *Table) Has(tenant string) bool { return t.tenants[tenant] }

// Tenants are those that have a host name in the table.
func (t *Table) Tenants() iter.Seq[string] { return maps.Keys(t.tenants) }

// Hosts is how many host names lead somewhere.
func (t *Table) Hosts() int { return len(t.hosts) }

// Service is the address of a company's app in the cluster.
func Service(namespace string) string {
	return net.JoinHostPort(v1alpha1.OfficeName+"."+namespace+".svc", strconv.Itoa(v1alpha1.OfficePortHTTP))
}

// Build makes a table. Tenants that are being deleted are left out. Of two tenants
// that hold one name the older has it, and the first by name among those of one
// age: the rule by which the operator assigns names. upstream turns a namespace
// into the address of the app there.
func Build(tenants []*v1alpha1.Tenant, plans []*v1alpha1.Plan, upstream func(namespace string) string) *Table {
	limits := make(map[string]Limits, len(plans))
	for _, p := range plans {
		l := p.Spec.RequestLimits
		limits[p.Name] = Limits{MaxBodyBytes: l.MaxBodyBytes, RequestsPerSecond: int(l.RequestsPerSecond), Burst: int(l.Burst)}
	}
	table := &Table{hosts: make(map[string]*Route, len(tenants)), tenants: make(map[string]bool, len(tenants))}
	for _, t := range slices.SortedFunc(slices.Values(tenants), oldestFirst) {
		if t.DeletionTimestamp != nil {
			continue
		}
		route := newRoute(t, limits, upstream)
		for _, host := range t.Status.Hosts {
			table.add(host, route)
		}
	}
	slices.SortFunc(table.conflicts, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Loser, b.Loser))
	})
	return table
}

func (t *Table) add(host string, route *Route) {
	name, ok := Normalise(host)
	if !ok {
		return
	}
	if holder, taken := t.hosts[name]; taken {
		if holder != route {
			t.conflicts = append(t.conflicts, Conflict{Host: name, Winner: holder.Tenant, Loser: route.Tenant})
		}
		return
	}
	t.hosts[name] = route
	t.tenants[route.Tenant] = true
}

func newRoute(t *v1alpha1.Tenant, limits map[string]Limits, upstream func(string) string) *Route {
	route := &Route{Tenant: t.Name, ID: t.Status.ID, DisplayName: t.Spec.DisplayName, Limits: unplanned}
	if l, ok := limits[t.Spec.Plan]; ok {
		route.Limits = l
	}
	if t.Status.Namespace != "" {
		route.Upstream = upstream(t.Status.Namespace)
	}
	switch {
	case t.Spec.Suspended: // at once, whatever the operator is at
		route.State = Suspended
	case meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady):
		route.State = Serving
	case meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionStalled):
		route.State = Failed
	}
	return route
}

func oldestFirst(a, b *v1alpha1.Tenant) int {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}
