// Package leftovers knows what the cluster's programs leave in the kernel and
// on the disk when they are gone, and removes it. What was there before the
// cluster stays: it may be somebody else's.
package leftovers

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"atrium.dev/hack/cluster/internal/command"
)

// Baseline is what this machine had before the first "up".
type Baseline struct {
	Tables  []string          `json:"tables"`  // nft tables, "family name"
	Chains  []string          `json:"chains"`  // their chains, "family table chain"
	Paths   []string          `json:"paths"`   // those of fixedPaths that existed
	Mounts  []string          `json:"mounts"`  // mount points that the cluster may add
	Sets    []string          `json:"sets"`    // ipsets
	Sysctls map[string]string `json:"sysctls"` // values of those that the cluster changes
}

// netns is where the names of network namespaces stand, other people's as well.
const netns = "/run/netns"

// fixedPaths are files and folders whose place the programs do not let us choose.
var fixedPaths = []string{
	"/run/cilium", netns, "/run/containerd", "/run/runc", "/run/xtables.lock", "/run/flannel",
	"/var/log/pods", "/var/log/containers", "/usr/libexec/kubernetes",
	"/var/lib/kubelet", "/var/lib/cni", "/var/lib/cilium", "/etc/cni", "/etc/cni/net.d", "/etc/kubernetes", "/opt/cni", "/opt/cni/bin",
	"/sys/fs/bpf/cilium", "/sys/fs/bpf/tc",
}

// changedSysctls are the settings that kubelet, kube-proxy, Cilium and this
// tool write, as paths below /proc/sys.
var changedSysctls = []string{
	"kernel/keys/root_maxbytes", "kernel/keys/root_maxkeys", "kernel/panic", "kernel/panic_on_oops", "kernel/timer_migration",
	"net/core/bpf_jit_enable", "net/core/fb_tunnels_only_for_init_net",
	"net/ipv4/conf/all/forwarding", "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/forwarding", "net/ipv4/conf/default/rp_filter",
	"net/ipv4/conf/all/route_localnet", "net/ipv4/fib_multipath_use_neigh", "net/ipv4/ip_forward", "net/ipv4/ip_local_reserved_ports",
	"vm/overcommit_memory", "vm/panic_on_oom",
}

// bpffs is where pinned programs live; Cilium mounts it when nobody has.
const bpffs = "/sys/fs/bpf"

// TakeBaseline looks at the machine.
func TakeBaseline(ctx context.Context) (Baseline, error) {
	baseline := Baseline{Sysctls: map[string]string{}}
	rules, err := readRules(ctx)
	if err != nil {
		return Baseline{}, err
	}
	for _, chain := range rules.chains {
		baseline.Chains = append(baseline.Chains, chain.String())
	}
	for _, table := range rules.tables {
		baseline.Tables = append(baseline.Tables, table.String())
	}
	for _, path := range fixedPaths {
		if _, err := os.Lstat(path); err == nil {
			baseline.Paths = append(baseline.Paths, path)
		}
	}
	mounts, err := mountPoints()
	if err != nil {
		return Baseline{}, err
	}
	for _, mount := range mounts {
		if mount == bpffs || strings.HasPrefix(mount, "/run/cilium/") {
			baseline.Mounts = append(baseline.Mounts, mount)
		}
	}
	baseline.Sets = sets(ctx)
	for _, name := range changedSysctls {
		if value, err := os.ReadFile(filepath.Join("/proc/sys", name)); err == nil {
			baseline.Sysctls[name] = strings.TrimSpace(string(value))
		}
	}
	return baseline, nil
}

// sets lists the names of ipsets; a kernel without them has none.
func sets(ctx context.Context) []string {
	out, _ := command.Output(ctx, "ipset", "list", "-name")
	return strings.Fields(out)
}

// Read reads a baseline that was kept.
func Read(path string) (Baseline, error) {
	var baseline Baseline
	content, err := os.ReadFile(path)
	if err != nil {
		return Baseline{}, err
	}
	return baseline, json.Unmarshal(content, &baseline)
}
