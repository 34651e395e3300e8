package env

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func TestPostgresAdminIsNoSuperuser(t *testing.T) {
	d := Postgres(t)
	conn, err := pgx.Connect(t.Context(), d.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var super, createrole, createdb bool
	var version int
	err = conn.QueryRow(t.Context(), `SELECT rolsuper, rolcreaterole, rolcreatedb, current_setting('server_version_num')::int
		FROM pg_roles WHERE rolname = current_user`).Scan(&super, &createrole, &createdb, &version)
	if err != nil {
		t.Fatal(err)
	}
	if super || !createrole || !createdb || version < 170000 {
		t.Fatalf("superuser %v, createrole %v, createdb %v, version %d", super, createrole, createdb, version)
	}
}

func TestMinIOStoresAnObject(t *testing.T) {
	s := MinIO(t)
	client, err := minio.New(s.Endpoint[len("http://"):], &minio.Options{Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), "env-test", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if found, err := client.BucketExists(t.Context(), "env-test"); err != nil || !found {
		t.Fatalf("bucket exists: %v, %v", found, err)
	}
}
