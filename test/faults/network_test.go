package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// Bounds of the issue; on a machine that does other work three times as long.
const (
	namedWithin   = 10 * time.Second
	healedWithin  = 15 * time.Second
	generously    = 3
	retriesAtOnce = 5 // before the delays have grown
)

// weather is a rig whose company acme lies on servers behind links, and whose
// company globex lies on others.
type weather struct {
	*rig.Rig
	database, store, api *link
	server               *env.Server
}

// trouble is what happens to a link.
type trouble struct {
	name   string
	begin  func() (end func())
	reason string // that acme's condition Ready has meanwhile; empty: it stays ready
	lasts  time.Duration
}

// A fault of a server shows in the conditions of the companies on it, and of no
// other, is tried again at most once a second, and is over soon after its repair.
func TestNetworkFaults(t *testing.T) {
	w := newWeather(t)
	hole := 12 * time.Second
	if long() {
		hole = time.Minute
	}
	const noDatabase, noStore = v1alpha1.ReasonDatabaseUnreachable, v1alpha1.ReasonStoreUnreachable
	for _, one := range []trouble{
		{"PostgreSQL 500 ms away", w.database.latency, "", 8 * time.Second},
		{"PostgreSQL resets connections", w.database.resets, noDatabase, 0},
		{"PostgreSQL is restarted", w.restartDatabase, noDatabase, 0},
		{"PostgreSQL answers nothing", w.database.blackHole, noDatabase, hole},
		{"MinIO 500 ms away", w.store.latency, "", 8 * time.Second},
		{"MinIO resets connections", w.store.resets, noStore, 0},
		{"MinIO is stopped", w.store.down, noStore, 0},
		{"MinIO answers nothing", w.store.blackHole, noStore, hole},
		{"the API server is 500 ms away", w.api.latency, "", 8 * time.Second},
		{"the API server resets connections", w.api.resets, "", 5 * time.Second},
		{"the API server is stopped", w.api.down, "", 5 * time.Second},
		{"the API server answers nothing", w.api.blackHole, "", hole},
	} {
		t.Run(one.name, func(t *testing.T) { w.suffer(t, one) })
	}
}

// long holds for the form of a test that make soak runs.
func long() bool { return os.Getenv("ROUNDS") != "" }

func newWeather(t *testing.T) *weather {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "postgres")
	rig.Check(t, os.Mkdir(dir, 0o755))
	server, err := env.StartPostgres(dir, 0, "superuser")
	rig.Check(t, err)
	t.Cleanup(func() { server.Stop() })
	stormy, err := server.CreateDatabase("stormy", "stormy")
	rig.Check(t, err)
	w := &weather{Rig: rig.New(t), server: server}
	w.database = newLink(t, "postgres", fmt.Sprintf("%s:%d", stormy.Host, stormy.Port))
	w.store = newLink(t, "minio", strings.TrimPrefix(w.Store.Endpoint, "http://"))
	w.api = newLink(t, "api", strings.Trim(strings.TrimPrefix(w.Config.Host, "https://"), "/"))
	w.Create(rig.Secret("stormy", map[string]string{"username": stormy.User, "password": stormy.Password}))
	host, port := w.database.address()
	labels := map[string]string{"weather": "stormy"}
	w.Create(&v1alpha1.DatabaseServer{ObjectMeta: metav1.ObjectMeta{Name: "stormy", Labels: labels}, Spec: v1alpha1.DatabaseServerSpec{
		Host: host, Port: port, Database: stormy.Name, SSLMode: "disable", AdminSecretRef: v1alpha1.SecretRef{Name: "stormy"},
	}})
	_, port = w.store.address()
	w.Create(&v1alpha1.ObjectStore{ObjectMeta: metav1.ObjectMeta{Name: "stormy", Labels: labels}, Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: fmt.Sprintf("http://%s:%d", host, port), IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"},
	}})
	rig.Edit(w.Rig, "postgres", &v1alpha1.DatabaseServer{}, func(d *v1alpha1.DatabaseServer) { d.Labels = map[string]string{"weather": "calm"} })
	rig.Edit(w.Rig, "minio", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Labels = map[string]string{"weather": "calm"} })
	for _, kind := range []string{"calm", "stormy"} {
		plan := rig.Plan(kind, 1)
		plan.Spec.Placement.DatabaseServers = map[string]string{"weather": kind}
		plan.Spec.Placement.ObjectStores = map[string]string{"weather": kind}
		w.Create(plan)
	}
	_, port = w.api.address()
	w.Operate(func(o *rig.Wiring) { o.Config.Host = fmt.Sprintf("https://127.0.0.1:%d", port) })
	for name, plan := range map[string]string{"acme": "stormy", "globex": "calm"} {
		w.Create(rig.Company(name, func(t *v1alpha1.Tenant) { t.Spec.Plan = plan }))
		w.Healthy(name)
	}
	return w
}

// restartDatabase kills PostgreSQL and starts it again on its data.
func (w *weather) restartDatabase() func() {
	w.server.Stop()
	return func() {
		rig.Check(w.T, w.server.Again())
	}
}

func (w *weather) suffer(t *testing.T, one trouble) {
	w.Rests(0)
	globex := w.Ready("globex")
	before := w.Passes()
	var acme v1alpha1.Tenant
	began := time.Now()
	end := one.begin()
	if one.reason != "" {
		w.Eventually(one.name+": acme names it", func() bool {
			return w.Client.Get(t.Context(), client.ObjectKey{Name: "acme"}, &acme) == nil && rig.Condition(&acme, v1alpha1.ConditionReady).Reason == one.reason
		}, func() string { return rig.Describe(&acme) + "\n" + w.servers() })
		named := time.Since(began)
		t.Logf("%s: named after %s", one.name, named.Round(100*time.Millisecond))
		if named > generously*namedWithin {
			t.Errorf("%s: the condition named it after %s, want %s", one.name, named, namedWithin)
		}
	}
	rest := time.NewTimer(max(0, one.lasts-time.Since(began)))
	<-rest.C // the fault has a length: this is not a wait for something
	retries, lasted := w.Passes()-before, time.Since(began)
	if allowed := lasted.Seconds()*2 + retriesAtOnce; retries > allowed { // two tenants
		t.Errorf("%s: %v passes in %s, want at most one a second for each of two tenants", one.name, retries, lasted)
	}
	if now := w.Ready("globex"); now.ResourceVersion != globex.ResourceVersion && one.reason != "" {
		t.Errorf("%s: globex, which lies elsewhere, was touched: %s", one.name, rig.Describe(now))
	}
	repaired := time.Now()
	end()
	w.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.DisplayName = one.name }) // something to do
	w.Ready("acme")
	healed := time.Since(repaired)
	t.Logf("%s: lasted %s with %v passes, converged after %s", one.name, lasted.Round(time.Second), retries, healed.Round(100*time.Millisecond))
	if healed > generously*healedWithin {
		t.Errorf("%s: converged %s after the repair, want %s", one.name, healed, healedWithin)
	}
}

// servers says in words how the stormy servers are.
func (w *weather) servers() string {
	var d v1alpha1.DatabaseServer
	var o v1alpha1.ObjectStore
	rig.Check(w.T, w.Client.Get(w.T.Context(), client.ObjectKey{Name: "stormy"}, &d), w.Client.Get(w.T.Context(), client.ObjectKey{Name: "stormy"}, &o))
	return fmt.Sprintf("DatabaseServer %+v\nObjectStore %+v", d.Status.Conditions, o.Status.Conditions)
}
