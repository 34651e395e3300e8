// Package layout holds the tests over the tree itself: who may import whom, and
// what every package owes its reader. The rules are those of docs/decisions/0001.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "atrium.dev/atrium/"
	// buildTags leave out the databases that Caddy's own authority could keep its
	// certificates in; hack/images builds with them.
	buildTags = "nobadger,nomysql,nopgx"
)

// pkg is what `go list` says of one package; paths inside the module are relative.
type pkg struct {
	ImportPath string
	Name       string
	Doc        string
	GoFiles    []string // without tests
	Imports    []string
	Deps       []string
}

func packages(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Name,Doc,GoFiles,Imports,Deps"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	var found []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		for i := range p.Imports {
			p.Imports[i] = strings.TrimPrefix(p.Imports[i], module)
		}
		found = append(found, p)
	}
	if len(found) == 0 {
		t.Fatal("go list found no package")
	}
	return found
}

// rule forbids imports: a package below one of `from` imports nothing that matches
// `never`, unless it matches `except`.
type rule struct {
	why    string
	from   []string
	never  []string
	except []string
}

var (
	own      = []string{"api", "cmd", "controllers", "internal", "tenant-app", "test", "hack"}
	adapters = []string{"internal/postgres", "internal/registry", "internal/objectstore", "internal/placement", "internal/keys", "internal/restic"}
	programs = []string{"internal/gateway", "internal/agent"}
	// appModules meet through events and small interfaces, never by import.
	appModules = []string{
		"chat", "task", "todo", "form", "approval", "attendance", "doc", "kb", "meeting",
		"project", "announce", "desk", "report", "integrate", "guide",
	}
)

func rules() []rule {
	all := []rule{
		{"the API is nouns: it imports apimachinery only", []string{"api"}, append(slices.Clone(own), "sigs.k8s.io/controller-runtime", "k8s.io/client-go"), []string{"api"}},
		{"internal serves controllers, not the other way round", []string{"internal"}, []string{"controllers", "cmd", "test", "hack"}, nil},
		{"controllers are wired by cmd", []string{"controllers"}, []string{"cmd", "test", "hack"}, nil},
		{"adapters can be used without a cluster", adapters, []string{"sigs.k8s.io/controller-runtime", "k8s.io"}, nil},
		{"programs are not controllers", programs, []string{"controllers"}, nil},
		{"the platform knows the app by its contract alone", []string{"api", "cmd", "controllers", "internal"}, []string{"tenant-app"}, []string{"tenant-app/contract"}},
		// What tests share starts servers of test/env; no program contains it (below).
		{"the app knows nothing of the platform", []string{"tenant-app"}, append(slices.Clone(own), "k8s.io", "sigs.k8s.io"), []string{"tenant-app", "test/env"}},
		{"the contract is the standard library alone", []string{"tenant-app/contract"}, append(slices.Clone(own), "github.com", "k8s.io", "golang.org"), nil},
	}
	for _, m := range appModules {
		others := slices.DeleteFunc(slices.Clone(appModules), func(o string) bool { return o == m })
		for i := range others {
			others[i] = "tenant-app/internal/" + others[i]
		}
		all = append(all, rule{"modules of the app meet through events", []string{"tenant-app/internal/" + m}, others, nil})
	}
	return all
}

func (r rule) breaks(p pkg) []string {
	if !below(p.ImportPath, r.from) {
		return nil
	}
	var bad []string
	for _, i := range p.Imports {
		if below(i, r.never) && !below(i, r.except) {
			bad = append(bad, i)
		}
	}
	return bad
}

func below(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
}

func TestImportsFollowTheHouse(t *testing.T) {
	found := packages(t, "./...")
	for _, r := range rules() {
		for _, p := range found {
			for _, bad := range r.breaks(p) {
				t.Errorf("%s imports %s: %s", p.ImportPath, bad, r.why)
			}
		}
	}
}

func TestRulesCanFail(t *testing.T) {
	for _, p := range []pkg{
		{ImportPath: "api/v1alpha1", Imports: []string{"internal/postgres"}},
		{ImportPath: "internal/registry", Imports: []string{"sigs.k8s.io/controller-runtime/pkg/client"}},
		{ImportPath: "controllers/tenant", Imports: []string{"tenant-app/internal/auth"}},
		{ImportPath: "tenant-app/internal/auth", Imports: []string{"api/v1alpha1"}},
		{ImportPath: "tenant-app/internal/chat", Imports: []string{"tenant-app/internal/task"}},
		{ImportPath: "tenant-app/contract", Imports: []string{"github.com/minio/minio-go/v7"}},
	} {
		if !slices.ContainsFunc(rules(), func(r rule) bool { return len(r.breaks(p)) > 0 }) {
			t.Errorf("no rule forbids %s to import %s", p.ImportPath, p.Imports[0])
		}
	}
}

func TestProgramsStaySmall(t *testing.T) {
	for program, never := range map[string][]string{
		"./cmd/operator": {"github.com/caddyserver", "github.com/dop251/goja", "github.com/xuri/excelize"},
		"./cmd/gateway":  {"github.com/dop251/goja", "github.com/xuri/excelize", "github.com/uptrace/bun", "github.com/jackc/pgx"},
		"./tenant-app":   {"k8s.io", "sigs.k8s.io", "github.com/caddyserver"},
	} {
		// The tags are those that hack/images builds with.
		for _, p := range packages(t, "-tags="+buildTags, program) {
			for _, dep := range p.Deps {
				if below(dep, never) || below(dep, []string{module + "test", module + "hack"}) {
					t.Errorf("%s contains %s", program, dep)
				}
			}
		}
	}
}

func TestPackagesExplainThemselves(t *testing.T) {
	banned := []string{"util", "utils", "common", "helper", "helpers", "misc"}
	for _, p := range packages(t, "./...") {
		if slices.Contains(banned, p.Name) {
			t.Errorf("package %s: the name %s says nothing", p.ImportPath, p.Name)
		}
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("package %s has no comment that says what it is for", p.ImportPath)
		}
	}
}

// A mutant that no longer applies proves nothing; `make mutants` tries the rest.
func TestMutantsApplyAndNameATest(t *testing.T) {
	root := filepath.Join("..", "..")
	patches, err := filepath.Glob(filepath.Join(root, "hack/mutants/*.patch"))
	if err != nil || len(patches) == 0 {
		t.Fatalf("%d mutants, %v", len(patches), err)
	}
	for _, patch := range patches {
		raw, err := os.ReadFile(patch)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(raw); !strings.HasPrefix(text, "# breaks: ") || !strings.Contains(text, "\n# test: ") {
			t.Errorf("%s does not begin with what it breaks and its test", filepath.Base(patch))
		}
		check := exec.CommandContext(t.Context(), "git", "apply", "--check", filepath.Join("hack/mutants", filepath.Base(patch)))
		check.Dir = root
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply any more: make it again: %s", filepath.Base(patch), out)
		}
	}
}
