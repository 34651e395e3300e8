package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
)

const laterRelease = "99.0.0"

// replica is one release's program on a company's schema and bucket.
type replica struct {
	*app.App

	f       *folder
	release string
}

// TestTwoReleasesServeOneCompany runs this release beside a later one, as a rollout
// does: with a kind of job and a page file that this release does not know, on a schema
// that is newer. What only a later one knows is left to it, and is never failed; both
// answer, and each hands out the page files of both.
func TestTwoReleasesServeOneCompany(t *testing.T) {
	f := migrated(t)
	now := built(t, f, app.Release, map[string]string{"web/dist/a/page.js": "this page"}, true)
	later := built(t, f, laterRelease, map[string]string{
		"web/dist/a/page.js":      "a later page",
		"internal/audit/audit.go": edited(t, "internal/audit/audit.go", `sealJob = "audit.seal"`, `sealJob = "audit.seal-all"`),
	}, false)
	for _, r := range []*replica{now, later} {
		r.migrate(t)
	}
	execAsOwner(t, f.tenant, fmt.Sprintf("INSERT INTO schema_version (version, name) VALUES (%d, 'later')", store.NewestSchema()+1))
	later.serve(t)
	signInWrongly(t, later.Listen, "acme.localhost:8080") // the audit log asks for its seal
	db, err := store.Open(t.Context(), f.tenant.App)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows := func() string {
		var found []string
		err := db.Q(t.Context()).NewRaw(`SELECT concat_ws(' ', kind, 'v' || version, attempts, leased_until, dead_at, last_error) FROM job
			WHERE key IS DISTINCT FROM 'every' ORDER BY kind, version`).Scan(t.Context(), &found)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(found, ", ")
	}
	const seal, known, newer = "audit.seal-all v1 0", "search.index v1 0", "search.index v2 0"
	await(t, "the later release to plan a job", func() bool { return rows() == seal })
	execAsOwner(t, f.tenant, "UPDATE job SET run_at = now() - interval '1 minute'")
	execAsOwner(t, f.tenant, `INSERT INTO job (id, kind, version, payload, run_at, data_epoch, created_at)
		SELECT gen_random_uuid(), 'search.index', v, 'null', now(), 1, now() FROM generate_series(1, 2) v`)
	if got := rows(); got != seal+", "+known+", "+newer {
		t.Fatalf("before this release runs there are jobs: %s", got)
	}

	now.serve(t)
	await(t, "this release to do what it knows", func() bool { return rows() == seal+", "+newer })
	if v := now.version(t); v.NewestSchema != store.NewestSchema() || v.SchemaVersion != store.NewestSchema()+1 || v.NextDue != "" {
		t.Errorf("this release says %+v", v)
	}
	for _, r := range []*replica{now, later} {
		for release, want := range map[string]string{app.Release: "this page", laterRelease: "a later page"} {
			status, body := get(t, r.Listen, "/assets/"+release+"/a/page.js", "acme.localhost:8080")
			if status != http.StatusOK || body != want {
				t.Errorf("release %s answers for the page of %s with %d: %.60s", r.release, release, status, body)
			}
		}
	}

	later.pause(t, false)
	await(t, "the later release to do its own", func() bool { return rows() == newer })
}

// built compiles the app with files in place of those of the checkout. While works is
// false its jobs wait.
func built(t *testing.T, f *folder, release string, files map[string]string, works bool) *replica {
	t.Helper()
	dir := t.TempDir()
	a, err := app.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	root, err := env.Repository()
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]string{}
	for name, text := range files {
		file := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, "tenant-app", name)] = file
	}
	raw, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", list, "-ldflags", "-X main.release="+release, "-o", a.Program, "./tenant-app")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build release %s: %v\n%s", release, err, out)
	}
	own := *f
	own.dir = t.TempDir()
	a.Settings = own.dir
	r := &replica{App: a, f: &own, release: release}
	own.settings.Release = release
	own.write(t, contract.FileBucket, own.bucket)
	r.pause(t, !works)
	return r
}

// edited is a file of the app with words replaced, each of which must be there.
func edited(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("%s does not hold %q once: change this test with it", name, pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// pause says whether jobs wait.
func (r *replica) pause(t *testing.T, waits bool) {
	t.Helper()
	r.f.settings.Outbound = !waits
	r.f.write(t, contract.FileSettings, r.f.settings)
}

func (r *replica) migrate(t *testing.T) {
	t.Helper()
	r.f.write(t, contract.FileDatabase, r.f.tenant.Migrate)
	if err := r.Run(t.Context(), contract.CommandMigrate, "up"); err != nil {
		t.Fatal(err)
	}
	r.f.write(t, contract.FileDatabase, r.f.tenant.App)
}

func (r *replica) serve(t *testing.T) {
	t.Helper()
	if _, err := r.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) version(t *testing.T) contract.Version {
	t.Helper()
	_, body := get(t, r.Ops, contract.PathVersion, "")
	var v contract.Version
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}
