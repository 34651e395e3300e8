package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/command"
)

// buildLimit covers Kubernetes on two busy cores with nothing cached.
const buildLimit = 40 * time.Minute

// build compiles the programs into a folder, adds links and copied folders.
func (m *Module) build(ctx context.Context, root, version, into string, log io.Writer) error {
	dir := filepath.Join(root, m.Dir)
	env := []string{"CGO_ENABLED=0", "GOWORK=off"}
	if m.CGO {
		env[0] = "CGO_ENABLED=1"
	}
	flags := "-s -w"
	if m.LDFlags != "" {
		flags += " " + fmt.Sprintf(m.LDFlags, version)
	}
	for _, file := range sortedKeys(m.Programs) {
		args := []string{
			"go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-tags", m.Tags, "-ldflags", flags,
			"-gcflags=all=-dwarf=false", // -s -w drops it anyway, and making it takes a twelfth of the time
			"-o", filepath.Join(into, file), m.Programs[file],
		}
		if _, err := command.Run(ctx, command.Spec{Args: args, Dir: dir, Env: env, Log: log, Limit: buildLimit}); err != nil {
			return err
		}
	}
	for _, link := range m.Links {
		if err := os.Symlink(sortedKeys(m.Programs)[0], filepath.Join(into, link)); err != nil {
			return err
		}
	}
	return m.copyFolders(ctx, dir, into)
}

// copyFolders takes folders out of the required module's source.
func (m *Module) copyFolders(ctx context.Context, dir, into string) error {
	if len(m.Copies) == 0 {
		return nil
	}
	source, err := command.Run(ctx, command.Spec{
		Args: []string{"go", "list", "-m", "-f", "{{.Dir}}", m.Requires}, Dir: dir, Env: []string{"GOWORK=off"},
	})
	if err != nil {
		return err
	}
	for to, from := range m.Copies {
		if err := os.CopyFS(filepath.Join(into, to), os.DirFS(filepath.Join(strings.TrimSpace(source), from))); err != nil {
			return fmt.Errorf("copy %s of %s: %w", from, m.Requires, err)
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// refusals are what the clients of the registries print when they are told no.
var refusals = []string{"403 Forbidden", "404 Not Found", "410 Gone", "Unable to locate package", "has no installation candidate"}

// explain finds in the output of a failed build what decides what to do.
func explain(err error) error {
	var failed *command.Error
	if !errors.As(err, &failed) {
		return err
	}
	for _, line := range strings.Split(failed.Output, "\n") {
		for _, refusal := range refusals {
			if strings.Contains(line, refusal) {
				return fmt.Errorf("refused: %s; choose a version that can be had, or a GOPROXY or Debian mirror that has it", strings.TrimSpace(line))
			}
		}
		if strings.Contains(line, "no space left on device") {
			return fmt.Errorf("the disk is full (%s): free some, or set ATRIUM_CACHE, GOCACHE and TMPDIR to a larger one", strings.TrimSpace(line))
		}
	}
	return err
}
