package leftovers

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// ruleset is what a machine with a cluster and a firewall of its own says: in
// ip filter the kubelet's chains stand beside a person's, ip mangle was made for
// the kubelet alone, ip nat was there before and ip6 filter is somebody else's.
const ruleset = `{"nftables": [
 {"metainfo": {"version": "1.0.6"}},
 {"table": {"family": "ip", "name": "filter", "handle": 1}},
 {"table": {"family": "ip", "name": "mangle", "handle": 2}},
 {"table": {"family": "ip", "name": "nat", "handle": 3}},
 {"table": {"family": "ip6", "name": "filter", "handle": 4}},
 {"table": {"family": "ip", "name": "kube-proxy", "handle": 5}},
 {"table": {"family": "ip", "name": "atrium", "handle": 6}},
 {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
 {"chain": {"family": "ip", "table": "filter", "name": "KUBE-FIREWALL", "handle": 2}},
 {"chain": {"family": "ip", "table": "mangle", "name": "PREROUTING", "handle": 1, "type": "filter", "hook": "prerouting", "prio": -150, "policy": "accept"}},
 {"chain": {"family": "ip", "table": "mangle", "name": "KUBE-KUBELET-CANARY", "handle": 2}},
 {"chain": {"family": "ip", "table": "nat", "name": "KUBE-MARK", "handle": 1}},
 {"chain": {"family": "ip", "table": "nat", "name": "OUTPUT", "handle": 2, "type": "nat", "hook": "output", "prio": -100, "policy": "accept"}},
 {"chain": {"family": "ip6", "table": "filter", "name": "mine", "handle": 1}},
 {"chain": {"family": "ip", "table": "kube-proxy", "name": "KUBE-SVC", "handle": 1}},
 {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 7, "expr": [{"counter": {"packets": 1, "bytes": 2}}, {"jump": {"target": "KUBE-FIREWALL"}}]}},
 {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 8, "expr": [{"drop": null}]}},
 {"rule": {"family": "ip", "table": "filter", "chain": "KUBE-FIREWALL", "handle": 9, "expr": [{"drop": null}]}},
 {"rule": {"family": "ip", "table": "nat", "chain": "OUTPUT", "handle": 4, "expr": [{"goto": {"target": "KUBE-MARK"}}]}}
]}`

func plan(t *testing.T, before Baseline) []string {
	t.Helper()
	now, err := parseRules([]byte(ruleset))
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, args := range before.removals(now) {
		commands = append(commands, strings.Join(args, " "))
	}
	return commands
}

func TestRemovalsKeepWhatIsNotOurs(t *testing.T) {
	got := plan(t, Baseline{Tables: []string{"ip nat"}, Chains: []string{"ip nat OUTPUT"}})
	want := []string{
		"nft delete table ip kube-proxy",
		"nft delete table ip atrium",
		"nft delete rule ip filter INPUT handle 7",
		"nft delete rule ip nat OUTPUT handle 4",
		"nft flush chain ip filter KUBE-FIREWALL",
		"nft flush chain ip mangle KUBE-KUBELET-CANARY",
		"nft flush chain ip nat KUBE-MARK",
		"nft delete chain ip filter KUBE-FIREWALL",
		"nft delete chain ip mangle KUBE-KUBELET-CANARY",
		"nft delete chain ip nat KUBE-MARK",
		"nft delete table ip mangle",
	}
	if !slices.Equal(got, want) {
		t.Errorf("planned\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRemovalsKeepWhatWasThereBefore(t *testing.T) {
	got := plan(t, Baseline{
		Tables: []string{"ip filter", "ip mangle", "ip nat", "ip6 filter", "ip kube-proxy", "ip atrium"},
		Chains: []string{"ip filter KUBE-FIREWALL", "ip mangle KUBE-KUBELET-CANARY", "ip nat KUBE-MARK", "ip kube-proxy KUBE-SVC"},
	})
	if len(got) != 0 {
		t.Errorf("planned %q on a machine where all of it was there before", got)
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(ruleset))
	f.Add([]byte(`{"nftables":[{"rule":{}},{"chain":{}},{"table":null}]}`))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, listing []byte) {
		now, err := parseRules(listing)
		if err != nil {
			return
		}
		for _, args := range (Baseline{}).removals(now) {
			if args[0] != "nft" || args[1] != "delete" && args[1] != "flush" {
				t.Errorf("planned %q", args)
			}
		}
	})
}

func TestParseMounts(t *testing.T) {
	const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
71 22 0:40 / /run/netns/cni-1 rw shared:5 - nsfs nsfs rw
72 22 0:41 / /var/lib/atrium/kubelet/pods/a\040b\134c rw - tmpfs tmpfs rw
`
	got := parseMounts(mountinfo)
	want := []string{"/", "/run/netns/cni-1", `/var/lib/atrium/kubelet/pods/a b\c`}
	if !slices.Equal(got, want) {
		t.Errorf("parsed %q, want %q", got, want)
	}
}

func TestOurMounts(t *testing.T) {
	for point, want := range map[string]bool{
		"/var/lib/atrium/kubelet/pods/x": true, "/run/netns/cni-5": true, "/run/cilium/cgroupv2": true, bpfSwitch: true,
		"/": false, "/var/lib/atrium2/x": false, "/run/netns/mine": false, "/sys/fs/bpf": false, "/proc": false,
	} {
		if got := ourMount(point, "/var/lib/atrium"); got != want {
			t.Errorf("ourMount(%q) = %v", point, got)
		}
	}
}

func TestOnlyOwnShimsAreEnded(t *testing.T) {
	if pids := shims("/var/lib/no-such-cluster"); len(pids) != 0 {
		t.Errorf("found shims %v of a cluster that does not exist", pids)
	}
	if slices.Contains(podProcesses(), os.Getpid()) {
		t.Error("this test counts as a pod's process")
	}
}
