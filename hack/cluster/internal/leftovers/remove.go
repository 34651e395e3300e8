package leftovers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/network"
)

// Remove takes away what is left of a cluster whose programs have been stopped.
// It goes on after a failure and returns all of them. While a store is kept, its
// link, the bridge and the folder of its namespace stay.
func (b Baseline) Remove(ctx context.Context, stateDir string, storeKept bool) error {
	return errors.Join(
		killContainers(ctx, stateDir),
		b.unmount(stateDir),
		b.removeLinks(ctx, storeKept),
		b.removeRules(ctx),
		b.removeSets(ctx),
		b.removePaths(storeKept),
		removeCgroups(),
		b.restoreSysctls(),
	)
}

// killContainers ends shims, which carry the socket of our containerd in their
// command line, and all processes in the cgroups of pods.
func killContainers(ctx context.Context, stateDir string) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		pids := append(shims(stateDir), podProcesses()...)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of containers do not end: see /proc/<pid>/stack", pids)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func shims(stateDir string) []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		args := strings.Split(string(content), "\x00")
		if filepath.Base(args[0]) == "containerd-shim-runc-v2" && slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, stateDir+"/") }) {
			pids = append(pids, pidOf(file))
		}
	}
	return pids
}

func pidOf(cmdline string) int {
	var pid int
	_, _ = fmt.Sscanf(cmdline, "/proc/%d/", &pid)
	return pid
}

func (b Baseline) removeLinks(ctx context.Context, storeKept bool) error {
	out, err := command.Output(ctx, "ip", "-json", "link", "show")
	if err != nil {
		return err
	}
	var links []struct {
		Name string `json:"ifname"`
	}
	if err := json.Unmarshal([]byte(out), &links); err != nil {
		return err
	}
	pods, err := network.PodLinks(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, link := range links {
		if !network.Own(link.Name) && !slices.Contains(pods, link.Name) {
			continue
		}
		if storeKept && (link.Name == network.Bridge || link.Name == network.StoreLink) {
			continue
		}
		// The other end of a pair goes with the first one.
		if _, err := command.Output(ctx, "ip", "link", "delete", link.Name); err != nil && linkExists(link.Name) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func linkExists(name string) bool {
	_, err := os.Lstat(filepath.Join("/sys/class/net", name))
	return err == nil
}

func (b Baseline) removeRules(ctx context.Context) error {
	now, err := readRules(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, args := range b.removals(now) {
		if _, err := command.Output(ctx, args...); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func (b Baseline) removeSets(ctx context.Context) error {
	var failures []error
	for _, name := range sets(ctx) {
		if strings.HasPrefix(name, "cilium_") && !slices.Contains(b.Sets, name) {
			_, err := command.Output(ctx, "ipset", "destroy", name)
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// removePaths removes what was not there before; below folders that were, the
// links that the kubelet keeps to the logs of its containers.
func (b Baseline) removePaths(storeKept bool) error {
	var failures []error
	for _, path := range fixedPaths {
		if path != netns && !slices.Contains(b.Paths, path) {
			failures = append(failures, os.RemoveAll(path))
		}
	}
	links, _ := filepath.Glob(netns + "/cni-*")
	for _, link := range links {
		failures = append(failures, os.Remove(link))
	}
	// Others may have put network namespaces beside ours; then the folder stays.
	if others, err := os.ReadDir(netns); err == nil && len(others) == 0 && !storeKept && !slices.Contains(b.Paths, netns) {
		failures = append(failures, os.Remove(netns))
	}
	if !slices.Contains(b.Mounts, bpffs) {
		if err := syscall.Unmount(bpffs, 0); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			failures = append(failures, fmt.Errorf("unmount %s: %w", bpffs, err))
		}
	}
	return errors.Join(failures...)
}

func (b Baseline) restoreSysctls() error {
	var failures []error
	for name, before := range b.Sysctls {
		path := filepath.Join("/proc/sys", name)
		now, err := os.ReadFile(path)
		if err != nil || strings.TrimSpace(string(now)) == before {
			continue
		}
		if err := os.WriteFile(path, []byte(before+"\n"), 0o644); err != nil {
			failures = append(failures, fmt.Errorf("restore the setting %s: %w", name, err))
		}
	}
	return errors.Join(failures...)
}
