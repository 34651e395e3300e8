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
	root, err := sharedAgent()
	if err != nil {
		t.Fatal(err)
	}
	pgDump = filepath.Join(t.TempDir(), "pg_dump")
	script := fmt.Sprintf(loader, root, filepath.Join(root, "usr/lib/postgresql/17/bin/pg_dump"))
	if err := os.WriteFile(pgDump, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "usr/bin/restic"), pgDump // restic needs no library of its own
}
