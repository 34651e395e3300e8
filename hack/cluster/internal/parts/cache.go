package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/debian"
	"atrium.dev/hack/cluster/internal/disk"
	"atrium.dev/hack/cluster/internal/progress"
)

// Cache is the folder where built parts are kept: <Dir>/parts/<name>/<key>.
type Cache struct {
	Dir      string // absolute
	Root     string // the folder hack/cluster of the source tree, absolute
	Progress *progress.Printer
}

// CacheDir is $ATRIUM_CACHE, or atrium in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("ATRIUM_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the cache: %w; set ATRIUM_CACHE", err)
	}
	return filepath.Join(home, ".cache", "atrium"), nil
}

// compilers is how many modules are compiled at once: while one is linked, or waits
// for a package that all others need, the second keeps the processors busy.
const compilers = 2

// Ensure builds those of the named parts that are missing and returns the
// absolute folder of each. Compilations and root file systems go side by side:
// the former keep the processors busy, the latter mostly wait for the network.
// The first failure ends all.
func (c *Cache) Ensure(ctx context.Context, names ...string) (map[string]string, error) {
	picked, err := pick(names)
	if err != nil {
		return nil, err
	}
	goVersion, err := command.Run(ctx, command.Spec{Args: []string{"go", "env", "GOVERSION"}, Dir: c.Root})
	if err != nil {
		return nil, fmt.Errorf("ask for the version of Go: %w", err)
	}
	goVersion = strings.TrimSpace(goVersion)
	modules, systems := make(chan Part, len(picked)), make(chan Part, len(picked))
	for _, part := range picked {
		if part.Rootfs != nil {
			systems <- part
		} else {
			modules <- part
		}
	}
	close(modules)
	close(systems)
	dirs := make(chan [2]string, len(picked))
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var working sync.WaitGroup
	for _, queue := range append(slices.Repeat([]chan Part{modules}, compilers), systems) {
		working.Go(func() {
			if err := c.ensureEach(ctx, queue, goVersion, dirs); err != nil {
				fail(err)
			}
		})
	}
	working.Wait()
	close(dirs)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for pair := range dirs {
		found[pair[0]] = pair[1]
	}
	return found, nil
}

func (c *Cache) ensureEach(ctx context.Context, queue <-chan Part, goVersion string, dirs chan<- [2]string) error {
	for part := range queue {
		err := c.Progress.Step(part.Name, func() (string, error) {
			dir, said, err := c.ensure(ctx, part, goVersion)
			if err == nil {
				dirs <- [2]string{part.Name, dir}
			}
			return said, err
		})
		if err != nil {
			return fmt.Errorf("part %s: %w", part.Name, err)
		}
	}
	return nil
}

// ensure returns the folder of one part and what to say about it. Builds of the
// same part wait for each other; a build that was interrupted leaves only a
// temporary folder, which the next one removes.
func (c *Cache) ensure(ctx context.Context, part Part, goVersion string) (dir, said string, err error) {
	version, key, err := part.key(c.Root, goVersion)
	if err != nil {
		return "", "", err
	}
	home := filepath.Join(c.Dir, "parts", part.Name)
	dir = filepath.Join(home, key)
	if ready(dir) {
		return part.result(dir), version + " is in the cache", nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", "", fmt.Errorf("make the cache folder: %w; set ATRIUM_CACHE to a folder that can be written", err)
	}
	unlock, err := disk.Lock(filepath.Join(home, "lock"))
	if err != nil {
		return "", "", err
	}
	defer unlock()
	if ready(dir) {
		return part.result(dir), version + " was just built by another run", nil
	}
	if err := disk.CheckFree(home, buildDisk, "free some, or set ATRIUM_CACHE and GOCACHE to a larger disk"); err != nil {
		return "", "", err
	}
	building := filepath.Join(home, ".building")
	if err := os.RemoveAll(building); err != nil {
		return "", "", fmt.Errorf("remove what an interrupted build left: %w", err)
	}
	if err := os.Mkdir(building, 0o755); err != nil {
		return "", "", err
	}
	if err := c.build(ctx, part, version, building); err != nil {
		return "", "", err
	}
	if err := os.Rename(building, dir); err != nil {
		return "", "", err
	}
	return part.result(dir), version + " built", nil
}

func (c *Cache) build(ctx context.Context, part Part, version, into string) error {
	if _, err := debian.Ensure(ctx, c.Dir, part.Needs...); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(filepath.Dir(into), "build.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	if part.Rootfs != nil {
		err = part.Rootfs.build(ctx, into, log)
	} else {
		err = part.Module.build(ctx, c.Root, version, into, log)
	}
	if err != nil {
		return fmt.Errorf("%w (all of it: %s)", explain(err), log.Name())
	}
	return nil
}

// ready says whether a build is complete: only complete ones get their name.
func ready(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// result is the folder that users of a part are told.
func (p Part) result(dir string) string {
	if p.Rootfs != nil {
		return filepath.Join(dir, rootfsDir)
	}
	return dir
}

// buildDisk is what the largest part (Kubernetes with its compiler cache) takes
// while it is built, in bytes.
const buildDisk = 6 << 30
