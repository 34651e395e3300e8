package rig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

// AsSuperuser looks into the rig's database behind the product's back.
func (r *Rig) AsSuperuser(do func(*pgx.Conn)) {
	r.T.Helper()
	conn, err := pgx.Connect(r.T.Context(), env.PostgresServer(r.T).SuperuserDSN(r.Database.Name))
	Check(r.T, err)
	defer func() { Check(r.T, conn.Close(r.T.Context())) }()
	do(conn)
}

// File reads a settings file as the app would.
func File[T any](t testing.TB, r *Rig, namespace, secretName, name string) (value T) {
	t.Helper()
	var s corev1.Secret
	Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: secretName}, &s))
	Check(t, json.Unmarshal(s.Data[name], &value))
	return value
}

// Connect logs in as the app would.
func Connect(t testing.TB, d contract.Database) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig("sslmode=disable")
	Check(t, err)
	config.Host, config.Port, config.Database, config.User, config.Password = d.Host, uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(t.Context(), config)
	Check(t, err)
	t.Cleanup(func() { _ = conn.Close(background(t)) })
	return conn
}

// Root is the store's own user.
func (r *Rig) Root() *minio.Client {
	r.T.Helper()
	c, err := minio.New(strings.TrimPrefix(r.Store.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(r.Store.AccessKey, r.Store.SecretKey, "")})
	Check(r.T, err)
	return c
}

// BucketExists asks the store's own user.
func (r *Rig) BucketExists(name string) bool {
	r.T.Helper()
	exists, err := r.Root().BucketExists(r.T.Context(), name)
	Check(r.T, err)
	return exists
}

// PutObject puts a small object into a bucket.
func (r *Rig) PutObject(bucket string) {
	r.T.Helper()
	_, err := r.Root().PutObject(r.T.Context(), bucket, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	Check(r.T, err)
}

// WrappedCopies names the wrapped root keys of an id in the backup store.
func (r *Rig) WrappedCopies(id string) (names []string) {
	r.T.Helper()
	options := minio.ListObjectsOptions{Prefix: id + "/", Recursive: true}
	for object := range r.Root().ListObjectsIter(r.T.Context(), r.Installation+"-keys", options) {
		Check(r.T, object.Err)
		names = append(names, object.Key)
	}
	return names
}

// Left lists what the servers still have of an id.
func (r *Rig) Left(id string) (left []string) {
	r.T.Helper()
	r.AsSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(r.T.Context(), `
			SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE $1 UNION
			SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE $1 UNION
			SELECT 'login ' || rolname FROM pg_roles WHERE rolname LIKE $1 AND rolcanlogin UNION
			SELECT 'row ' || state FROM atrium.tenants WHERE id = $2`, "t\\_"+id+"\\_%", id)
		Check(r.T, err)
		left, err = pgx.CollectRows(rows, pgx.RowTo[string])
		Check(r.T, err)
	})
	if r.BucketExists(r.Installation + "-" + id) {
		left = append(left, "bucket")
	}
	slices.Sort(left)
	return left
}

// Inventory is all that exists for a tenant, with its name and id taken out.
func (r *Rig) Inventory(t *v1alpha1.Tenant) []string {
	r.T.Helper()
	all := r.Left(t.Status.ID)
	for _, kind := range append(namespaced(), &corev1.Namespace{}) {
		list, err := listOf(r.Client.Scheme(), kind)
		Check(r.T, err, r.Client.List(r.T.Context(), list, client.MatchingLabels{v1alpha1.LabelTenantID: t.Status.ID}))
		Check(r.T, meta.EachListItem(list, func(o runtime.Object) error {
			all = append(all, fmt.Sprintf("%T %s", o, o.(client.Object).GetName()))
			return nil
		}))
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		var rows int
		Check(r.T, conn.QueryRow(r.T.Context(), `SELECT count(*) FROM atrium.tenants WHERE name = $1`, t.Name).Scan(&rows))
		all = append(all, fmt.Sprintf("registry rows %d", rows))
	})
	all = append(all, fmt.Sprintf("wrapped keys %d", len(r.WrappedCopies(t.Status.ID))))
	for i := range all {
		all[i] = strings.NewReplacer(t.Name, "<name>", t.Status.ID, "<id>").Replace(all[i])
	}
	slices.Sort(all)
	return all
}
