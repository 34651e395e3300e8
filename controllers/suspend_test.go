package controllers_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// A suspended company has no pods and no logins, keeps its data, and comes back.
func TestSuspend(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("globex"))
	r.Healthy("globex")
	t.Run("stops and comes back", func(t *testing.T) { suspendServing(t, r) })
	t.Run("before anything was made", func(t *testing.T) { suspendNew(t, r) })
	t.Run("in the middle of a migration", func(t *testing.T) { suspendMigrating(t, r) })
	t.Run("though the spec names nothing", func(t *testing.T) { suspendBroken(t, r) })
	t.Run("while the database is away", func(t *testing.T) { suspendWithoutDatabase(t, r) })
	t.Run("and deleted", func(t *testing.T) { suspendDeleted(t, r) })
	if g := r.Ready("globex"); g.Status.Operation.Type != v1alpha1.OperationCreate {
		t.Errorf("globex was touched: %+v", g.Status.Operation)
	}
}

func setSuspended(r *rig.Rig, name string, yes bool) {
	r.T.Helper()
	r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Suspended = yes })
}

// asleep waits until a tenant is suspended and says so everywhere.
func asleep(r *rig.Rig, name string) *v1alpha1.Tenant {
	r.T.Helper()
	now := r.Until(name, "is suspended", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonSuspended && t.Status.ObservedGeneration == t.Generation
	})
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionWorkloadReady} {
		if c := rig.Condition(now, kind); c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonSuspended {
			r.T.Errorf("%s of %s is %s, %s", kind, name, c.Status, c.Reason)
		}
	}
	for _, kind := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if rig.Condition(now, kind).Type != "" {
			r.T.Errorf("%s is suspended, but %s", name, kind)
		}
	}
	if o := now.Status.Operation; o.Type != v1alpha1.OperationSuspend || o.Step != "Done" || o.Percent != 100 {
		r.T.Errorf("operation %+v, want a finished Suspend", o)
	}
	return now
}

// opens says whether a login of the tenant can connect.
func opens(r *rig.Rig, d contract.Database) bool {
	r.T.Helper()
	config, err := pgx.ParseConfig("sslmode=disable")
	rig.Check(r.T, err)
	config.Host, config.Port, config.Database, config.User, config.Password = d.Host, uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(r.T.Context(), config)
	if err != nil {
		return false
	}
	rig.Check(r.T, conn.Close(r.T.Context()))
	return true
}

func suspendServing(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("acme"))
	r.Healthy("acme")
	people(t, r, "acme")
	app := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
	migrate := rig.File[contract.Database](t, r, "tenant-acme", "office-migrate", "database.json")
	held := rig.Connect(t, app)
	pod := runningPod(t, r, "acme")

	// The pods go first: until the last has ended, its login works.
	setSuspended(r, "acme", true)
	ending := r.Until("acme", "waits for its pods", func(t *v1alpha1.Tenant) bool {
		reason := rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason
		return reason == v1alpha1.ReasonEnding || reason == v1alpha1.ReasonSuspended
	})
	if rig.Condition(ending, v1alpha1.ConditionWorkloadReady).Reason != v1alpha1.ReasonEnding || !opens(r, app) {
		t.Error("the login was closed under a pod that runs")
	}
	rig.Check(t, r.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	asleep(r, "acme")
	if replicas := *deployment(r, "acme").Spec.Replicas; replicas != 0 {
		t.Errorf("%d replicas", replicas)
	}
	if opens(r, app) || opens(r, migrate) || held.Ping(t.Context()) == nil {
		t.Error("a login or a session is still open")
	}
	r.Until("acme", "has health that says so", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionHealthy).Reason == v1alpha1.ReasonSuspended
	})

	// It stays so, over another operator too, and costs no write.
	r.Stop()
	r.API.Take()
	r.Operate()
	r.Poke("acme")
	if writes := ours(r.API.Take()); len(writes) > 0 {
		t.Errorf("a suspended tenant costs %v", writes)
	}
	asleep(r, "acme")
	d := deployment(r, "acme")
	*d.Spec.Replicas = 1
	rig.Check(t, r.Client.Update(t.Context(), d))
	r.Eventually("somebody's replica goes again", func() bool { return *deployment(r, "acme").Spec.Replicas == 0 }, func() string { return "" })

	setSuspended(r, "acme", false)
	back := r.Healthy("acme")
	if o := back.Status.Operation; o.Type != v1alpha1.OperationResume || o.Step != "Done" {
		t.Errorf("operation %+v, want a finished Resume", o)
	}
	var name string
	rig.Check(t, rig.Connect(t, app).QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
	if name != "王芳" || !opens(r, migrate) {
		t.Errorf("after the suspension the people are %q", name)
	}

	// Again, by an operator that has just seen the logins open.
	setSuspended(r, "acme", true)
	asleep(r, "acme")
	setSuspended(r, "acme", false)
	r.Ready("acme")
	if !opens(r, app) || !opens(r, migrate) {
		t.Error("the logins stay closed after a second suspension")
	}
}

