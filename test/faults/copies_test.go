package faults

import (
	"crypto/ed25519"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// agents stand in for the pods of backups' and restores' Jobs. They live on when an
// operator dies, and do with what a Job is given what the agent and the app would do for
// a company of one table and one file; the real ones are tried by internal/agent and
// controllers.
type agents struct {
	*rig.Rig
	t     *testing.T
	fails map[string]bool  // companies whose next first attempt fails
	kept  map[string]saved // by backup's name
}

// saved is what a backup holds.
type saved struct {
	People   []string
	manifest string // as it was written
	bucket   string
	copy     string // its key
}

// work runs what Jobs there are.
func (a *agents) work() {
	var list batchv1.JobList
	rig.Check(a.t, a.Client.List(a.t.Context(), &list, client.MatchingLabels{v1alpha1.LabelComponent: v1alpha1.AgentName}))
	for i := range list.Items {
		if job := &list.Items[i]; len(job.Status.Conditions) == 0 && job.DeletionTimestamp.IsZero() {
			a.run(job)
		}
	}
}

func (a *agents) run(job *batchv1.Job) {
	of := "backup-" + job.Labels[v1alpha1.LabelBackup]
	if name := job.Labels[v1alpha1.LabelRestore]; name != "" {
		of = "restore-" + name
	}
	err := a.Client.Get(a.t.Context(), client.ObjectKey{Namespace: job.Namespace, Name: of}, &corev1.Secret{})
	if apierrors.IsNotFound(err) {
		return // its pod waits for what it mounts
	}
	rig.Check(a.t, err)
	if company := job.Labels[v1alpha1.LabelTenant]; a.fails[company] {
		a.fails[company] = false
		a.Hands.EndJob(a.t, job, contract.ExitUnavailable, `{"message":"the store does not answer"}`)
		return
	}
	switch command := job.Spec.Template.Spec.Containers[0].Args[0]; command {
	case backup.CommandBackup:
		a.backUp(rig.File[backup.Task](a.t, a.Rig, job.Namespace, of, backup.TaskFile))
	case backup.CommandRestore:
		a.bringBack(rig.File[backup.Task](a.t, a.Rig, job.Namespace, of, backup.TaskFile))
	case backup.CommandProve:
		d := rig.File[contract.Database](a.t, a.Rig, job.Namespace, of, contract.FileDatabase)
		a.asked(d, func(conn *pgx.Conn) { people(a.t, conn, d.Schema) })
	default: // the app's migration
		a.migrate(rig.File[contract.Database](a.t, a.Rig, job.Namespace, of, contract.FileDatabase))
	}
	a.Hands.EndJob(a.t, job, 0, "")
}

// asked connects with a login, which has to be open.
func (a *agents) asked(d contract.Database, do func(*pgx.Conn)) {
	conn := rig.Connect(a.t, d)
	defer func() { _ = conn.Close(a.t.Context()) }()
	do(conn)
}

func people(t *testing.T, conn *pgx.Conn, schema string) []string {
	rows, err := conn.Query(t.Context(), `SELECT name FROM `+pgx.Identifier{schema, "people"}.Sanitize()+` ORDER BY name COLLATE "C"`)
	rig.Check(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	rig.Check(t, err)
	return names
}

func (a *agents) migrate(d contract.Database) {
	a.asked(d, func(conn *pgx.Conn) {
		for _, statement := range []string{`SET ROLE ` + pgx.Identifier{d.Role}.Sanitize(), `CREATE TABLE IF NOT EXISTS ` + pgx.Identifier{d.Schema, "people"}.Sanitize() + ` (name text)`} {
			_, err := conn.Exec(a.t.Context(), statement)
			rig.Check(a.t, err)
		}
	})
}

func (a *agents) backUp(task backup.Task) {
	var s saved
	a.asked(task.Database, func(conn *pgx.Conn) { s.People = people(a.t, conn, task.Database.Schema) })
	if _, err := a.store(task.Bucket).StatObject(a.t.Context(), task.Bucket.Name, "a/b", minio.StatObjectOptions{}); err != nil {
		a.t.Errorf("the agent of %s reads the company's file: %v", task.Backup, err)
	}
	raw, err := json.Marshal(s)
	rig.Check(a.t, err)
	s.bucket, s.copy = task.Store.Name, backup.RepositoryOf(task.Generation)+"/data/"+task.Backup
	a.put(task, s.copy, raw)
	now := a.Now.Now().UTC()
	m := backup.Manifest{
		Version: 1, Backup: task.Backup, Previous: task.Previous.Backup, Full: task.Full, TenantID: task.TenantID, Tenant: task.Tenant,
		Installation: task.Installation, Release: task.Release, SchemaVersion: task.SchemaVersion, PostgreSQL: "17.6",
		OperatorVersion: task.OperatorVersion, KeyID: task.KeyID, Generation: task.Generation, Snapshot: "abc", Schema: task.Generation, SchemaEpoch: task.Epoch.ID,
		Epochs: []backup.EpochSeen{{ID: task.Epoch.ID, Recipient: task.Epoch.Recipient}}, Moment: now, Finished: now,
		Tables: []backup.Table{{Name: "people", Rows: int64(len(s.People))}}, Objects: backup.Objects{Count: 1, Bytes: 1}, ReadBytes: 1000, StoredBytes: 100,
	}
	manifest, signature, err := m.Sign(ed25519.NewKeyFromSeed(task.Sign))
	rig.Check(a.t, err)
	a.put(task, backup.ProgressOf(task.Backup), []byte(`{"step":"Rows","at":"2026-11-22T10:00:00Z"}`))
	a.put(task, backup.SignatureOf(task.Backup), signature)
	a.put(task, backup.ManifestOf(task.Backup), manifest)
	s.manifest = string(manifest)
	a.kept[task.Backup] = s
}

// bringBack fills a schema in one transaction, and the bucket but for a drill.
func (a *agents) bringBack(task backup.Task) {
	var s saved
	copies := a.store(task.Store)
	rig.Check(a.t, json.Unmarshal([]byte(fetch(a.t, copies, task.Store.Name, backup.RepositoryOf(task.Generation)+"/data/"+task.Backup)), &s))
	a.asked(task.Database, func(conn *pgx.Conn) {
		table := pgx.Identifier{task.Database.Schema, "people"}.Sanitize()
		_, err := conn.Exec(a.t.Context(), `SET ROLE `+pgx.Identifier{task.Database.Role}.Sanitize())
		rig.Check(a.t, err, pgx.BeginFunc(a.t.Context(), conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(a.t.Context(), `DELETE FROM `+table); err != nil {
				return err
			}
			_, err := tx.Exec(a.t.Context(), `INSERT INTO `+table+` SELECT unnest($1::text[])`, s.People)
			return err
		}))
	})
	a.put(task, backup.ProgressOf(task.Backup), []byte(`{"step":"Rows","at":"2026-11-22T10:00:00Z"}`))
	if task.Bucket.Name != "" {
		_, err := a.store(task.Bucket).PutObject(a.t.Context(), task.Bucket.Name, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{})
		rig.Check(a.t, err)
	}
}

func (a *agents) store(b contract.Bucket) *minio.Client {
	c, err := minio.New(strings.TrimPrefix(b.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, b.SessionToken)})
	rig.Check(a.t, err)
	return c
}

