package watch_test

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway/routes"
	"atrium.dev/atrium/internal/gateway/watch"
	"atrium.dev/atrium/test/env/kube"
)

// limit bounds each wait for the API server.
const limit = time.Minute

func TestRoutesFollowTheAPIAndOutliveIt(t *testing.T) {
	config := kube.Start(t)
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	network := newRelay(t, address.Host)
	watched := rest.CopyConfig(config)
	watched.Host = "https://" + network.listener.Addr().String()
	w, err := watch.New(watched, routes.Service, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*limit)
	defer cancel()
	tables := make(chan *routes.Table, 1000)
	go w.Run(ctx, func(table *routes.Table) { tables <- table })
	follow := follower{t, tables}

	if first := follow.until(func(table *routes.Table) bool { return true }); first.Hosts() != 0 {
		t.Fatalf("%d hosts before there is any tenant", first.Hosts())
	}
	must(t, api.Create(ctx, plan("small", 2<<20)))
	acme := tenant("acme")
	must(t, api.Create(ctx, acme))
	acme.Status = v1alpha1.TenantStatus{
		ID: "k3v9q2m4xa", Namespace: "tenant-acme", Hosts: []string{"acme.example.com", "oa.acme.example"},
		Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Ready", LastTransitionTime: metav1.Now(),
		}},
	}
	must(t, api.Status().Update(ctx, acme))
	// Plans and tenants come by watches of their own, in any order.
	table := follow.until(func(table *routes.Table) bool {
		route, ok := table.Lookup("oa.acme.example")
		return ok && route.Limits.MaxBodyBytes == 2<<20
	})
	got, ok := table.Lookup("oa.acme.example")
	want := routes.Route{
		Tenant: "acme", ID: "k3v9q2m4xa", DisplayName: "云杉科技", State: routes.Serving, Upstream: "office.tenant-acme.svc:80",
		Limits: routes.Limits{MaxBodyBytes: 2 << 20, RequestsPerSecond: 20, Burst: 40},
	}
	if !ok || *got != want {
		t.Fatalf("route is %+v, want %+v", got, want)
	}

	larger := plan("small", 2<<20)
	must(t, api.Get(ctx, client.ObjectKeyFromObject(larger), larger))
	larger.Spec.RequestLimits.MaxBodyBytes = 8 << 20
	must(t, api.Update(ctx, larger))
	follow.until(func(table *routes.Table) bool {
		route, ok := table.Lookup("acme.example.com")
		return ok && route.Limits.MaxBodyBytes == 8<<20
	})

	must(t, api.Get(ctx, client.ObjectKeyFromObject(acme), acme))
	acme.Spec.Suspended = true
	must(t, api.Update(ctx, acme))
	follow.until(func(table *routes.Table) bool {
		route, ok := table.Lookup("acme.example.com")
		return ok && route.State == routes.Suspended
	})

	must(t, api.Delete(ctx, tenant("acme")))
	follow.until(func(table *routes.Table) bool { return table.Hosts() == 0 })

	globex := tenant("globex")
	must(t, api.Create(ctx, globex))
	globex.Status.Hosts = []string{"globex.example.com"}
	must(t, api.Status().Update(ctx, globex))
	follow.until(func(table *routes.Table) bool { return table.Hosts() == 1 })

	// The API server goes away, changes behind our back, and comes again: no table
	// in between may lack the company that was there all the time.
	network.set(true)
	initech := tenant("initech")
	must(t, api.Create(ctx, initech))
	initech.Status.Hosts = []string{"initech.example.com"}
	must(t, api.Status().Update(ctx, initech))
	network.set(false)
	follow.until(func(table *routes.Table) bool {
		if _, ok := table.Lookup("globex.example.com"); !ok {
			t.Error("a table lost a company while the API server was away")
		}
		return table.Hosts() == 2
	})
}

type follower struct {
	t      *testing.T
	tables <-chan *routes.Table
}

// until waits for a table that suits.
func (f follower) until(suits func(*routes.Table) bool) *routes.Table {
	f.t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case table := <-f.tables:
			if suits(table) {
				return table
			}
		case <-deadline:
			f.t.Fatal("no such table came")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tenant(name string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.TenantSpec{DisplayName: "云杉科技", Plan: "small", Release: "0.1.0"},
	}
}
