package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// What the tenant controller does while somebody replaces a company's data. The test
// plays the restore: it fills a schema, and writes the company's row as a restore would.
func TestHold(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	nextRelease(r)
	r.Create(rig.Company("acme"))
	acme := r.Healthy("acme")
	people(t, r, "acme")
	fill(t, r, acme.Status.ID, 2, "李雷")
	app := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
	pod := runningPod(t, r, "acme")

	row(t, r, acme.Status.ID, `hold = 'restore/back', backup = 'restore/back', backup_until = now() + interval '1 day'`)
	annotate(r, "acme", "back")
	ending := r.Until("acme", "waits for its pods", func(t *v1alpha1.Tenant) bool {
		reason := rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason
		return reason == v1alpha1.ReasonEnding || reason == v1alpha1.ReasonRestoring
	})
	if rig.Condition(ending, v1alpha1.ConditionWorkloadReady).Reason != v1alpha1.ReasonEnding || !opens(r, app) {
		t.Error("the login was closed under a pod that runs")
	}
	rig.Check(t, r.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	isHeld(t, r, app)

	t.Run("nothing begins", func(t *testing.T) { nothingBegins(t, r, acme.Status.ID, app) })
	t.Run("another operator holds on", func(t *testing.T) {
		r.Stop()
		r.Operate()
		r.Poke("acme")
		isHeld(t, r, app)
	})
	t.Run("let go with other rows", func(t *testing.T) { letGo(t, r, acme.Status.ID) })
}

func nextRelease(r *rig.Rig) {
	r.T.Helper()
	r.Create(&v1alpha1.Release{ObjectMeta: rig.Named("0.2.0"), Spec: v1alpha1.ReleaseSpec{
		Version: "0.2.0", Image: strings.Replace(rig.Image, "sha256:0", "sha256:1", 1), SchemaVersion: 3,
	}})
}

// fill makes a schema of a company with one person, as a restore does.
func fill(t *testing.T, r *rig.Rig, id string, number int, person string) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		schema := fmt.Sprintf("t_%s_%d", id, number)
		for _, statement := range []string{
			`CREATE SCHEMA IF NOT EXISTS ` + schema, `GRANT USAGE, CREATE ON SCHEMA ` + schema + ` TO t_` + id + `_owner`,
			`SET ROLE t_` + id + `_owner`, `CREATE TABLE ` + schema + `.people (name text)`, `INSERT INTO ` + schema + `.people VALUES ('` + person + `')`,
			`GRANT SELECT ON ` + schema + `.people TO t_` + id + `_app`, `RESET ROLE`,
			`ALTER SCHEMA ` + schema + ` OWNER TO "` + r.Database.User + `"`,
		} {
			_, err := conn.Exec(t.Context(), statement)
			rig.Check(t, err)
		}
	})
}

// row changes a company's row in the registry.
func row(t *testing.T, r *rig.Rig, id, set string) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `UPDATE atrium.tenants SET `+set+` WHERE id = $1`, id)
		rig.Check(t, err)
	})
}

// annotate says which restore works on a company; "" takes it away.
func annotate(r *rig.Rig, name, restore string) {
	r.T.Helper()
	r.Change(name, func(t *v1alpha1.Tenant) {
		metav1.SetMetaDataAnnotation(&t.ObjectMeta, v1alpha1.AnnotationRestore, restore)
		if restore == "" {
			delete(t.Annotations, v1alpha1.AnnotationRestore)
		}
	})
}

// isHeld waits until a company rests for its restore, and looks whether it does.
func isHeld(t *testing.T, r *rig.Rig, app contract.Database) {
	t.Helper()
	now := r.Until("acme", "is held", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason == v1alpha1.ReasonRestoring
	})
	if c := rig.Condition(now, v1alpha1.ConditionReady); c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonRestoring || !strings.Contains(c.Message, "TenantRestore back") {
		t.Errorf("Ready is %s, %s: %s", c.Status, c.Reason, c.Message)
	}
	if meta.IsStatusConditionTrue(now.Status.Conditions, v1alpha1.ConditionStalled) {
		t.Errorf("a hold is no fault: %s", rig.Describe(now))
	}
	if replicas := *deployment(r, "acme").Spec.Replicas; replicas != 0 {
		t.Errorf("%d replicas", replicas)
	}
	if opens(r, app) {
		t.Error("the app's login is open")
	}
	if !opens(r, rig.File[contract.Database](t, r, "tenant-acme", "office-migrate", "database.json")) {
		t.Error("the login by which the restore works is closed")
	}
}

// nothingBegins asks for a migration and a backup: both wait.
func nothingBegins(t *testing.T, r *rig.Rig, id string, app contract.Database) {
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.2.0" })
	r.Until("acme", "has seen the other release", func(t *v1alpha1.Tenant) bool { return t.Status.ObservedGeneration == t.Generation })
	row(t, r, id, `backup = ''`) // even should the lease have ended
	r.Create(backupOf("acme", "early", v1alpha1.BackupIncremental))
	early := untilBackup(t, r, "early", v1alpha1.ConditionComplete, v1alpha1.ReasonQueued)
	if c := meta.FindStatusCondition(early.Status.Conditions, v1alpha1.ConditionComplete); !strings.Contains(c.Message, "restore back") {
		t.Errorf("the backup says %q", c.Message)
	}
	rig.Check(t, r.Client.Delete(t.Context(), early))
	isHeld(t, r, app)
	var jobs batchv1.JobList
	rig.Check(t, r.Client.List(t.Context(), &jobs, client.InNamespace("tenant-acme")))
	for _, job := range jobs.Items {
		if job.DeletionTimestamp.IsZero() {
			t.Errorf("Job %s begins", job.Name)
		}
	}
}

// served is whom the app's login finds, where nothing names a schema.
func served(t *testing.T, r *rig.Rig) (name string) {
	t.Helper()
	d := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
	rig.Check(t, rig.Connect(t, d).QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
	return name
}

// letGo swaps the schema as a restore does: the company comes back with the other rows,
// at the release that its spec names.
func letGo(t *testing.T, r *rig.Rig, id string) {
	row(t, r, id, `schema = 't_'||id||'_2', release = '0.1.0', target = '', data_epoch = 1800000000, hold = '', backup = ''`)
	back := r.Ready("acme")
	annotate(r, "acme", "")
	if back.Status.Schema != "t_"+id+"_2" || back.Status.Release != "0.2.0" {
		t.Errorf("schema %s, release %s", back.Status.Schema, back.Status.Release)
	}
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "migrate-0-2-0-2"}, &batchv1.Job{}))
	for _, secret := range []string{"office-database", "office-migrate"} {
		if d := rig.File[contract.Database](t, r, "tenant-acme", secret, "database.json"); d.Schema != "t_"+id+"_2" {
			t.Errorf("%s names schema %s", secret, d.Schema)
		}
	}
	if s := settingsOf(r, "acme"); s.DataEpoch != 1800000000 {
		t.Errorf("the app is told epoch %d", s.DataEpoch)
	}
	if name := served(t, r); name != "李雷" {
		t.Errorf("the app finds %q", name)
	}
}
