package parts

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/progress"
)

// smallModule writes a module that the test's part is built from.
func smallModule(t *testing.T, program string) (root string, part Part) {
	t.Helper()
	root = t.TempDir()
	dir := filepath.Join(root, "parts", "small")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module example.org/small\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "main.go"), program)
	return root, Part{Name: "small", Module: &Module{Dir: "parts/small", Programs: map[string]string{"small": "."}, Links: []string{"alias"}}}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustKey(t *testing.T, part Part, root, goVersion string) string {
	t.Helper()
	_, key, err := part.key(root, goVersion)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeyChangesWithAllThatDecides(t *testing.T) {
	root, part := smallModule(t, "package main\n\nfunc main() {}\n")
	first := mustKey(t, part, root, "go1.26.8")
	if again := mustKey(t, part, root, "go1.26.8"); again != first {
		t.Errorf("the same inputs have keys %s and %s", first, again)
	}
	keys := map[string]string{first: "nothing"}
	changes := []struct {
		what   string
		change func(*Part)
		goIs   string
	}{
		{"the version of Go", func(*Part) {}, "go1.27.0"},
		{"the tags", func(p *Part) { m := *p.Module; m.Tags = "extra"; p.Module = &m }, "go1.26.8"},
		{"cgo", func(p *Part) { m := *p.Module; m.CGO = true; p.Module = &m }, "go1.26.8"},
		{"a file of the module", func(*Part) {
			write(t, filepath.Join(root, "parts/small/main.go"), "package main\n\nfunc main() { println() }\n")
		}, "go1.26.8"},
		{"a new file", func(*Part) { write(t, filepath.Join(root, "parts/small/go.sum"), "") }, "go1.26.8"},
	}
	for _, c := range changes {
		changed := part
		c.change(&changed)
		key := mustKey(t, changed, root, c.goIs)
		if other, taken := keys[key]; taken {
			t.Errorf("changing %s has the same key as changing %s", c.what, other)
		}
		keys[key] = c.what
	}
}

func TestKeyOfRootFileSystem(t *testing.T) {
	part := Part{Name: "x", Rootfs: &Rootfs{Packages: []string{"bash"}}}
	first := mustKey(t, part, "", "go1")
	part.Rootfs = &Rootfs{Packages: []string{"bash"}, Remove: []string{"usr/share/x"}}
	if second := mustKey(t, part, "", "go1"); second == first || !strings.HasPrefix(second, "trixie-") {
		t.Errorf("keys %s and %s", first, second)
	}
}

func TestVersionComesFromTheModule(t *testing.T) {
	path := filepath.Join(t.TempDir(), "go.mod")
	write(t, path, "module m\n\ngo 1.26.0\n\nrequire example.org/single v1.2.3\n\nrequire (\n\texample.org/a v0.1.0\n\texample.org/a/b v2.0.0 // indirect\n)\n")
	for module, want := range map[string]string{"example.org/single": "v1.2.3", "example.org/a": "v0.1.0", "example.org/a/b": "v2.0.0"} {
		if version, err := requiredVersion(path, module); err != nil || version != want {
			t.Errorf("%s: %s, %v; want %s", module, version, err, want)
		}
	}
	if _, err := requiredVersion(path, "example.org/b"); err == nil {
		t.Error("a module that is not required has a version")
	}
}

// TestBuildsOnceForAll lets several runs ask for the same part at once.
func TestBuildsOnceForAll(t *testing.T) {
	root, part := smallModule(t, "package main\n\nimport \"os\"\n\nfunc main() { print(os.Args[0]) }\n")
	var out bytes.Buffer
	cache := &Cache{Dir: t.TempDir(), Root: root, Progress: progress.New(&out)}
	// What a build that was killed leaves must not be in the way.
	if err := os.MkdirAll(filepath.Join(cache.Dir, "parts", "small", ".building", "half"), 0o755); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	said := make(chan string, 4)
	for range 4 {
		running.Go(func() {
			_, what, err := cache.ensure(t.Context(), part, "go1")
			if err != nil {
				what = err.Error()
			}
			said <- what
		})
	}
	running.Wait()
	close(said)
	built := 0
	for what := range said {
		if what == "v0 built" {
			built++
		} else if what != "v0 was just built by another run" && what != "v0 is in the cache" {
			t.Errorf("a run said %q", what)
		}
	}
	if built != 1 {
		t.Errorf("built %d times", built)
	}
	dir, _, err := cache.ensure(t.Context(), part, "go1")
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.Run(t.Context(), command.Spec{Args: []string{filepath.Join(dir, "alias")}})
	if err != nil {
		t.Errorf("call it by its other name: %v %s", err, output)
	}
}

func TestFailedBuildLeavesNoResult(t *testing.T) {
	root, part := smallModule(t, "package main\n\nfunc main() { nonsense }\n")
	cache := &Cache{Dir: t.TempDir(), Root: root, Progress: progress.New(&bytes.Buffer{})}
	_, _, err := cache.ensure(t.Context(), part, "go1")
	if err == nil || !strings.Contains(err.Error(), "nonsense") || !strings.Contains(err.Error(), "build.log") {
		t.Errorf("said %v", err)
	}
	if ready(filepath.Join(cache.Dir, "parts", "small", mustKey(t, part, root, "go1"))) {
		t.Error("the failed build counts as ready")
	}
}

func TestRefusalIsExplained(t *testing.T) {
	cases := map[string]struct{ output, want string }{
		"module": {
			"go: downloading x\ngo: example.org/x@v1.0.0: reading https://proxy/x: 403 Forbidden\nserver response: no\n",
			"refused: go: example.org/x@v1.0.0: reading https://proxy/x: 403 Forbidden; choose a version that can be had",
		},
		"package": {"Reading lists\nE: Unable to locate package mmdebstrap\n", "refused: E: Unable to locate package mmdebstrap"},
		"disk":    {"compile: writing output: write /x: no space left on device\n", "the disk is full"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := explain(&command.Error{Args: []string{"go"}, Output: c.output, Err: errors.New("exit status 1")})
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("said %q, want %q", err, c.want)
			}
		})
	}
}

func TestUnknownPartIsNamed(t *testing.T) {
	cache := &Cache{}
	_, err := cache.Ensure(context.Background(), "etcd", "mysql", "oracle")
	if err == nil || !strings.Contains(err.Error(), "no part is called mysql, oracle: choose from etcd, postgres, kubernetes") {
		t.Errorf("said %v", err)
	}
}

// TestCatalogueMatchesTheTree finds each wrapper module and its version.
func TestCatalogueMatchesTheTree(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range catalogue {
		if (part.Module == nil) == (part.Rootfs == nil) {
			t.Errorf("%s must be either a module or a root file system", part.Name)
		}
		version, key, err := part.key(root, "go1")
		if err != nil || !strings.HasPrefix(key, version+"-") {
			t.Errorf("%s: version %q, key %q, %v", part.Name, version, key, err)
		}
	}
}
