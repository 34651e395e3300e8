package isolation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// TestLostCluster loses etcd with everything in it. Databases and stores stay; the
// Tenants are applied again from files to a new cluster, which adopts each of them
// and touches none of their data. A wrong name and another installation, which know
// no more than the right ones do, adopt nothing. Until a person brings the recovery
// identity, nothing starts.
func TestLostCluster(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	names := []string{"acme", "globex", "initech"}
	for _, name := range names {
		r.Create(rig.Company(name))
	}
	former := map[string]v1alpha1.TenantStatus{}
	for _, name := range names {
		former[name] = r.Healthy(name).Status
		fill(t, r, former[name])
	}
	data := digests(t, r, former)
	r.Stop()

	anew := rig.Beside(t, r)
	if err := anew.Start(); err == nil || !strings.Contains(err.Error(), "in use by another cluster") {
		t.Fatalf("two clusters at a time: %v, want the second refused while the first's heartbeat is fresh", err)
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `UPDATE atrium.installations SET heartbeat = now() - interval '1 hour'`)
		rig.Check(t, err)
	})
	silence(anew)
	anew.Operate()
	for _, name := range append(names, "acme2") {
		anew.Create(rig.Company(name))
	}
	t.Run("nothing starts without the keys", func(t *testing.T) {
		for _, name := range names {
			anew.Until(name, "lacks its key", func(t *v1alpha1.Tenant) bool {
				return rig.Condition(t, v1alpha1.ConditionKeyReady).Reason == v1alpha1.ReasonKeyMissing
			})
			err := anew.Client.Get(t.Context(), client.ObjectKey{Namespace: v1alpha1.NamespacePrefix + name, Name: v1alpha1.OfficeName}, &appsv1.Deployment{})
			if !apierrors.IsNotFound(err) {
				t.Errorf("the app of %s runs without its company's key: %v", name, err)
			}
		}
	})
	anew.Create(rig.Secret("recovery-identity", map[string]string{"identity": rig.RecoveryIdentity}))
	t.Run("every company is adopted", func(t *testing.T) {
		for _, name := range names {
			anew.Healthy(name)
		}
		acts := anew.API.Take()
		for _, name := range names {
			now, was := anew.Healthy(name).Status, former[name]
			if now.ID != was.ID || now.Schema != was.Schema || now.Bucket != was.Bucket {
				t.Errorf("%s came back as %s with %s and %s, want %s, %s, %s", name, now.ID, now.Schema, now.Bucket, was.ID, was.Schema, was.Bucket)
			}
			startedOnce(t, anew, name, acts)
			var people int
			rig.Check(t, rig.Connect(t, rig.File[contract.Database](t, anew, now.Namespace, v1alpha1.SecretOfficeDatabase, contract.FileDatabase)).
				QueryRow(t.Context(), `SELECT count(*) FROM people`).Scan(&people))
			if people != 100 {
				t.Errorf("the app of %s finds %d people, want 100", name, people)
			}
		}
	})
	t.Run("a wrong name adopts nothing", func(t *testing.T) { newcomer(t, anew.Healthy("acme2").Status, former) })
	t.Run("another installation adopts nothing", func(t *testing.T) {
		anew.Stop()
		other := rig.On(t, rig.Servers{Database: r.Database, Store: r.Store, Installation: "elsewhere"})
		other.Operate()
		other.Create(rig.Company("acme"))
		newcomer(t, other.Healthy("acme").Status, former)
	})
	now := digests(t, r, former)
	maps.DeleteFunc(now, func(what, _ string) bool {
		// A key that was brought back is wrapped once more; what was there stays.
		return strings.Contains(what, " key ") && data[what] == ""
	})
	if diff := cmp.Diff(data, now); diff != "" {
		t.Errorf("data was touched (-before +now):\n%s", diff)
	}
}

// silence begins the count of an operator's acts.
func silence(r *rig.Rig) {
	r.API.Take()
	r.SQL.Take()
	r.S3.Take()
}

// newcomer holds that a company got nothing that was another's.
func newcomer(t *testing.T, now v1alpha1.TenantStatus, former map[string]v1alpha1.TenantStatus) {
	t.Helper()
	for name, was := range former {
		if now.ID == was.ID || now.Schema == was.Schema || now.Bucket == was.Bucket {
			t.Errorf("it adopted %s, which is %s's", now.ID, name)
		}
	}
}

// fill gives a company people and files.
func fill(t *testing.T, r *rig.Rig, of v1alpha1.TenantStatus) {
	t.Helper()
	d := rig.File[contract.Database](t, r, of.Namespace, v1alpha1.SecretOfficeMigrate, contract.FileDatabase)
	conn := rig.Connect(t, d)
	_, err := conn.Exec(t.Context(), `SET ROLE `+d.Role+`; CREATE TABLE people (id int PRIMARY KEY, name text);
		INSERT INTO people SELECT n, '第' || n || '位' FROM generate_series(1, 100) AS n`, pgx.QueryExecModeSimpleProtocol)
	rig.Check(t, err)
	for i := range 5 {
		content := fmt.Sprintf("file %d of %s", i, of.ID)
		_, err := r.Root().PutObject(t.Context(), of.Bucket, fmt.Sprintf("people/%d", i), strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
		rig.Check(t, err)
	}
}

// digests of all rows, and of all versions of all files and of the wrapped keys.
func digests(t *testing.T, r *rig.Rig, of map[string]v1alpha1.TenantStatus) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, status := range of {
		for o := range r.Root().ListObjectsIter(t.Context(), r.Installation+"-keys", minio.ListObjectsOptions{Prefix: status.ID, Recursive: true, WithVersions: true}) {
			rig.Check(t, o.Err)
			all[name+" key "+o.Key+" "+o.VersionID] = o.ETag + " " + o.LastModified.String()
		}
		r.AsSuperuser(func(conn *pgx.Conn) {
			var rows string
			rig.Check(t, conn.QueryRow(t.Context(), fmt.Sprintf(
				`SELECT count(*) || ' ' || md5(string_agg(p::text || xmin::text, ',' ORDER BY id)) FROM %s.people p`, status.Schema)).Scan(&rows))
			all[name+" people"] = rows
		})
		for o := range r.Root().ListObjectsIter(t.Context(), status.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			rig.Check(t, o.Err)
			all[name+" "+o.Key+" "+o.VersionID] = o.ETag + " " + o.LastModified.String()
		}
	}
	return all
}

// startedOnce holds that the new cluster made a company's pods once: one write of
// the Deployment, its first generation, and no migration.
func startedOnce(t *testing.T, r *rig.Rig, name string, acts []string) {
	t.Helper()
	var d appsv1.Deployment
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: v1alpha1.NamespacePrefix + name, Name: v1alpha1.OfficeName}, &d))
	writes := slices.DeleteFunc(slices.Clone(acts), func(act string) bool {
		return !strings.HasSuffix(act, "/namespaces/"+d.Namespace+"/deployments/office") && !strings.Contains(act, "/namespaces/"+d.Namespace+"/jobs")
	})
	if d.Generation != 1 || len(writes) != 1 {
		t.Errorf("%s: Deployment of generation %d after %v, want one write of it and no migration", name, d.Generation, writes)
	}
}
