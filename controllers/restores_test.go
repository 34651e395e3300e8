package controllers_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// real names the Release of the app of this checkout, which has schema realSchema.
const (
	real       = "office"
	realSchema = 15
)

func ofReal(t *v1alpha1.Tenant) { t.Spec.Release = real }

// What the operator does to bring a company back: the app's own migrations, the agent,
// PostgreSQL and the stores are real; kubelet alone is played.
func TestRestores(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(&v1alpha1.Release{ObjectMeta: rig.Named(real), Spec: v1alpha1.ReleaseSpec{Version: "0.1.0", Image: rig.Image, SchemaVersion: realSchema}})
	for _, name := range []string{"acme", "globex"} {
		r.Create(rig.Company(name, ofReal))
	}
	acme := r.Healthy("acme")
	r.Healthy("globex")
	k := newKubelet(t, r)
	rig.Check(t, r.RunApp(k.app, "acme", rig.Mounts{Database: v1alpha1.SecretOfficeMigrate}, contract.CommandMigrate, "up"))
	rig.Check(t, r.RunApp(k.app, "acme", rig.Mounts{Database: v1alpha1.SecretOfficeDatabase}, contract.CommandSeed))
	r.PutObject(acme.Status.Bucket)
	k.backUp("acme", "good")
	want := dataOf(t, r, registeredOf(t, r, acme.Status.ID).Schema, acme.Status.Bucket)
	t.Run("what cannot be restored is refused", func(t *testing.T) { refusedRestores(t, r) })
	t.Run("a backup that is not whole", func(t *testing.T) { brokenBackup(t, r, k, acme) })
	t.Run("an app that does not end", func(t *testing.T) { stuckApp(t, r, k, acme) })
	t.Run("a drill", func(t *testing.T) { drilled(t, r, k, acme) })
	t.Run("in place, and undone", func(t *testing.T) { inPlace(t, r, k, acme, want) })
	t.Run("into a new company", func(t *testing.T) { intoNew(t, r, k, acme, want) })
	t.Run("undone too late", func(t *testing.T) { undoneLate(t, r, k, acme) })
}

func refusedRestores(t *testing.T, r *rig.Rig) {
	r.Create(restoreOf("globex", "good", "another", v1alpha1.RestoreInPlace))
	untilRestore(t, r, "another", v1alpha1.ConditionFailed, v1alpha1.ReasonBackupOfAnother)
	r.Create(restoreOf("globex", "good", "filled", v1alpha1.RestoreInto))
	untilRestore(t, r, "filled", v1alpha1.ConditionFailed, v1alpha1.ReasonNotEmpty)
	r.Create(restoreOf("acme", "none", "nothing", v1alpha1.RestoreDrill))
	untilRestore(t, r, "nothing", v1alpha1.ConditionComplete, v1alpha1.ReasonBackupNotFound)
	for _, name := range []string{"another", "filled", "nothing"} {
		rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantRestore{ObjectMeta: rig.Named(name)}))
		goneRestore(t, r, name)
	}
}

// brokenBackup restores what somebody has damaged in the backup store.
func brokenBackup(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant) {
	before := registeredOf(t, r, acme.Status.ID)
	undo := damage(t, r, backup.Bucket(r.Installation, acme.Status.ID))
	rig.Check(t, r.Root().RemoveObject(t.Context(), acme.Status.Bucket, "a/b", minio.RemoveObjectOptions{})) // what is there is not read from the backup
	r.Create(restoreOf("acme", "good", "broken", v1alpha1.RestoreInPlace))
	k.migrate("acme", "broken", 1)
	r.Create(backupOf("acme", "meanwhile", v1alpha1.BackupIncremental))
	untilBackup(t, r, "meanwhile", v1alpha1.ConditionComplete, v1alpha1.ReasonQueued)
	if code := k.agent(k.job(v1alpha1.LabelRestore, "broken", "restore-broken-l1"), backup.CommandRestore); code != backup.ExitBroken {
		t.Errorf("the agent ends with %d, want %d", code, backup.ExitBroken)
	}
	failed := untilRestore(t, r, "broken", v1alpha1.ConditionFailed, v1alpha1.ReasonBackupBroken)
	if failed.Status.Compared != nil || failed.Status.FormerSchema != "" {
		t.Errorf("status %+v", failed.Status)
	}
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantBackup{ObjectMeta: rig.Named("meanwhile")}))
	goneBackup(t, r, "meanwhile")
	untouched(t, r, acme, before, "broken")
	undo()
	r.PutObject(acme.Status.Bucket)
}

