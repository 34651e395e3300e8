// Package scale holds what many companies cost: the operator at rest, after a
// restart and in memory, and its speed beside a bare script that makes the same
// calls. It runs on the rig's real servers; pods are ready as soon as they are asked
// for. TENANTS sets how many companies there are; with it the figures that depend
// on the machine are asserted too (make scale).
package scale

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

const (
	ordinary = 50 // companies in an ordinary run
	// perObject is the most that an object that is watched may cost the operator.
	perObject = 6 << 10
	// restartLimit bounds how long a new operator takes to verify all companies.
	restartLimit = 5 * time.Second
)

// companies is how many there are, and whether somebody asked for it.
func companies(t *testing.T) (count int, asked bool) {
	t.Helper()
	text := os.Getenv("TENANTS")
	if text == "" {
		return ordinary, false
	}
	count, err := strconv.Atoi(text)
	if err != nil || count < 1 {
		t.Fatalf("TENANTS must be a whole number from 1, not %q", text)
	}
	return count, true
}

// TestIdle: companies that are ready cost nothing while nothing is due, however
// often the operator looks at them, and after its restart.
func TestIdle(t *testing.T) {
	count, asked := companies(t)
	r := rig.New(t)
	bare := heap()
	r.Operate()
	r.Eventually("the operator has started", func() bool { return len(r.SQL.Take()) > 0 }, func() string { return "" })
	fixed := int(heap()) - int(bare)
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("idle-%03d", i))
		r.Create(rig.Company(names[i]))
	}
	r.All(names, "healthy", rig.IsHealthy)
	r.Rests(0)
	settled := versions(t, r)

	t.Run("looked at again and again", func(t *testing.T) {
		silence(r)
		for range 3 {
			r.Now.Forward(6 * time.Minute) // what was verified on the servers is verified anew
			lookAtAll(t, r, names)
		}
		silent(t, r)
		unchanged(t, settled, versions(t, r))
	})
	r.Stop()
	exports(r)
	before := heap()
	t.Run("after a restart", func(t *testing.T) {
		silence(r)
		passes := looks(t)
		began := time.Now()
		r.Operate()
		r.Eventually("all companies are verified", func() bool { return looks(t) >= passes+float64(count) }, func() string { return "" })
		took := time.Since(began)
		r.Rests(passes)
		silent(t, r)
		unchanged(t, settled, versions(t, r))
		t.Logf("a new operator has verified %d companies after %.1f s", count, took.Seconds())
		if asked && took > restartLimit {
			t.Errorf("a new operator takes %s, more than %s", took, restartLimit)
		}
	})
	t.Run("in memory", func(t *testing.T) {
		objects, all := len(settled), 0
		each := func() int { return (all - fixed) / objects }
		// What the last passes used is given back a little later.
		r.Eventually("the operator's memory is in its bound", func() bool {
			all = int(heap()) - int(before)
			return each() <= perObject
		}, func() string { return fmt.Sprintf("%d bytes for each object, more than %d", each(), perObject) })
		t.Logf("%d objects are watched; the operator holds %d KiB, %d of them without any object: %d bytes for each", objects, all>>10, fixed>>10, each())
	})
	if asked {
		r.Stop()
		t.Run("as a program", func(t *testing.T) { process(t, r, count) })
	}
}

// exports lets an operator write what a lost cluster is made again from: it looks at once
// when it starts, and companies came since the last look.
func exports(r *rig.Rig) {
	r.S3.Take()
	r.Operate()
	r.Eventually("the control plane is exported", func() bool {
		return slices.ContainsFunc(r.S3.Take(), func(act string) bool { return strings.HasPrefix(act, "PUT") && strings.Contains(act, "/control/") })
	}, func() string { return "" })
	r.Stop()
}

// silence begins a time in which the operator must do nothing.
func silence(r *rig.Rig) {
	r.API.Take()
	r.SQL.Take()
	r.S3.Take()
}

