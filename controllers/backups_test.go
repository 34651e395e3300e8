package controllers_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// What the operator does for backups. The tests play the agent: they look at what its
// Job is given, and leave behind what it would.
func TestBackups(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	for _, name := range []string{"acme", "sleeper", "leaver"} {
		r.Create(rig.Company(name))
	}
	acme := r.Healthy("acme")
	people(t, r, "acme")
	r.PutObject(acme.Status.Bucket)
	t.Run("the first is full, and gets what it needs", func(t *testing.T) { firstBackup(t, r, acme) })
	t.Run("one after the other", func(t *testing.T) { backupsInTurn(t, r) })
	t.Run("an attempt that fails", func(t *testing.T) { failedAttempts(t, r) })
	t.Run("a manifest that is not its own", func(t *testing.T) { wrongManifest(t, r) })
	t.Run("a name that is taken", func(t *testing.T) { takenName(t, r) })
	t.Run("on one that is not whole", func(t *testing.T) { onBrokenBackup(t, r, acme) })
	t.Run("in a repository that was half made", func(t *testing.T) { halfMade(t, r, acme) })
	t.Run("in a store that outlived its cluster", func(t *testing.T) { catalogued(t, r, acme) })
	t.Run("deleted while it is at work", func(t *testing.T) { deletedBackup(t, r, acme) })
	t.Run("of a suspended company", func(t *testing.T) { suspendedBackup(t, r) })
	t.Run("of a company that goes", func(t *testing.T) { leavingBackup(t, r) })
}

// backupOf makes a TenantBackup.
func backupOf(company, name string, kind v1alpha1.BackupType) *v1alpha1.TenantBackup {
	return &v1alpha1.TenantBackup{ObjectMeta: rig.Named(name), Spec: v1alpha1.TenantBackupSpec{Tenant: company, Type: kind}}
}

// untilBackup waits until a condition of a TenantBackup has a reason.
func untilBackup(t *testing.T, r *rig.Rig, name, condition, reason string) *v1alpha1.TenantBackup {
	t.Helper()
	var b v1alpha1.TenantBackup
	r.Eventually(name+" "+condition+" "+reason, func() bool {
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &b))
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		return c != nil && c.Reason == reason
	}, func() string { return fmt.Sprintf("%+v", b.Status) })
	return &b
}

// agent is what a backup's Job has been given.
type agent struct {
	t    *testing.T
	r    *rig.Rig
	job  batchv1.Job
	task backup.Task
}

// atWork waits for an attempt's Job and reads its task as the pod would.
func atWork(t *testing.T, r *rig.Rig, name string, attempt int) *agent {
	t.Helper()
	a := &agent{t: t, r: r}
	var jobs batchv1.JobList
	r.Eventually(fmt.Sprintf("attempt %d of %s has its Job", attempt, name), func() bool {
		rig.Check(t, r.Client.List(t.Context(), &jobs, client.MatchingLabels{v1alpha1.LabelBackup: name}))
		for _, job := range jobs.Items {
			if strings.HasSuffix(job.Name, fmt.Sprintf("-%d", attempt)) {
				a.job = job
				return true
			}
		}
		return false
	}, func() string {
		var b v1alpha1.TenantBackup
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &b))
		return fmt.Sprintf("%+v", b.Status)
	})
	a.task = rig.File[backup.Task](t, r, a.job.Namespace, a.job.Spec.Template.Spec.Volumes[0].Secret.SecretName, backup.TaskFile)
	return a
}

func (a *agent) bucket(b contract.Bucket) *minio.Client {
	a.t.Helper()
	c, err := minio.New(strings.TrimPrefix(b.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, b.SessionToken)})
	rig.Check(a.t, err)
	return c
}

func (a *agent) put(key string, content []byte) {
	a.t.Helper()
	_, err := a.bucket(a.task.Store).PutObject(a.t.Context(), a.task.Store.Name, key, strings.NewReader(string(content)), int64(len(content)), minio.PutObjectOptions{})
	rig.Check(a.t, err)
}