// stuckApp has a pod that does not end, so nothing is swapped and the company goes on.
func stuckApp(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant) {
	before := registeredOf(t, r, acme.Status.ID)
	pod := runningPod(t, r, "acme")
	r.Create(restoreOf("acme", "good", "stuck", v1alpha1.RestoreInPlace))
	k.restored("acme", "stuck")
	untilRestore(t, r, "stuck", v1alpha1.ConditionComplete, v1alpha1.ReasonRestoring)
	r.Until("acme", "waits for its pod", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason == v1alpha1.ReasonEnding
	})
	r.Stop()
	r.Now.Forward(16 * time.Minute)
	r.Operate()
	untilRestore(t, r, "stuck", v1alpha1.ConditionFailed, v1alpha1.ReasonRestoreTooLong)
	rig.Check(t, r.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	r.Ready("acme")
	untouched(t, r, acme, before, "stuck")
}

// drilled proves the backup while the company works, and leaves nothing behind.
func drilled(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant) {
	before := registeredOf(t, r, acme.Status.ID)
	r.Create(restoreOf("acme", "good", "drill", v1alpha1.RestoreDrill))
	k.restored("acme", "drill")
	if s := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json"); s.Schema != before.Schema {
		t.Errorf("the company's app is told schema %s", s.Schema)
	}
	if code := k.prove("acme", "drill"); code != contract.ExitOK {
		t.Fatalf("the proof ended with %d", code)
	}
	done := untilRestore(t, r, "drill", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	if p := done.Status.Proof; p == nil || p.RecoverySeconds < 1 || done.Status.Compared.Rows == 0 || done.Status.FormerSchema != "" || done.Status.Downtime != "" {
		t.Errorf("status %+v, proof %+v", done.Status, p)
	}
	untouched(t, r, acme, before, "drill")
	proven := r.Until("acme", "is proven", func(t *v1alpha1.Tenant) bool { return t.Status.Backup != nil && t.Status.Backup.Proven != nil }).Status.Backup.Proven
	if proven.Restore != "drill" || !proven.Moment.Equal(done.Status.Moment) || !proven.At.Equal(&done.Status.Proof.At) {
		t.Errorf("proven %+v", proven)
	}
}

