package env

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// loader runs a program of an unpacked image with that image's own libraries.
const loader = "#!/bin/sh\nexec %[1]s/lib64/ld-linux-x86-64.so.2 --library-path %[1]s/usr/lib/x86_64-linux-gnu:%[1]s/lib/x86_64-linux-gnu %[2]s \"$@\"\n"

var sharedAgent = sync.OnceValues(func() (string, error) {
	parts, err := Parts("agent")
	return parts["agent"], err
})

// AgentPrograms returns restic and pg_dump of the image that the backup agent runs in.
func AgentPrograms(t testing.TB) (restic, pgDump string) {
	t.Helper()
	pgDump = PostgresProgram(t, "pg_dump")
	root, err := sharedAgent()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "usr/bin/restic"), pgDump // restic needs no library of its own
}

// PostgresProgram returns a client program of PostgreSQL 17, such as psql, of that image.
func PostgresProgram(t testing.TB, name string) string {
	t.Helper()
	root, err := sharedAgent()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	script := fmt.Sprintf(loader, root, filepath.Join(root, "usr/lib/postgresql/17/bin", name))
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}
