package controllers_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

func restoreOf(company, from, name string, mode v1alpha1.RestoreMode) *v1alpha1.TenantRestore {
	return &v1alpha1.TenantRestore{ObjectMeta: rig.Named(name), Spec: v1alpha1.TenantRestoreSpec{Tenant: company, Backup: from, Mode: mode}}
}

// untilRestore waits until a condition of a TenantRestore has a reason.
func untilRestore(t *testing.T, r *rig.Rig, name, condition, reason string) *v1alpha1.TenantRestore {
	t.Helper()
	var tr v1alpha1.TenantRestore
	r.Eventually(name+" "+condition+" "+reason, func() bool {
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &tr))
		c := meta.FindStatusCondition(tr.Status.Conditions, condition)
		return c != nil && c.Reason == reason
	}, func() string { return fmt.Sprintf("%+v", tr.Status) })
	return &tr
}

// registered is what the registry says of a company's data.
type registered struct {
	Schema, Release, Target, Hold, Backup string
	Epoch                                 int64
}

func registeredOf(t *testing.T, r *rig.Rig, id string) (row registered) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT schema, release, target, hold, backup, data_epoch FROM atrium.tenants WHERE id = $1`, id).
			Scan(&row.Schema, &row.Release, &row.Target, &row.Hold, &row.Backup, &row.Epoch))
	})
	return row
}

// schemas of a company.
func schemas(t *testing.T, r *rig.Rig, id string) (names []string) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(t.Context(), `SELECT nspname::text FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY 1`, "t_"+id+"_")
		rig.Check(t, err)
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		rig.Check(t, err)
	})
	return names
}

// dataOf a company: a digest of each table of a schema, and each object with its content.
func dataOf(t *testing.T, r *rig.Rig, schema, bucket string) map[string]string {
	t.Helper()
	all := map[string]string{}
	r.AsSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(t.Context(), `SELECT tablename::text FROM pg_tables WHERE schemaname = $1`, schema)
		rig.Check(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		rig.Check(t, err)
		for _, table := range tables {
			var digest string
			q := fmt.Sprintf(`SELECT count(*) || ' ' || coalesce(md5(string_agg(x::text, ',' ORDER BY x::text COLLATE "C")), '') FROM %s x`, pgx.Identifier{schema, table}.Sanitize())
			rig.Check(t, conn.QueryRow(t.Context(), q).Scan(&digest))
			all["table "+table] = digest
		}
	})
	for o := range r.Root().ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		rig.Check(t, o.Err)
		body, err := r.Root().GetObject(t.Context(), bucket, o.Key, minio.GetObjectOptions{})
		rig.Check(t, err)
		raw, err := io.ReadAll(body)
		rig.Check(t, err)
		all["object "+o.Key] = string(raw)[:min(len(raw), 100)]
	}
	return all
}

// destroyed does to a company what somebody with a stolen login, or a mistake, does.
func destroyed(t *testing.T, r *rig.Rig, schema, bucket string) {
	t.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `TRUNCATE `+pgx.Identifier{schema, "person"}.Sanitize()+` CASCADE`)
		rig.Check(t, err)
	})
	for o := range r.Root().ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: "a/", Recursive: true}) {
		rig.Check(t, o.Err, r.Root().RemoveObject(t.Context(), bucket, o.Key, minio.RemoveObjectOptions{}))
	}
}

func goneRestore(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	var tr v1alpha1.TenantRestore
	r.Eventually(name+" is gone", func() bool {
		return apierrors.IsNotFound(r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &tr))
	}, func() string { return fmt.Sprintf("%+v", tr) })
}

// untouched expects a company that serves what it had, and nothing left of a restore.
func untouched(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, before registered, restore string) {
	t.Helper()
	if now := registeredOf(t, r, acme.Status.ID); now != before {
		t.Errorf("the registry says %+v, want %+v", now, before)
	}
	if all := schemas(t, r, acme.Status.ID); len(all) != 1 || all[0] != before.Schema {
		t.Errorf("schemas %v, want %s alone", all, before.Schema)
	}
	if !opens(r, rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")) || *deployment(r, "acme").Spec.Replicas != 1 {
		t.Error("the company does not serve")
	}
	for _, object := range []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}, &networkingv1.NetworkPolicy{}} {
		if err := r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "restore-" + restore}, object); !apierrors.IsNotFound(err) {
			t.Errorf("%T of restore %s: %v, want it gone", object, restore, err)
		}
	}
	if tenant := r.Ready("acme"); tenant.Annotations[v1alpha1.AnnotationRestore] != "" {
		t.Errorf("annotations %v", tenant.Annotations)
	}
}

// damage writes over the encrypted copy of each object; the function takes that back.
func damage(t *testing.T, r *rig.Rig, bucket string) (undo func()) {
	t.Helper()
	var versions []minio.UploadInfo
	for o := range r.Root().ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: "e/", Recursive: true}) {
		rig.Check(t, o.Err)
		if strings.HasSuffix(o.Key, "/identity") {
			continue
		}
		info, err := r.Root().PutObject(t.Context(), bucket, o.Key, strings.NewReader(strings.Repeat("x", int(o.Size))), o.Size, minio.PutObjectOptions{})
		rig.Check(t, err)
		versions = append(versions, info)
	}
	return func() {
		for _, v := range versions {
			rig.Check(t, r.Root().RemoveObject(t.Context(), bucket, v.Key, minio.RemoveObjectOptions{VersionID: v.VersionID}))
		}
	}
}

// serves expects the app's settings to lead to a schema, and its login to open it.
func serves(t *testing.T, r *rig.Rig, schema string) {
	t.Helper()
	r.Ready("acme")
	d := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
	if d.Schema != schema {
		t.Errorf("the app is told schema %s, want %s", d.Schema, schema)
	}
	var path string
	conn := rig.Connect(t, d)
	rig.Check(t, conn.QueryRow(t.Context(), `SELECT current_schema()`).Scan(&path))
	if path != schema {
		t.Errorf("the login finds schema %s, want %s", path, schema)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE person SET name = name`); err != nil {
		t.Errorf("the app's login cannot write what came back: %v", err)
	}
	if tenant := r.Ready("acme"); tenant.Annotations[v1alpha1.AnnotationRestore] != "" {
		t.Errorf("annotations %v", tenant.Annotations)
	}
}
