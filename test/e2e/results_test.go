//go:build e2e && (soak || scale)

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// commit names the tree that is tested, and says when it has uncommitted changes.
func commit(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "describe", "--always", "--dirty=+changes", "--exclude=*").Output()
	if err != nil {
		t.Fatalf("ask git for the commit: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// number reads a whole number from the environment.
func number(t testing.TB, name string, otherwise int64) int64 {
	t.Helper()
	n, err := strconv.ParseInt(cmp.Or(os.Getenv(name), strconv.FormatInt(otherwise, 10)), 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("%s must be a whole number from 1, not %q", name, os.Getenv(name))
	}
	return n
}

// publish writes a result into docs/results, to be committed.
func publish(t testing.TB, name, markdown string) {
	t.Helper()
	dir := filepath.Join("..", "..", "docs", "results")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a folder of the repository
		t.Fatal(err)
	}
	file := filepath.Join(dir, name+".md")
	if err := os.WriteFile(file, []byte(markdown), 0o644); err != nil { //nolint:gosec // a file of the repository
		t.Fatal(err)
	}
	t.Logf("written: docs/results/%s.md", name)
}

// machine says in one line what the figures were measured on; a load above the
// number of processors means that others used the machine too.
func machine() string {
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d processors, %s/%s, load %.4s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, load)
}
