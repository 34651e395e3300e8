package controllers_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	afault "atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/rig"
)

// Two operators of one cluster work side by side, as after a leader that was
// stopped past its Lease goes on: the later one fences the former, which ends.
func TestFormerLeaderIsFenced(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	former := r.Stop
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	r.Operate()
	r.Now.Forward(time.Minute) // heartbeats are due
	select {
	case err := <-r.Lost:
		if !afault.Is(err, v1alpha1.ReasonFenceLost) {
			t.Errorf("the former leader ended with %v", err)
		}
	case <-time.After(rig.Patient):
		t.Fatal("the former leader never learned that it is not the leader")
	}
	former()
	r.Create(rig.Company("globex"))
	r.Healthy("globex")
	r.AsSuperuser(func(conn *pgx.Conn) {
		var epoch, fence int64
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT i.epoch, t.fence FROM atrium.installations i JOIN atrium.tenants t USING (installation) WHERE t.name = 'globex'`).Scan(&epoch, &fence))
		if epoch != 2 || fence != 2 {
			t.Errorf("epoch %d, fence %d; want 2 and 2", epoch, fence)
		}
	})
}

// Another cluster under the same installation name is refused while the first
// one's heartbeat is fresh.
func TestInstallationBelongsToOneCluster(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	r.Stop()
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `UPDATE atrium.installations SET cluster = 'another', heartbeat = now()`)
		rig.Check(t, err)
	})
	if err := r.Start(); !afault.Is(err, v1alpha1.ReasonInstallationConflict) {
		t.Fatalf("the operator ended with %v, want InstallationConflict", err)
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `UPDATE atrium.installations SET heartbeat = now() - interval '1 hour'`)
		rig.Check(t, err)
	})
	r.Operate()
	r.Create(rig.Company("globex"))
	r.Healthy("globex")
}

// A process that stood still in the middle of asking a server (SIGSTOP, a machine
// that slept) does not take its own silence for the server's.
func TestStandingStillAccusesNobody(t *testing.T) {
	r := rig.New(t)
	var o atomic.Pointer[rig.Operator]
	var freeze atomic.Bool
	var asked atomic.Int64
	o.Store(r.Operate(func(w *rig.Wiring) {
		w.Gate = func(act rig.Act) rig.Verdict {
			if act.Controller == "databaseserver" && strings.Contains(act.Name, "split_part") {
				asked.Add(1)
				if freeze.CompareAndSwap(true, false) {
					o.Load().Freeze()
				}
			}
			return rig.Fine
		}
	}))
	r.Create(rig.Company("acme"))
	acme := r.Healthy("acme")
	r.Rests(0)
	version := func() string {
		var d v1alpha1.DatabaseServer
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "postgres"}, &d))
		return d.ResourceVersion
	}
	before := version()
	freeze.Store(true)
	r.Eventually("the operator stands still", o.Load().Frozen, func() string { return "" })
	time.Sleep(servers.MeasureWithin + time.Second) // it stands still for a time: this is not a wait for something
	r.Now.Forward(20 * time.Second)
	o.Load().Thaw()
	since := asked.Load()
	r.Eventually("the server is asked again, twice", func() bool { return asked.Load() >= since+2 }, func() string { return "" })
	if now := version(); now != before {
		t.Error("the operator's own silence was written into the server's status")
	}
	if now := r.Ready("acme"); now.ResourceVersion != acme.ResourceVersion {
		t.Errorf("acme was touched: %s", rig.Describe(now))
	}
}
