package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const architecture = runtime.GOARCH

// recipe says how the context of an image is filled, and what its bytes depend on.
type recipe struct {
	part     string            // a part of hack/cluster that the image is made of
	programs map[string]string // file in the context → package in this repository
	sources  []string          // files and folders whose content decides those programs
	web      bool              // the page is built first, because a program embeds it
}

// office is what the tenant app is made of; the platform shares its contract alone.
const office = "tenant-app"

// recipes of this repository, by image.
var recipes = map[string]recipe{
	"atrium": {
		programs: map[string]string{"operator": "./cmd/operator", "gateway": "./cmd/gateway"},
		sources:  []string{"go.mod", "go.sum", "api", "cmd", "controllers", "internal", office + "/contract"},
	},
	"atrium-agent": {
		part:     "agent",
		programs: map[string]string{"agent": "./cmd/agent"},
		sources:  []string{"go.mod", "go.sum", "cmd/agent", "internal/agent", "internal/backup", "internal/restic", office + "/contract"},
	},
	"atrium-office": {
		programs: map[string]string{"atrium-office": "./" + office},
		sources:  []string{"go.mod", "go.sum", office},
		web:      true,
	},
	"alertmanager": {part: "alertmanager"},
	"minio":        {part: "minio"},
	"postgres":     {part: "postgres"},
	"prometheus":   {part: "prometheus"},
}

// names lists all images: those that are only packed before those that are compiled.
func names() []string {
	return []string{"postgres", "minio", "prometheus", "alertmanager", "atrium", "atrium-agent", "atrium-office"}
}

func (w *workshop) recipe(image string) (recipe, error) {
	r, ok := w.recipes[image]
	if !ok {
		return recipe{}, fmt.Errorf("no image is called %q: choose from %s", image, strings.Join(names(), ", "))
	}
	return r, nil
}

// key names the state of everything that image depends on, this program included.
func (w *workshop) key(image string, r recipe, partDir string) (string, error) {
	sum := newSum()
	sum.text(runtime.Version(), architecture, w.version, partDir)
	files := []string{filepath.Join(w.root, "hack", "images"), filepath.Join(w.root, "images", image)}
	for _, source := range r.sources {
		files = append(files, filepath.Join(w.root, source))
	}
	for _, file := range files {
		if err := sum.tree(file); err != nil {
			return "", fmt.Errorf("read what the image %s is made of: %w", image, err)
		}
	}
	return sum.short(), nil
}

// fill puts into folder what the COPY lines of the image's Dockerfile name.
func (w *workshop) fill(ctx context.Context, image, folder string) error {
	r, err := w.recipe(image)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the context of %s: %w", image, err)
	}
	if r.part != "" {
		dirs, err := w.parts(ctx, []string{r.part})
		if err != nil {
			return err
		}
		if err := w.command(ctx, w.root, "cp", "--archive", dirs[r.part], filepath.Join(folder, "part")); err != nil {
			return err
		}
	}
	if r.web {
		if err := w.buildPage(ctx); err != nil {
			return err
		}
	}
	for _, file := range slices.Sorted(maps.Keys(r.programs)) {
		if err := w.compile(ctx, filepath.Join(folder, file), r.programs[file]); err != nil {
			return err
		}
	}
	return nil
}

// buildTags leave out databases that Caddy's own certificate authority, which the
// gateway does not use, could store into: 7 MB less.
const buildTags = "nobadger,nomysql,nopgx"

// compile builds a static program whose bytes depend on its sources alone.
func (w *workshop) compile(ctx context.Context, target, pkg string) error {
	return w.command(ctx, w.root, "env", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath",
		"-tags", buildTags, "-gcflags=all=-dwarf=false", // -s -w drops it anyway
		"-ldflags", "-s -w -buildid= -X main.release="+w.version, "-o", target, pkg)
}

// parts asks hack/cluster for the folders of its parts; it builds what is missing.
func (w *workshop) parts(ctx context.Context, wanted []string) (map[string]string, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", ".", "parts"}, wanted...)...)
	cmd.Dir = filepath.Join(w.root, "hack", "cluster")
	cmd.Stderr = w.progress
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("get %s from hack/cluster: %w", strings.Join(wanted, ", "), err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[name] = dir
		}
	}
	for _, name := range wanted {
		if dirs[name] == "" {
			return nil, fmt.Errorf("hack/cluster did not say where its part %s is", name)
		}
	}
	return dirs, nil
}

// command runs a program quietly; what it wrote is told only when it fails.
func (w *workshop) command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", strings.Join(cmd.Args, " "), dir, err, tail(string(out)))
	}
	return nil
}

// tail is the end of a program's output, where its error stands.
func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