// finish leaves a manifest behind and ends well.
func (a *agent) finish(change ...func(*backup.Manifest)) {
	a.t.Helper()
	now := a.r.Now.Now().UTC()
	m := backup.Manifest{
		Version: 1, Backup: a.task.Backup, Previous: a.task.Previous.Backup, Full: a.task.Full, TenantID: a.task.TenantID, Tenant: a.task.Tenant,
		Installation: a.task.Installation, Release: a.task.Release, SchemaVersion: a.task.SchemaVersion, PostgreSQL: "17.6",
		OperatorVersion: a.task.OperatorVersion, KeyID: a.task.KeyID, Generation: a.task.Generation, Snapshot: "abc", Schema: a.task.Generation, SchemaEpoch: a.task.Epoch.ID,
		Epochs: []backup.EpochSeen{{ID: a.task.Epoch.ID, Recipient: a.task.Epoch.Recipient}}, Moment: now, Finished: now,
		Tables:  []backup.Table{{Name: "person", Rows: 40}, {Name: "room", Rows: 2}},
		Objects: backup.Objects{Count: 3, Bytes: 300}, ReadBytes: 1000, StoredBytes: 100,
	}
	for _, c := range change {
		c(&m)
	}
	raw, signature, err := m.Sign(ed25519.NewKeyFromSeed(a.task.Sign))
	rig.Check(a.t, err)
	a.put(backup.ManifestOf(m.Backup), raw)
	a.put(backup.SignatureOf(m.Backup), signature)
	a.r.Hands.EndJob(a.t, &a.job, 0, "")
}

func loginOpen(t *testing.T, r *rig.Rig, id string) (open bool) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, postgres.NamesOf(id, 1).Backup).Scan(&open))
	})
	return open
}