// inPlace destroys a company, takes it back to its backup, and undoes that.
func inPlace(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant, want map[string]string) {
	before := registeredOf(t, r, acme.Status.ID)
	destroyed(t, r, before.Schema, acme.Status.Bucket)
	ruins := dataOf(t, r, before.Schema, acme.Status.Bucket)
	if cmp.Equal(want, ruins) {
		t.Fatal("nothing was destroyed")
	}
	session := rig.Connect(t, rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json"))
	r.Create(restoreOf("acme", "good", "back", v1alpha1.RestoreInPlace))
	k.restored("acme", "back")
	done := untilRestore(t, r, "back", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	now := registeredOf(t, r, acme.Status.ID)
	if diff := cmp.Diff(want, dataOf(t, r, now.Schema, acme.Status.Bucket)); diff != "" {
		t.Errorf("what came back is something else (-was +is):\n%s", diff)
	}
	status := done.Status
	if now.Schema != status.Schema || now.Schema == before.Schema || now.Epoch <= before.Epoch || now.Hold+now.Backup != "" || now.Release != real {
		t.Errorf("the registry says %+v, before %+v", now, before)
	}
	if status.FormerSchema != before.Schema || status.FormerUntil == nil || status.Compared.Rows == 0 || status.Compared.Objects == 0 || status.Downtime == "" || status.Release != real {
		t.Errorf("status %+v, compared %+v", status, status.Compared)
	}
	if session.Ping(t.Context()) == nil {
		t.Error("a session of the app went on through the swap")
	}
	serves(t, r, now.Schema)
	undone(t, r, acme, before, now, ruins)
}

func undone(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, before, restored registered, ruins map[string]string) {
	t.Helper()
	rig.Edit(r, "back", &v1alpha1.TenantRestore{}, func(tr *v1alpha1.TenantRestore) { tr.Spec.Undo = true })
	done := untilRestore(t, r, "back", v1alpha1.ConditionUndone, v1alpha1.ReasonUndone)
	now := registeredOf(t, r, acme.Status.ID)
	if now.Schema != before.Schema || now.Release != before.Release || now.Epoch <= restored.Epoch || now.Hold+now.Backup != "" {
		t.Errorf("the registry says %+v, before %+v", now, restored)
	}
	got := dataOf(t, r, now.Schema, acme.Status.Bucket)
	for what, is := range ruins {
		if strings.HasPrefix(what, "table ") && got[what] != is {
			t.Errorf("%s is %s, want %s", what, got[what], is)
		}
	}
	serves(t, r, before.Schema)
	if done.Status.Schema != before.Schema || done.Status.FormerSchema != restored.Schema {
		t.Errorf("status %+v", done.Status)
	}
	rig.Check(t, r.Client.Delete(t.Context(), done))
	goneRestore(t, r, "back")
	if all := schemas(t, r, acme.Status.ID); len(all) != 1 || all[0] != before.Schema {
		t.Errorf("schemas %v, want %s alone", all, before.Schema)
	}
}

// intoNew begins another company with the backup, at its second attempt.
func intoNew(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant, want map[string]string) {
	r.Create(rig.Company("twin", ofReal, func(t *v1alpha1.Tenant) { t.Spec.RestoreFrom = &v1alpha1.RestoreFrom{Backup: "good"} }))
	twin := untilMigrated(r, "twin", v1alpha1.ReasonRestoring)
	name := into(t, r, twin).Name
	k.migrate("twin", name, 1)
	job := k.job(v1alpha1.LabelRestore, name, "restore-"+name+"-l1")
	r.Hands.EndJob(t, job, contract.ExitUnavailable, `{"message":"the store does not answer"}`)
	// No pause before the next one: the operator's clock is ahead of the failure by now.
	if code := k.agent(k.job(v1alpha1.LabelRestore, name, "restore-"+name+"-l2"), backup.CommandRestore); code != contract.ExitOK {
		t.Fatalf("the restore ended with %d", code)
	}
	done := untilRestore(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	twin = r.Ready("twin")
	now := registeredOf(t, r, twin.Status.ID)
	if diff := cmp.Diff(want, dataOf(t, r, now.Schema, twin.Status.Bucket)); diff != "" {
		t.Errorf("the new company has something else (-was +is):\n%s", diff)
	}
	if now.Release != real || now.Hold+now.Backup != "" || done.Status.FormerSchema != "" || done.Status.SourceID != acme.Status.ID {
		t.Errorf("the registry says %+v, the restore %+v", now, done.Status)
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		var restored, source string
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT restored, source FROM atrium.tenants WHERE id = $1`, twin.Status.ID).Scan(&restored, &source))
		if restored != "good" || source != acme.Status.ID {
			t.Errorf("the row says that the rows are of backup %q of %q", restored, source)
		}
	})
}

// unended is a restore whose operator died when all was done but to say so.
func unended(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, name string) {
	t.Helper()
	var tr v1alpha1.TenantRestore
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &tr))
	tr.Status.Step, tr.Status.Finished = v1alpha1.RestoreStarting, nil
	meta.SetStatusCondition(&tr.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonStarting})
	rig.Check(t, r.Client.Status().Update(t.Context(), &tr))
	r.Operate()
	untilRestore(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	var now v1alpha1.Tenant
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKeyFromObject(acme), &now))
	if left := now.Annotations[v1alpha1.AnnotationRestore]; left != "" {
		t.Errorf("the company is still marked as worked on by %s", left)
	}
}

// undoneLate asks for what is not kept any more, of a restore that could not write down
// that it had swapped the schemas until the app had started.
func undoneLate(t *testing.T, r *rig.Rig, k *kubelet, acme *v1alpha1.Tenant) {
	before := registeredOf(t, r, acme.Status.ID)
	var spoiled atomic.Int32
	r.API.Spoil(func(act string, _ int) rig.Verdict {
		if !strings.HasSuffix(act, "tenantrestores/again/status") || registeredOf(t, r, acme.Status.ID).Schema == before.Schema {
			return rig.Fine
		}
		var now v1alpha1.Tenant
		if err := r.Client.Get(t.Context(), client.ObjectKeyFromObject(acme), &now); err != nil || rig.IsReady(&now) {
			return rig.Fine
		}
		spoiled.Add(1)
		return rig.FailedBefore
	})
	r.Create(restoreOf("acme", "good", "again", v1alpha1.RestoreInPlace))
	k.restored("acme", "again")
	done := untilRestore(t, r, "again", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	r.API.Spoil(nil)
	if spoiled.Load() == 0 {
		t.Error("nothing was spoiled")
	}
	r.Stop()
	unended(t, r, acme, "again")
	r.Stop()
	r.Now.Forward(8 * 24 * time.Hour)
	r.Operate()
	r.Eventually("the former schema is dropped", func() bool { return len(schemas(t, r, acme.Status.ID)) == 1 }, func() string { return fmt.Sprint(schemas(t, r, acme.Status.ID)) })
	rig.Edit(r, "again", &v1alpha1.TenantRestore{}, func(tr *v1alpha1.TenantRestore) { tr.Spec.Undo = true })
	untilRestore(t, r, "again", v1alpha1.ConditionUndone, v1alpha1.ReasonTooLate)
	if now := registeredOf(t, r, acme.Status.ID); now.Schema != done.Status.Schema || now.Schema == before.Schema {
		t.Errorf("the registry says %+v", now)
	}
}
