// Package debian installs the Debian packages that a part needs. Packages stay
// installed: taking them away again could break what others use.
package debian

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"atrium.dev/hack/cluster/internal/command"
)

const (
	updateLimit  = 3 * time.Minute
	installLimit = 10 * time.Minute
)

// Missing returns those of the packages that are not installed.
func Missing(ctx context.Context, packages []string) []string {
	var missing []string
	for _, name := range packages {
		status, err := command.Output(ctx, "dpkg-query", "-W", "-f=${db:Status-Status}", name)
		if err != nil || status != "installed" {
			missing = append(missing, name)
		}
	}
	return missing
}

// Ensure installs what is missing of the packages and returns their names. Lists
// are fetched anew when apt knows no candidate for one of them. lockDir holds
// the file that keeps two runs of this tool from installing at the same time.
func Ensure(ctx context.Context, lockDir string, packages ...string) ([]string, error) {
	if len(Missing(ctx, packages)) == 0 {
		return nil, nil
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("packages %s are missing: run as root, or install them with apt-get install",
			strings.Join(Missing(ctx, packages), " "))
	}
	unlock, err := lock(filepath.Join(lockDir, "apt.lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	missing := Missing(ctx, packages)
	if len(missing) == 0 {
		return nil, nil
	}
	if !known(ctx, missing) {
		if err := apt(ctx, updateLimit, "update"); err != nil {
			return nil, fmt.Errorf("fetch Debian's package lists: %w; check /etc/apt/sources.list and the network", err)
		}
	}
	if err := apt(ctx, installLimit, append([]string{"install", "-y", "--no-install-recommends"}, missing...)...); err != nil {
		return nil, fmt.Errorf("install Debian packages %s: %w; this tool needs Debian 12 or newer with its main archive",
			strings.Join(missing, " "), err)
	}
	return missing, nil
}

// known says whether apt has a candidate for each package.
func known(ctx context.Context, packages []string) bool {
	for _, name := range packages {
		policy, err := command.Output(ctx, "apt-cache", "policy", name)
		if err != nil || policy == "" || strings.Contains(policy, "Candidate: (none)") {
			return false
		}
	}
	return true
}

func apt(ctx context.Context, limit time.Duration, args ...string) error {
	full := append([]string{"apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::http::Timeout=30"}, args...)
	_, err := command.Run(ctx, command.Spec{Args: full, Env: []string{"DEBIAN_FRONTEND=noninteractive"}, Limit: limit})
	return err
}

func lock(path string) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