// silent holds that nothing was written since: not to the API server (the rig
// counts neither events nor the Lease), not to a database, not to a store. What is
// due is the heartbeat of each server's registry, every 30 s, and that a new
// operator claims the registry.
func silent(t *testing.T, r *rig.Rig) {
	t.Helper()
	for _, act := range r.API.Take() {
		t.Errorf("wrote %s", act)
	}
	statements := r.SQL.Take()
	for _, act := range statements {
		first, _, _ := strings.Cut(strings.ToUpper(act), " ")
		if !slices.Contains([]string{"SELECT", "BEGIN", "COMMIT", "ROLLBACK"}, first) && !heartbeat(act) && !sweeps(act) {
			t.Errorf("wrote %s", act)
		}
	}
	calls := r.S3.Take()
	for _, act := range calls {
		if !strings.HasPrefix(act, "GET ") && !strings.HasPrefix(act, "HEAD ") {
			t.Errorf("wrote %s", act)
		}
	}
	t.Logf("0 writes; %d statements and %d calls that read", len(statements), len(calls))
}

// sweeps says whether a statement is the look for orphans, which reads by a WITH.
func sweeps(act string) bool { return strings.HasPrefix(act, "/* sweep */ WITH schemas AS (SELECT") }

func heartbeat(act string) bool {
	return strings.HasPrefix(act, "UPDATE atrium.installations") || strings.HasPrefix(act, "INSERT INTO atrium.installations")
}

// kinds are what the operator watches.
var kinds = []schema.GroupVersionKind{
	v1alpha1.GroupVersion.WithKind("Tenant"),
	{Version: "v1", Kind: "Namespace"},
	{Version: "v1", Kind: "ServiceAccount"},
	{Version: "v1", Kind: "ResourceQuota"},
	{Version: "v1", Kind: "LimitRange"},
	{Version: "v1", Kind: "ConfigMap"},
	{Version: "v1", Kind: "Service"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
	{Group: "batch", Version: "v1", Kind: "Job"},
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "apps", Version: "v1", Kind: "ControllerRevision"},
}

// versions are the resource versions of all objects of companies; of Tenants, the
// one that their status had, since the test itself touches their annotations.
func versions(t *testing.T, r *rig.Rig) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, kind := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		var only []client.ListOption
		if kind.Kind != "Tenant" {
			only = append(only, client.HasLabels{v1alpha1.LabelTenantID})
		}
		rig.Check(t, r.Client.List(t.Context(), list, only...))
		for _, o := range list.Items {
			version := o.ResourceVersion
			if kind.Kind == "Tenant" {
				version = fmt.Sprint(o.Generation)
			}
			all[kind.Kind+" "+o.Namespace+"/"+o.Name] = version
		}
	}
	return all
}

func unchanged(t *testing.T, before, now map[string]string) {
	t.Helper()
	if len(now) != len(before) {
		t.Errorf("%d objects, %d before", len(now), len(before))
	}
	for name, version := range now {
		if before[name] != version {
			t.Errorf("%s was written", name)
		}
	}
}

// lookAtAll makes the operator look at every company, and waits until it rests.
func lookAtAll(t *testing.T, r *rig.Rig, names []string) {
	t.Helper()
	before := looks(t)
	for _, name := range names {
		r.Change(name, func(t *v1alpha1.Tenant) {
			t.Annotations = map[string]string{"example.com/look": time.Now().String()}
		})
	}
	r.Eventually("each company was looked at", func() bool { return looks(t) >= before+float64(len(names)) }, func() string { return "" })
	r.Rests(before)
}

// looks counts the passes of the tenant controller that have ended.
func looks(t *testing.T) (sum float64) {
	t.Helper()
	families, err := metrics.Registry.Gather()
	rig.Check(t, err)
	for _, family := range families {
		if family.GetName() != "controller_runtime_reconcile_total" {
			continue
		}
		for _, m := range family.Metric {
			for _, l := range m.Label {
				if l.GetName() == "controller" && l.GetValue() == "tenant" {
					sum += m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

// heap is what is in use after everything unused was given back.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