// nothingLeft expects that all that was opened for a backup is closed.
func nothingLeft(t *testing.T, r *rig.Rig, namespace, id, name string) {
	t.Helper()
	for _, object := range []client.Object{&corev1.Secret{}, &networkingv1.NetworkPolicy{}} {
		if err := r.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "backup-" + name}, object); !apierrors.IsNotFound(err) {
			t.Errorf("%T of backup %s: %v, want it gone", object, name, err)
		}
	}
	if loginOpen(t, r, id) {
		t.Errorf("the login that backs up is open after backup %s", name)
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		var holder string
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT backup FROM atrium.tenants WHERE id = $1`, id).Scan(&holder))
		if holder == "backup/"+name {
			t.Errorf("the tenant's row still says that %s is at work", holder)
		}
	})
	for object := range r.Root().ListObjectsIter(t.Context(), r.Installation+"-b-"+id, minio.ListObjectsOptions{Prefix: "p/" + name, Recursive: true, WithVersions: true}) {
		if minio.ToErrorResponse(object.Err).Code != minio.NoSuchBucket {
			t.Errorf("%s is left, %v", object.Key, object.Err)
		}
	}
}

func firstBackup(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	r.Create(backupOf("acme", "first", v1alpha1.BackupIncremental))
	a := atWork(t, r, "first", 1)
	pod := a.job.Spec.Template.Spec
	if *pod.AutomountServiceAccountToken || !*pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem || pod.Containers[0].Image != rig.AgentImage ||
		a.job.Namespace != "tenant-acme" || *a.job.Spec.BackoffLimit != 0 || *a.job.Spec.ActiveDeadlineSeconds != 4*3600 {
		t.Errorf("Job %+v", a.job.Spec)
	}
	if !a.task.Full || a.task.Generation != "first" || a.task.Previous.Backup != "" || a.task.SchemaVersion != 2 || a.task.Release != "0.1.0" {
		t.Errorf("task %+v, want a full backup that opens generation first", a.task)
	}
	life := a.task.Store.Expires.Sub(r.Now.Now())
	if other := a.task.Bucket.Expires.Sub(r.Now.Now()); min(life, other) < 4*time.Hour+10*time.Minute {
		t.Errorf("credentials end in %s and %s, before the Job has to", life, other)
	}
	conn := rig.Connect(t, a.task.Database)
	if _, err := conn.Exec(t.Context(), `INSERT INTO "`+a.task.Database.Schema+`".people VALUES (1)`); err == nil {
		t.Error("the agent's login writes")
	}
	reach(t, a, acme)
	a.put(backup.ProgressOf("first"), []byte(`{"step":"Rows","at":"2026-11-22T10:00:00Z","readBytes":7,"tables":1,"tablesAll":2,"objectsAll":3}`))
	running := untilBackup(t, r, "first", v1alpha1.ConditionComplete, v1alpha1.ReasonRunning)
	r.Eventually("the progress shows", func() bool {
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKeyFromObject(running), running))
		return running.Status.Progress != nil
	}, func() string { return fmt.Sprintf("%+v", running.Status) })
	if p := running.Status.Progress; p.Step != "Rows" || p.Tables != "1 of 2" || p.ReadBytes != 7 {
		t.Errorf("progress %+v", p)
	}
	a.finish(func(m *backup.Manifest) { m.Moment = m.Moment.AddDate(1, 0, 0) }) // the database's clock
	done := untilBackup(t, r, "first", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	status := done.Status
	if !status.Moment.Equal(status.Finished) {
		t.Errorf("it holds the rows of %s and was finished at %s", status.Moment, status.Finished)
	}
	if status.Type != v1alpha1.BackupFull || status.Contents.Rows != 42 || status.Contents.Objects != 3 || status.Progress != nil ||
		status.Bucket != r.Installation+"-b-"+acme.Status.ID || len(status.Epochs) != 1 || status.Epochs[0] != status.Epoch || status.Moment == nil {
		t.Errorf("status %+v, contents %+v", status, status.Contents)
	}
	nothingLeft(t, r, "tenant-acme", acme.Status.ID, "first")
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a session of the agent's login goes on after its backup")
	}
}

// reach tries what the agent may and may not do with its stores.
func reach(t *testing.T, a *agent, acme *v1alpha1.Tenant) {
	t.Helper()
	source, store, ctx := a.bucket(a.task.Bucket), a.bucket(a.task.Store), t.Context()
	if _, err := source.StatObject(ctx, acme.Status.Bucket, "a/b", minio.StatObjectOptions{}); err != nil {
		t.Errorf("the agent cannot read the company's objects: %v", err)
	}
	a.put("g/first/locks/1", []byte("x"))
	rig.Check(t, store.RemoveObject(ctx, a.task.Store.Name, "g/first/locks/1", minio.RemoveObjectOptions{}))
	a.put("g/first/data/1", []byte("x"))
	for what, err := range map[string]error{
		"write to the company's bucket":     putOne(t, source, acme.Status.Bucket),
		"delete from the company's bucket":  source.RemoveObject(ctx, acme.Status.Bucket, "a/b", minio.RemoveObjectOptions{}),
		"delete what was backed up":         store.RemoveObject(ctx, a.task.Store.Name, "g/first/data/1", minio.RemoveObjectOptions{}),
		"write wrapped keys":                putOne(t, store, a.r.Installation+"-keys"),
		"read the company by the store's":   statOne(t, store, acme.Status.Bucket),
		"read backups by the company's own": statOne(t, source, a.task.Store.Name),
	} {
		if minio.ToErrorResponse(err).Code != minio.AccessDenied {
			t.Errorf("the agent may %s: %v", what, err)
		}
	}
}

func putOne(t *testing.T, c *minio.Client, bucket string) error {
	_, err := c.PutObject(t.Context(), bucket, "stolen", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	return err
}

func statOne(t *testing.T, c *minio.Client, bucket string) error {
	for o := range c.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		return o.Err
	}
	return nil
}

// backupsInTurn makes two at a time: the later one waits, and both go on from what was.
func backupsInTurn(t *testing.T, r *rig.Rig) {
	r.Create(backupOf("acme", "second", v1alpha1.BackupIncremental))
	second := atWork(t, r, "second", 1)
	r.Create(backupOf("acme", "third", v1alpha1.BackupFull))
	waits := untilBackup(t, r, "third", v1alpha1.ConditionComplete, v1alpha1.ReasonQueued)
	if c := meta.FindStatusCondition(waits.Status.Conditions, v1alpha1.ConditionComplete); !strings.Contains(c.Message, "backup second of the same company") {
		t.Errorf("third says %q", c.Message)
	}
	if task := second.task; task.Full || task.Generation != "first" || task.Previous.Backup != "first" || task.Previous.Password != task.Password {
		t.Errorf("second: %+v, want an incremental on generation first", task)
	}
	second.finish()
	untilBackup(t, r, "second", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	third := atWork(t, r, "third", 1)
	if task := third.task; !task.Full || task.Generation != "third" || task.Previous.Backup != "second" || task.Previous.Password == task.Password ||
		task.Epoch.Recipient != second.task.Epoch.Recipient || task.Database.Password == second.task.Database.Password {
		t.Errorf("third: %+v, want a full one that knows the objects of second", task)
	}
	third.finish()
	untilBackup(t, r, "third", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
}

// failedAttempts fails three times, with a pause and under another operator, and then
// for good.
func failedAttempts(t *testing.T, r *rig.Rig) {
	r.Create(backupOf("acme", "unlucky", v1alpha1.BackupIncremental))
	said, err := json.Marshal(backup.Outcome{Message: "could not list the bucket; see whether it answers"})
	rig.Check(t, err)
	a := atWork(t, r, "unlucky", 1)
	r.Hands.EndJob(t, &a.job, contract.ExitUnavailable, string(said))
	waits := untilBackup(t, r, "unlucky", v1alpha1.ConditionComplete, v1alpha1.ReasonRetrying)
	if c := meta.FindStatusCondition(waits.Status.Conditions, v1alpha1.ConditionComplete); !strings.Contains(c.Message, "could not list the bucket") {
		t.Errorf("it says %q", c.Message)
	}
	if loginOpen(t, r, a.task.TenantID) {
		t.Error("the login is open between two attempts")
	}
	r.Stop()
	r.Now.Forward(6 * time.Minute) // further than any pause
	r.Operate()
	for attempt := 2; attempt <= 3; attempt++ {
		a = atWork(t, r, "unlucky", attempt)
		r.Hands.EndJob(t, &a.job, contract.ExitUnavailable, string(said))
	}
	failed := untilBackup(t, r, "unlucky", v1alpha1.ConditionFailed, v1alpha1.ReasonBackupUnavailable)
	if !meta.IsStatusConditionTrue(failed.Status.Conditions, v1alpha1.ConditionStalled) || failed.Status.Attempt != 3 {
		t.Errorf("status %+v", failed.Status)
	}
	nothingLeft(t, r, "tenant-acme", failed.Status.TenantID, "unlucky")
}

// wrongManifest ends well with the manifest of another generation, signed as it should
// be: no attempt counts.
func wrongManifest(t *testing.T, r *rig.Rig) {
	r.Create(backupOf("acme", "forged", v1alpha1.BackupIncremental))
	for attempt := 1; attempt <= 3; attempt++ {
		atWork(t, r, "forged", attempt).finish(func(m *backup.Manifest) { m.Generation = "first" })
	}
	failed := untilBackup(t, r, "forged", v1alpha1.ConditionFailed, v1alpha1.ReasonManifestWrong)
	nothingLeft(t, r, "tenant-acme", failed.Status.TenantID, "forged")
}

func goneBackup(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	var b v1alpha1.TenantBackup
	r.Eventually(name+" is gone", func() bool {
		return apierrors.IsNotFound(r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &b))
	}, func() string { return fmt.Sprintf("%+v", b) })
}

// takenName deletes a finished TenantBackup, which deletes nothing of it, and makes
// another one of its name.
func takenName(t *testing.T, r *rig.Rig) {
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantBackup{ObjectMeta: rig.Named("second")}))
	goneBackup(t, r, "second")
	r.Create(backupOf("acme", "second", v1alpha1.BackupIncremental))
	refused := untilBackup(t, r, "second", v1alpha1.ConditionFailed, v1alpha1.ReasonBackupNameTaken)
	nothingLeft(t, r, "tenant-acme", refused.Status.TenantID, "second")
}

func deletedBackup(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	r.Create(backupOf("acme", "unwanted", v1alpha1.BackupIncremental))
	a := atWork(t, r, "unwanted", 1)
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantBackup{ObjectMeta: rig.Named("unwanted")}))
	goneBackup(t, r, "unwanted")
	nothingLeft(t, r, "tenant-acme", acme.Status.ID, "unwanted")
	var job batchv1.Job
	if err := r.Client.Get(t.Context(), client.ObjectKeyFromObject(&a.job), &job); err == nil && job.DeletionTimestamp.IsZero() {
		t.Error("the Job of a deleted backup goes on")
	}
}

// suspendedBackup is at work while its company is suspended, and again after.
func suspendedBackup(t *testing.T, r *rig.Rig) {
	r.Healthy("sleeper")
	r.Create(backupOf("sleeper", "asleep-1", v1alpha1.BackupFull))
	a := atWork(t, r, "asleep-1", 1)
	conn := rig.Connect(t, a.task.Database)
	setSuspended(r, "sleeper", true)
	asleep(r, "sleeper")
	r.Poke("sleeper")
	if err := conn.Ping(t.Context()); err != nil || !loginOpen(t, r, a.task.TenantID) {
		t.Errorf("a backup at work was cut off by spec.suspended: %v", err)
	}
	var job batchv1.Job
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKeyFromObject(&a.job), &job))
	if !job.DeletionTimestamp.IsZero() {
		t.Error("the Job of a backup was removed by spec.suspended")
	}
	a.finish()
	untilBackup(t, r, "asleep-1", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	nothingLeft(t, r, "tenant-sleeper", a.task.TenantID, "asleep-1")
	sleepingOn(t, r)
}

// leavingBackup loses its company while it is at work; an earlier one outlives it.
func leavingBackup(t *testing.T, r *rig.Rig) {
	r.Healthy("leaver")
	r.Create(backupOf("leaver", "kept", v1alpha1.BackupFull))
	atWork(t, r, "kept", 1).finish()
	untilBackup(t, r, "kept", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	r.Create(backupOf("leaver", "late", v1alpha1.BackupIncremental))
	a := atWork(t, r, "late", 1)
	r.Remove("leaver")
	untilBackup(t, r, "late", v1alpha1.ConditionFailed, v1alpha1.ReasonTenantNotFound)
	if loginOpen(t, r, a.task.TenantID) {
		t.Error("the login of a company that left is open")
	}
	if b := untilBackup(t, r, "kept", v1alpha1.ConditionComplete, v1alpha1.ReasonDone); b.Status.TenantID != a.task.TenantID || !b.DeletionTimestamp.IsZero() {
		t.Errorf("the backup of a company that left: %+v", b)
	}
}
