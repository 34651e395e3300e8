package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// What a DatabaseServer tells of itself, and which faults of it are named: all heal
// without a restart.
func TestDatabaseServerTellsItsState(t *testing.T) {
	r := rig.New(t)
	metrics := prometheus.NewRegistry()
	r.Operate(func(w *rig.Wiring) { w.Options.Metrics = metrics })
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	t.Run("its own recovery", func(t *testing.T) {
		serverSays(t, r, v1alpha1.ConditionServerBackedUp, "False NotArchiving")
	})
	t.Run("how full it is", func(t *testing.T) { howFull(t, r, metrics) })
	t.Run("nothing is written while nothing changes", func(t *testing.T) { idleLooks(t, r) })
	t.Run("faults", func(t *testing.T) { databaseFaults(t, r) })
}

// serverSays waits until the DatabaseServer has a condition with a status and reason.
func serverSays(t *testing.T, r *rig.Rig, condition, want string) (message string) {
	t.Helper()
	got := ""
	r.Eventually(condition+" is "+want, func() bool {
		var d v1alpha1.DatabaseServer
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "postgres"}, &d))
		if c := meta.FindStatusCondition(d.Status.Conditions, condition); c != nil {
			got, message = string(c.Status)+" "+c.Reason, c.Message
		}
		return got == want
	}, func() string { return got + ": " + message })
	return message
}

func howFull(t *testing.T, r *rig.Rig, metrics *prometheus.Registry) {
	capacity := func(bytes string) {
		t.Helper()
		q := rig.Quantity(bytes)
		rig.Edit(r, "postgres", &v1alpha1.DatabaseServer{}, func(d *v1alpha1.DatabaseServer) { d.Spec.Capacity.Bytes = &q })
	}
	percent := func(what string, holds func(int32) bool) {
		t.Helper()
		var got *int32
		r.Eventually(what, func() bool {
			var d v1alpha1.DatabaseServer
			rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "postgres"}, &d))
			got = d.Status.UsedPercent
			return got != nil && *got%5 == 0 && holds(*got)
		}, func() string { return fmt.Sprint(got) })
	}
	capacity("100Gi")
	percent("a large server is nearly empty", func(p int32) bool { return p == 0 })
	capacity("1Mi")
	percent("a small one is too full", func(p int32) bool { return p > 100 })
	capacity("100Gi")
	percent("and large again", func(p int32) bool { return p == 0 })
	families, err := metrics.Gather()
	rig.Check(t, err)
	for _, family := range families {
		if family.GetName() == "atrium_server_used_bytes" && family.Metric[0].GetGauge().GetValue() > 1<<20 {
			return
		}
	}
	t.Error("no metric tells how many bytes are in use")
}

// idleLooks moves the clock to the next look at size and backups.
func idleLooks(t *testing.T, r *rig.Rig) {
	r.Rests(0)
	r.API.Take()
	r.SQL.Take()
	r.Now.Forward(6 * time.Minute)
	var seen []string
	r.Eventually("the server is looked at", func() bool {
		seen = append(seen, r.SQL.Take()...)
		return slices.ContainsFunc(seen, func(act string) bool { return strings.Contains(act, "pg_database_size") })
	}, func() string { return strings.Join(seen, "\n") })
	r.Poke("acme")
	for _, act := range r.API.Take() {
		if strings.Contains(act, "/databaseservers/") {
			t.Errorf("a look wrote %s", act)
		}
	}
}

func databaseFaults(t *testing.T, r *rig.Rig) {
	admin := r.Database.User
	for _, f := range []struct{ name, breaks, mends, want, words string }{
		{"no connection left", "ALTER ROLE " + admin + " CONNECTION LIMIT 0", "ALTER ROLE " + admin + " CONNECTION LIMIT -1", "False DatabaseFull", "max_connections"},
		{"takes no writes", "ALTER ROLE " + admin + " SET default_transaction_read_only = on", "ALTER ROLE " + admin + " RESET default_transaction_read_only", "False DatabaseReadOnly", "lead to the primary"},
		{"may not log in", "ALTER ROLE " + admin + " NOLOGIN", "ALTER ROLE " + admin + " LOGIN", "False DatabaseRefused", "correct username and password"},
		{"may not make roles", "ALTER ROLE " + admin + " NOCREATEROLE", "ALTER ROLE " + admin + " CREATEROLE", "False DatabaseRights", "CREATEROLE"},
		{"a superuser", "ALTER ROLE " + admin + " SUPERUSER", "ALTER ROLE " + admin + " NOSUPERUSER", "True Unlimited", "more than Atrium needs"},
	} {
		end := "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '" + admin + "'"
		rig.Check(t, env.PostgresServer(t).Exec(r.Database.Name, f.breaks, end))
		atOnce(r)
		if message := serverSays(t, r, v1alpha1.ConditionReachable, f.want); !strings.Contains(message, f.words) {
			t.Errorf("%s: %s; want %q", f.name, message, f.words)
		}
		rig.Check(t, env.PostgresServer(t).Exec(r.Database.Name, f.mends, end))
		atOnce(r)
		serverSays(t, r, v1alpha1.ConditionReachable, "True Connected")
	}
	r.Ready("acme")
}

// atOnce has the server measured now and not in some seconds.
func atOnce(r *rig.Rig) {
	r.T.Helper()
	rig.Edit(r, "postgres", &v1alpha1.DatabaseServer{}, func(d *v1alpha1.DatabaseServer) { d.Spec.Weight++ })
}