func (a *agents) put(task backup.Task, key string, content []byte) {
	_, err := a.store(task.Store).PutObject(a.t.Context(), task.Store.Name, key, strings.NewReader(string(content)), int64(len(content)), minio.PutObjectOptions{})
	rig.Check(a.t, err)
}

func fetch(t *testing.T, c *minio.Client, bucket, key string) string {
	t.Helper()
	body, err := c.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	rig.Check(t, err)
	raw, err := io.ReadAll(body)
	rig.Check(t, err)
	return string(raw)
}

// whole looks whether all backups lie in the store as they were made, and nothing beside
// them says that somebody is at work.
func (a *agents) whole() {
	a.t.Helper()
	for name, s := range a.kept {
		manifest, content := fetch(a.t, a.Root(), s.bucket, backup.ManifestOf(name)), saved{}
		rig.Check(a.t, json.Unmarshal([]byte(fetch(a.t, a.Root(), s.bucket, s.copy)), &content))
		if manifest != s.manifest || !slices.Equal(content.People, s.People) {
			a.t.Errorf("backup %s is not what it was", name)
		}
		for object := range a.Root().ListObjectsIter(a.t.Context(), s.bucket, minio.ListObjectsOptions{Prefix: "p/", Recursive: true, WithVersions: true}) {
			a.t.Errorf("%s is left in %s: %v", object.Key, s.bucket, object.Err)
		}
	}
}
