package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFromEnvironment(t *testing.T) {
	for set, want := range map[string]Dir{"": DefaultDir, "/srv/x": "/srv/x", "/srv/x/": "/srv/x"} {
		t.Setenv("ATRIUM_STATE", set)
		if got, err := FromEnvironment(); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", set, got, err, want)
		}
	}
	t.Setenv("ATRIUM_STATE", "/srv/"+strings.Repeat("x", 60))
	if _, err := FromEnvironment(); err == nil || !strings.Contains(err.Error(), "set ATRIUM_STATE to a shorter one") {
		t.Errorf("a folder that is too long for sockets: %v", err)
	}
}

func TestWriteFileReplaces(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		if err := dir.WriteFile([]byte(content), 0o600, "config", "x"); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(dir.Path("config", "x"))
	if err != nil || string(content) != "two" {
		t.Errorf("holds %q, %v", content, err)
	}
	if files, _ := filepath.Glob(dir.Path("config", "*")); len(files) != 1 {
		t.Errorf("the folder holds %v", files)
	}
	if info, err := os.Stat(dir.Path("certs")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("keys lie in a folder with mode %v, %v", info.Mode(), err)
	}
}
