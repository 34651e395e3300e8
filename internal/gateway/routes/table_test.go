package routes_test

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway/routes"
)

func tenant(name string, age time.Duration, change func(*v1alpha1.Tenant)) *v1alpha1.Tenant {
	t := &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, CreationTimestamp: metav1.NewTime(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-age)),
		},
		Spec:   v1alpha1.TenantSpec{DisplayName: name, Plan: "standard"},
		Status: v1alpha1.TenantStatus{Namespace: "tenant-" + name, Hosts: []string{name + ".example.com"}},
	}
	if change != nil {
		change(t)
	}
	return t
}

func condition(kind string) func(*v1alpha1.Tenant) {
	return func(t *v1alpha1.Tenant) {
		t.Status.Conditions = []metav1.Condition{{Type: kind, Status: metav1.ConditionTrue}}
	}
}

func build(tenants ...*v1alpha1.Tenant) *routes.Table {
	plans := []*v1alpha1.Plan{{
		ObjectMeta: metav1.ObjectMeta{Name: "standard"},
		Spec:       v1alpha1.PlanSpec{RequestLimits: v1alpha1.RequestLimits{MaxBodyBytes: 7 << 20, RequestsPerSecond: 3, Burst: 5}},
	}}
	return routes.Build(tenants, plans, routes.Service)
}

func TestBuild(t *testing.T) {
	standard := routes.Limits{MaxBodyBytes: 7 << 20, RequestsPerSecond: 3, Burst: 5}
	for _, test := range []struct {
		name   string
		change func(*v1alpha1.Tenant)
		want   routes.Route
	}{
		{"just addressed", nil, routes.Route{State: routes.Starting, Upstream: "office.tenant-acme.svc:80", Limits: standard}},
		{"ready", condition("Ready"), routes.Route{State: routes.Serving, Upstream: "office.tenant-acme.svc:80", Limits: standard}},
		{"given up", condition("Stalled"), routes.Route{State: routes.Failed, Upstream: "office.tenant-acme.svc:80", Limits: standard}},
		{"no namespace", func(t *v1alpha1.Tenant) { t.Status.Namespace = "" }, routes.Route{State: routes.Starting, Limits: standard}},
		{"plan is gone", func(t *v1alpha1.Tenant) { t.Spec.Plan = "gone" }, routes.Route{
			State: routes.Starting, Upstream: "office.tenant-acme.svc:80",
			Limits: routes.Limits{MaxBodyBytes: 104857600, RequestsPerSecond: 200, Burst: 400},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Tenant, test.want.DisplayName = "acme", "acme"
			got, ok := build(tenant("acme", 0, test.change)).Lookup("acme.example.com")
			if !ok || *got != test.want {
				t.Errorf("route is %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestATenantThatIsBeingDeletedHasNoAddress(t *testing.T) {
	now := metav1.Now()
	table := build(tenant("acme", 0, func(t *v1alpha1.Tenant) { t.DeletionTimestamp = &now }))
	if _, ok := table.Lookup("acme.example.com"); ok || table.Has("acme") || table.Hosts() != 0 {
		t.Error("the address still leads somewhere")
	}
}

// Of two tenants that hold one name the older wins, whatever order the API server
// lists them in.
func TestTheOlderTenantKeepsItsName(t *testing.T) {
	both := func(hosts ...string) func(*v1alpha1.Tenant) {
		return func(t *v1alpha1.Tenant) { t.Status.Hosts = append(t.Status.Hosts, hosts...) }
	}
	old := tenant("zeta", time.Hour, both("oa.example.com"))
	young := tenant("alpha", 0, both("OA.example.com.", "zeta.example.com"))
	twin := tenant("beta", 0, both("alpha.example.com")) // as old as alpha
	order := []*v1alpha1.Tenant{old, young, twin}
	for range 6 {
		table := build(order...)
		for host, want := range map[string]string{
			"oa.example.com": "zeta", "zeta.example.com": "zeta", "alpha.example.com": "alpha", "beta.example.com": "beta",
		} {
			if route, ok := table.Lookup(host); !ok || route.Tenant != want {
				t.Fatalf("%s leads to %+v, want %s", host, route, want)
			}
		}
		want := []routes.Conflict{
			{Host: "alpha.example.com", Winner: "alpha", Loser: "beta"},
			{Host: "oa.example.com", Winner: "zeta", Loser: "alpha"},
			{Host: "zeta.example.com", Winner: "zeta", Loser: "alpha"},
		}
		if got := table.Conflicts(); !slices.Equal(got, want) {
			t.Fatalf("conflicts are %v, want %v", got, want)
		}
		order = append(order[1:], order[0])
		if order[0] == old {
			slices.Reverse(order)
		}
	}
}