// runningPod is one that no kubelet ends.
func runningPod(t *testing.T, r *rig.Rig, name string) *corev1.Pod {
	t.Helper()
	template := deployment(r, name).Spec.Template
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "office-0", Namespace: "tenant-" + name, Labels: template.Labels}, Spec: template.Spec}
	r.Create(pod)
	return pod
}

func suspendNew(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("early", func(t *v1alpha1.Tenant) { t.Spec.Suspended = true }))
	early := asleep(r, "early")
	if early.Status.ID != "" || len(early.Status.Hosts) != 1 {
		t.Errorf("id %q and hosts %v, want none and one", early.Status.ID, early.Status.Hosts)
	}
	if c := rig.Condition(early, v1alpha1.ConditionDatabaseReady); c.Status != metav1.ConditionUnknown || c.Reason != v1alpha1.ReasonSuspended {
		t.Errorf("DatabaseReady is %s, %s", c.Status, c.Reason)
	}
	if err := r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-early"}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace: %v, want none", err)
	}
	setSuspended(r, "early", false)
	r.Ready("early")
}

func suspendMigrating(t *testing.T, r *rig.Rig) {
	r.Hands.MigrationsExit(-1) // they run on
	r.Create(rig.Company("midway"))
	r.Until("midway", "migrates", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionMigrated).Reason == v1alpha1.ReasonMigrating
	})
	setSuspended(r, "midway", true)
	midway := asleep(r, "midway")
	if c := rig.Condition(midway, v1alpha1.ConditionMigrated); c.Status != metav1.ConditionUnknown {
		t.Errorf("Migrated is %s, %s", c.Status, c.Reason)
	}
	var jobs batchv1.JobList
	rig.Check(t, r.Client.List(t.Context(), &jobs, client.InNamespace("tenant-midway")))
	for _, job := range jobs.Items {
		if job.DeletionTimestamp.IsZero() {
			t.Errorf("Job %s goes on", job.Name)
		}
	}
	if opens(r, rig.File[contract.Database](t, r, "tenant-midway", "office-migrate", "database.json")) {
		t.Error("the migration's login is open")
	}
	r.Hands.MigrationsExit(contract.ExitOK)
	setSuspended(r, "midway", false)
	r.Ready("midway")
}

func suspendBroken(t *testing.T, r *rig.Rig) {
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Suspended, t.Spec.Plan, t.Spec.Release = true, "nowhere", "9.9.9" })
	asleep(r, "acme")
	if replicas := *deployment(r, "acme").Spec.Replicas; replicas != 0 {
		t.Errorf("%d replicas", replicas)
	}
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Suspended, t.Spec.Plan, t.Spec.Release = false, "standard", "0.1.0" })
	r.Ready("acme")
}

func suspendWithoutDatabase(t *testing.T, r *rig.Rig) {
	r.SetSecret("postgres-admin", "password", "wrong")
	setSuspended(r, "acme", true)
	r.Until("acme", "names the fault", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason == v1alpha1.ReasonDatabaseRefused
	})
	if replicas := *deployment(r, "acme").Spec.Replicas; replicas != 0 {
		t.Errorf("%d replicas: the app goes on while the database is away", replicas)
	}
	r.SetSecret("postgres-admin", "password", r.Database.Password)
	asleep(r, "acme")
}

func suspendDeleted(t *testing.T, r *rig.Rig) {
	acme := asleep(r, "acme")
	r.Remove("acme")
	if left := r.Left(acme.Status.ID); kinds(left) != kept {
		t.Errorf("the deletion of a suspended tenant left %v", left)
	}
	r.Create(rig.Company("acme", func(t *v1alpha1.Tenant) { t.Spec.Adopt = acme.Status.ID }))
	r.Ready("acme")
	var name string
	rig.Check(t, rig.Connect(t, rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
}
