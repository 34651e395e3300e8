package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// repository is where the images live in name only: nothing is ever pulled from it.
const repository = "atrium.dev"

// workshop builds images of one checkout into one cache folder.
type workshop struct {
	root     string // of the checkout
	shelf    string // where archives and their index are kept
	version  string // of the product: appVersion of the chart
	recipes  map[string]recipe
	progress io.Writer
}

// built is an image on the shelf.
type built struct {
	Name    string `json:"name"`
	Ref     string `json:"ref"`     // name:tag
	Digest  string `json:"digest"`  // of the manifest, sha256:…
	Archive string `json:"archive"` // absolute path
	Key     string `json:"key"`     // sum of what it was made of
}

func newWorkshop(progress io.Writer) (*workshop, error) {
	root, err := checkout()
	if err != nil {
		return nil, err
	}
	chart, err := os.ReadFile(filepath.Join(root, "charts", "atrium", "Chart.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the product's version: %w", err)
	}
	found := regexp.MustCompile(`(?m)^appVersion: "?([^"\s]+)"?$`).FindSubmatch(chart)
	if found == nil {
		return nil, errors.New("read the product's version: charts/atrium/Chart.yaml has no appVersion")
	}
	cache := os.Getenv("ATRIUM_CACHE")
	if cache == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find the cache folder: %w; set ATRIUM_CACHE", err)
		}
		cache = filepath.Join(home, "atrium")
	}
	shelf, err := filepath.Abs(filepath.Join(cache, "images"))
	if err != nil {
		return nil, fmt.Errorf("find the cache folder: %w; set ATRIUM_CACHE", err)
	}
	return &workshop{root: root, shelf: shelf, version: string(found[1]), recipes: recipes, progress: progress}, nil
}

// checkout finds the repository's top folder above the working folder.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "images", "atrium", "Dockerfile")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find the checkout: run this inside the repository, for example with go run -C hack/images")
		}
	}
}

// build brings the named images (all without names) up to date and returns
// those that are ready, in the order asked for, also when a later one fails.
func (w *workshop) build(ctx context.Context, wanted []string) ([]built, error) {
	if len(wanted) == 0 {
		wanted = names()
	}
	if err := os.MkdirAll(w.shelf, 0o755); err != nil {
		return nil, fmt.Errorf("make the image cache: %w; set ATRIUM_CACHE to a folder that can be written", err)
	}
	unlock, err := lock(filepath.Join(w.shelf, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	var parts []string
	for _, name := range wanted {
		r, err := w.recipe(name)
		if err != nil {
			return nil, err
		}
		if r.part != "" {
			parts = append(parts, r.part)
		}
	}
	dirs, err := w.parts(ctx, parts)
	if err != nil {
		return nil, err
	}
	index := w.readIndex()
	var ready []built
	for _, name := range wanted {
		image, err := w.ensure(ctx, name, dirs[w.recipes[name].part], index[name])
		if err != nil {
			return ready, err
		}
		index[name] = image
		ready = append(ready, image)
		if err := w.writeIndex(index); err != nil {
			return ready, err
		}
	}
	return ready, nil
}

// ensure builds one image unless former is still what its sources give.
func (w *workshop) ensure(ctx context.Context, name, partDir string, former built) (built, error) {
	start := time.Now()
	key, err := w.key(name, w.recipes[name], partDir)
	if err != nil {
		return built{}, err
	}
	if _, err := os.Stat(former.Archive); err == nil && former.Key == key {
		w.line(former, "unchanged", start)
		return former, nil
	}
	image, err := w.make(ctx, name, key)
	if err != nil {
		return built{}, fmt.Errorf("build the image %s: %w", name, err)
	}
	if former.Archive != "" && former.Archive != image.Archive {
		if err := os.Remove(former.Archive); err != nil && !os.IsNotExist(err) {
			return built{}, fmt.Errorf("remove the former archive of %s: %w", name, err)
		}
	}
	w.line(image, "built", start)
	return image, nil
}

func (w *workshop) make(ctx context.Context, name, key string) (built, error) {
	raw, err := os.ReadFile(filepath.Join(w.root, "images", name, "Dockerfile"))
	if err != nil {
		return built{}, err
	}
	file, err := parseDockerfile(raw)
	if err != nil {
		return built{}, fmt.Errorf("images/%s/Dockerfile: %w", name, err)
	}
	if file.labels[versionLabel] == "" {
		file.labels[versionLabel] = w.version
	}
	bench, err := os.MkdirTemp(w.shelf, ".bench-*")
	if err != nil {
		return built{}, err
	}
	defer func() { _ = os.RemoveAll(bench) }()
	folder := filepath.Join(bench, "context")
	if err := w.fill(ctx, name, folder); err != nil {
		return built{}, err
	}
	image, err := pack(file, folder, filepath.Join(bench, "layer.tar.gz"))
	if err != nil {
		return built{}, err
	}
	digest, err := image.Digest()
	if err != nil {
		return built{}, err
	}
	result := built{
		Name: name, Key: key, Digest: digest.String(),
		Ref:     repository + "/" + name + ":" + file.labels[versionLabel],
		Archive: filepath.Join(w.shelf, name+"-"+digest.Hex[:16]+".tar"),
	}
	return result, writeArchive(result.Archive, image, result.Ref, result.digestRef(repository))
}

// pack makes the image of what file copies out of context.
func pack(file dockerfile, context, layer string) (v1.Image, error) {
	list, err := entries(file, context)
	if err != nil {
		return nil, err
	}
	out, err := os.Create(layer)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	if err := writeLayer(out, list); err != nil {
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return assemble(file, layer)
}

// digestRef refers to the image by content in a registry.
func (b built) digestRef(registry string) string {
	return registry + "/" + b.Name + "@" + b.Digest
}

func (w *workshop) line(b built, said string, start time.Time) {
	size := int64(0)
	if info, err := os.Stat(b.Archive); err == nil {
		size = info.Size()
	}
	_, _ = fmt.Fprintf(w.progress, "  %-24s %-40s %6.1fs\n", "image "+b.Name, fmt.Sprintf("%s, %.1f MB, %s", said, float64(size)/1e6, b.Digest[:19]), time.Since(start).Seconds())
}

// readIndex returns what is on the shelf; a missing or broken index is an empty
// one, and images that are built no more are forgotten.
func (w *workshop) readIndex() map[string]built {
	index := map[string]built{}
	raw, err := os.ReadFile(filepath.Join(w.shelf, "index.json"))
	if err != nil || json.Unmarshal(raw, &index) != nil {
		return map[string]built{}
	}
	maps.DeleteFunc(index, func(name string, _ built) bool { _, known := w.recipes[name]; return !known })
	return index
}

func (w *workshop) writeIndex(index map[string]built) error {
	raw, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(w.shelf, "index.json")
	if err := os.WriteFile(file+".new", append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the image index: %w", err)
	}
	return os.Rename(file+".new", file)
}

// lock waits for another run on the same shelf; it ends with the process at the latest.
func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the image cache: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock the image cache: %w", err)
	}
	return func() { _ = file.Close() }, nil
}
