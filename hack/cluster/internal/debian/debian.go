// Package debian installs the Debian packages that a part needs. Packages stay
// installed: taking them away again could break what others use.
package debian

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/disk"
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
	unlock, err := disk.Lock(filepath.Join(lockDir, "apt.lock"))
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
	if err := install(ctx, missing); err != nil {
		return nil, fmt.Errorf("install Debian packages %s: %w; this tool needs Debian 12 or newer with its main archive",
			strings.Join(missing, " "), err)
	}
	return missing, nil
}

// install tries a second time after an installation that somebody interrupted
// has been brought to its end.
func install(ctx context.Context, packages []string) error {
	args := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	err := apt(ctx, installLimit, args...)
	if err == nil {
		return nil
	}
	if _, repair := command.Run(ctx, command.Spec{
		Args: []string{"dpkg", "--configure", "-a", "--force-confold"}, Env: []string{"DEBIAN_FRONTEND=noninteractive"}, Limit: installLimit,
	}); repair != nil {
		return err
	}
	return apt(ctx, installLimit, args...)
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
