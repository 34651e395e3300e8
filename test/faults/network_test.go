package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// Bounds of the issue. The operator's own limits add up to less (see below); on a
// machine that does other work they are asserted with room to spare.
const (
	namedWithin   = 10 * time.Second
	healedWithin  = 15 * time.Second
	room          = 1.5
	retriesAtOnce = 5 // before the delays have grown
)

// A server falls silent right after it was measured: it is measured again, does not
// answer in time, and its companies are told.
const _ = uint(namedWithin - servers.MeasureEvery - servers.MeasureWithin - time.Second)

// weather is a rig whose company acme lies on servers behind links, and whose
// company globex lies on others.
type weather struct {
	*rig.Rig
	database, store, api *link
	server               *env.Server
	named, healed        time.Duration // at most
	retries              float64       // passes a second and company, at most
}

// trouble is what happens to a link.
type trouble struct {
	name   string
	begin  func() (end func())
	reason string // that acme's condition Ready has meanwhile; empty: it stays ready
	lasts  time.Duration
	slow   bool // everything still works, only later
}

// A fault of a server shows in the conditions of the companies on it, and of no
// other, is tried again at most once a second, and is over soon after its repair.
func TestNetworkFaults(t *testing.T) {
	w := newWeather(t)
	hole := 5 * time.Second
	if long() {
		hole = time.Minute
	}
	const noDatabase, noStore = v1alpha1.ReasonDatabaseUnreachable, v1alpha1.ReasonStoreUnreachable
	for _, one := range []trouble{
		{name: "PostgreSQL 500 ms away", begin: w.database.latency, slow: true},
		{name: "PostgreSQL resets connections", begin: w.database.resets, reason: noDatabase},
		{name: "PostgreSQL is restarted", begin: w.restartDatabase, reason: noDatabase},
		{name: "PostgreSQL answers nothing", begin: w.database.blackHole, reason: noDatabase, lasts: hole},
		{name: "MinIO 500 ms away", begin: w.store.latency, slow: true},
		{name: "MinIO resets connections", begin: w.store.resets, reason: noStore},
		{name: "MinIO is stopped", begin: w.store.down, reason: noStore},
		{name: "MinIO answers nothing", begin: w.store.blackHole, reason: noStore, lasts: hole},
		{name: "the API server is 500 ms away", begin: w.api.latency, slow: true},
		{name: "the API server resets connections", begin: w.api.resets, lasts: 3 * time.Second},
		{name: "the API server is stopped", begin: w.api.down, lasts: 3 * time.Second},
		{name: "the API server answers nothing", begin: w.api.blackHole, lasts: hole},
	} {
		t.Run(one.name, func(t *testing.T) { w.suffer(t, one) })
	}
	t.Logf("network faults: black holes of %s and until they are named; named after at most %.1f s, converged after at most %.1f s; at most %.2f passes a second and company",
		hole, w.named.Seconds(), w.healed.Seconds(), w.retries)
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
	w.settled()
	globex := w.Ready("globex")
	w.S3.Take()
	w.SQL.Take()
	began := time.Now()
	end := one.begin()
	if one.reason != "" {
		w.names(t, one, began)
	}
	w.lasts(t, one)
	if now := w.Ready("globex"); now.ResourceVersion != globex.ResourceVersion && one.reason != "" {
		t.Errorf("globex, which lies elsewhere, was touched: %s", rig.Describe(now))
	}
	if one.slow {
		w.works(t)
	}
	repaired := time.Now()
	end()
	w.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.DisplayName = one.name }) // something to do
	w.Ready("acme")
	healed := time.Since(repaired)
	w.healed = max(w.healed, healed)
	t.Logf("converged after %s", healed.Round(100*time.Millisecond))
	if healed.Seconds() > room*healedWithin.Seconds() {
		t.Errorf("converged %s after the repair, want %s", healed, healedWithin)
	}
}

