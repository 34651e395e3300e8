package env

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

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

// A server of another test may be tied to a thread that once started one of ours, and
// dies with it. So no thread that was there before ends with a program.
func TestStartEndsNoThread(t *testing.T) {
	for range 20 {
		before, err := filepath.Glob("/proc/self/task/*")
		if err != nil || len(before) == 0 {
			t.Fatalf("threads of this process: %v, %v", before, err)
		}
		ended, err := Start(exec.Command("true"))
		if err != nil {
			t.Fatal(err)
		}
		<-ended
		time.Sleep(5 * time.Millisecond) // the thread would end after the goroutine
		for _, thread := range before {
			if _, err := os.Stat(thread); err != nil {
				t.Fatalf("a thread ended with the program: %v", err)
			}
		}
	}
}
