package leftovers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// mountPoints lists where file systems are mounted, in the order of mounting.
func mountPoints() ([]string, error) {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(string(content)), nil
}

// parseMounts takes the fifth field of each line and undoes its octal escapes.
func parseMounts(mountinfo string) []string {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var points []string
	for _, line := range strings.Split(mountinfo, "\n") {
		if fields := strings.Fields(line); len(fields) > 4 {
			points = append(points, unescape.Replace(fields[4]))
		}
	}
	return points
}

// unmount takes away the mounts of sandboxes, volumes and network namespaces,
// the last one first.
func (b Baseline) unmount(stateDir string) error {
	points, err := mountPoints()
	if err != nil {
		return err
	}
	slices.Reverse(points)
	var failures []error
	for _, point := range points {
		if slices.Contains(b.Mounts, point) || !ourMount(point, stateDir) {
			continue
		}
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			failures = append(failures, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(failures...)
}

// bpfSwitch can be set to 1 but never back until the machine boots again.
const bpfSwitch = "/proc/sys/kernel/unprivileged_bpf_disabled"

// GuardSwitches covers the setting that Cilium would change for good with a file
// that already says what Cilium wants; Remove uncovers it.
func GuardSwitches(stateDir string) error {
	now, err := os.ReadFile(bpfSwitch)
	if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(now)) == "1" {
		return nil
	}
	if err != nil {
		return err
	}
	cover := filepath.Join(stateDir, "run", "unprivileged_bpf_disabled")
	if err := os.WriteFile(cover, []byte("1\n"), 0o644); err != nil {
		return err
	}
	if err := syscall.Mount(cover, bpfSwitch, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("cover %s: %w", bpfSwitch, err)
	}
	return nil
}

func ourMount(point, stateDir string) bool {
	return point == bpfSwitch || strings.HasPrefix(point, stateDir+"/") || strings.HasPrefix(point, "/run/netns/cni-") ||
		strings.HasPrefix(point, "/run/cilium/")
}