// lasts lets a fault go on for its length, and counts what is tried again meanwhile.
func (w *weather) lasts(t *testing.T, one trouble) {
	t.Helper()
	if one.lasts == 0 {
		return
	}
	before, began := w.Passes(), time.Now()
	time.Sleep(one.lasts) // the fault has a length: this is not a wait for something
	retries, lasted := w.Passes()-before, time.Since(began)
	suffer := 1.0 // companies
	if one.reason == "" {
		suffer = 2
	}
	w.retries = max(w.retries, retries/lasted.Seconds()/suffer)
	t.Logf("lasted %s more with %v passes", lasted.Round(time.Second), retries)
	if allowed := lasted.Seconds()*suffer + retriesAtOnce; retries > allowed {
		t.Errorf("%v passes in %s, want at most one a second for each of %v companies", retries, lasted, suffer)
	}
}

// settled waits until the servers answer and nobody works: a fault that is known
// already would be named at once.
func (w *weather) settled() {
	w.Eventually("the stormy servers answer", func() bool {
		d, o := w.servers()
		return d.Status == metav1.ConditionTrue && o.Status == metav1.ConditionTrue
	}, w.describe)
	w.Ready("acme")
	w.Rests(0)
}

// names waits until acme's condition names a fault. The server's own condition is
// enough for that: nobody waits for it on acme's behalf once more.
func (w *weather) names(t *testing.T, one trouble, began time.Time) {
	t.Helper()
	var acme v1alpha1.Tenant
	w.Eventually("acme names it", func() bool {
		return w.Client.Get(t.Context(), client.ObjectKey{Name: "acme"}, &acme) == nil && rig.Condition(&acme, v1alpha1.ConditionReady).Reason == one.reason
	}, func() string { return rig.Describe(&acme) + "\n" + w.describe() })
	named := time.Since(began)
	w.named = max(w.named, named)
	t.Logf("named after %s", named.Round(100*time.Millisecond))
	asked := w.S3
	if one.reason == v1alpha1.ReasonDatabaseUnreachable {
		asked = w.SQL
	}
	for _, act := range asked.TakeActs() {
		if act.Controller == "tenant" && act.Object == "acme" {
			t.Errorf("for acme a server that was known not to answer was asked to %s", act.Name)
		}
	}
	if named.Seconds() > room*namedWithin.Seconds() {
		t.Errorf("the condition named it after %s, want %s", named, namedWithin)
	}
}

// works has acme looked at on its servers, and gives it new credentials, while one of
// them is slow: both come to an end, and nothing is called a fault.
func (w *weather) works(t *testing.T) {
	t.Helper()
	d, o := w.servers()
	w.Now.Forward(15 * time.Minute) // what was verified is verified anew, and a rotation may follow another
	began := w.Now.Now()
	w.Change("acme", func(t *v1alpha1.Tenant) {
		t.Annotations = map[string]string{v1alpha1.AnnotationRotate: began.Format("150405")}
	})
	w.Until("acme", "has new credentials", func(t *v1alpha1.Tenant) bool {
		return rig.IsReady(t) && t.Status.Credentials != nil && t.Status.Credentials.Rotation == began.Format("150405")
	})
	t.Logf("new credentials after %s", w.Now.Now().Sub(began).Round(100*time.Millisecond))
	if ready := rig.Condition(w.Ready("acme"), v1alpha1.ConditionReady); ready.LastTransitionTime.After(began) {
		t.Errorf("acme was not ready meanwhile: %+v", ready)
	}
	dNow, oNow := w.servers()
	if dNow != d || oNow != o {
		t.Errorf("a slow server is called faulty:\n%+v\n%+v\nbefore\n%+v\n%+v", dNow, oNow, d, o)
	}
}

// servers are the conditions Reachable of the stormy servers.
func (w *weather) servers() (database, store metav1.Condition) {
	var d v1alpha1.DatabaseServer
	var o v1alpha1.ObjectStore
	rig.Check(w.T, w.Client.Get(w.T.Context(), client.ObjectKey{Name: "stormy"}, &d), w.Client.Get(w.T.Context(), client.ObjectKey{Name: "stormy"}, &o))
	of := func(all []metav1.Condition) (c metav1.Condition) {
		if found := meta.FindStatusCondition(all, v1alpha1.ConditionReachable); found != nil {
			c = *found
		}
		return c
	}
	return of(d.Status.Conditions), of(o.Status.Conditions)
}

func (w *weather) describe() string {
	d, o := w.servers()
	return fmt.Sprintf("DatabaseServer %+v\nObjectStore %+v", d, o)
}
