package cluster

import (
	"encoding/json"
	"strings"
	"testing"
)

func newCluster() *Cluster {
	return &Cluster{State: "/var/lib/x", Parts: map[string]string{
		"etcd": "/cache/etcd/1", "kubernetes": "/cache/kubernetes/1", "containerd": "/cache/containerd/1", "runc": "/cache/runc/1",
		"cilium": "/cache/cilium/1", "coredns": "/cache/coredns/v1-abc", "pause": "/cache/pause/v0-def",
	}}
}

func rendered(t *testing.T, name string) string {
	t.Helper()
	v := newCluster().values()
	v.PodCIDR = "10.244.0.0/24"
	content, err := v.render(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestRender holds what a machine insists on: each line was missing once.
func TestRender(t *testing.T) {
	for name, wants := range map[string][]string{
		"containerd.toml": {
			"sandbox = 'atrium.dev/local/pause:v0-def'", "restrict_oom_score_adj = true", "SystemdCgroup = false",
			"BinaryName = '/cache/runc/1/runc'", "bin_dirs = ['/cache/cilium/1', '/usr/lib/cni']", "address = '/var/lib/x/run/containerd.sock'",
			"socket_dir = '/var/lib/x/run/s'",
		},
		"kubelet.yaml": {
			"failCgroupV1: false", "cgroupDriver: cgroupfs", "enforceNodeAllocatable: []", "localStorageCapacityIsolation: false",
			"imageGCHighThresholdPercent: 100", "address: 10.244.255.1", "clusterDNS: [10.96.0.10]",
		},
		"kube-proxy.yaml": {"mode: nftables", "nodePortAddresses: [10.244.255.1/32]"},
		"cluster.yaml": {
			"image: atrium.dev/local/coredns:v1-abc", "name: volume-6}", "local: {path: /var/lib/x/volumes/volume-1}",
			"provisioner: kubernetes.io/no-provisioner", "clusterIP: 10.96.0.10",
		},
		"host.nft": {"table ip atrium {", "ip daddr 10.244.0.0/16 meta mark"},
	} {
		content := rendered(t, name)
		for _, want := range wants {
			if !strings.Contains(content, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.Contains(content, "<no value>") {
			t.Errorf("%s has holes", name)
		}
	}
}

func TestNetworkConfigurationIsJSON(t *testing.T) {
	for _, name := range []string{ciliumConf, plainConf} {
		var parsed struct{ Plugins []struct{ Type string } }
		if err := json.Unmarshal([]byte(rendered(t, name)), &parsed); err != nil || len(parsed.Plugins) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingListensForOtherMachines(t *testing.T) {
	for program, addresses := range ports {
		for _, address := range addresses {
			if !strings.HasPrefix(address, "127.0.0.1:") && !strings.HasPrefix(address, "10.244.255.1:") {
				t.Errorf("%s listens on %s", program, address)
			}
		}
	}
	if args := strings.Join(newCluster().apiserverSpec().Args, " "); !strings.Contains(args, "--bind-address=10.244.255.1 ") {
		t.Errorf("the API server is called with %s", args)
	}
}

// TestCallersEnvironmentChangesNothing: otherwise each caller would restart the
// programs that another one started.
func TestCallersEnvironmentChangesNothing(t *testing.T) {
	before := append(newCluster().ciliumSpec().Env, newCluster().containerdSpec().Env...)
	t.Setenv("PATH", "/somewhere:/else")
	after := append(newCluster().ciliumSpec().Env, newCluster().containerdSpec().Env...)
	if strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("was %q, is %q", before, after)
	}
}

func TestProgramsHaveAPlaceInStatus(t *testing.T) {
	for program := range ports {
		found := false
		for _, name := range startOrder {
			found = found || name == program
		}
		if !found {
			t.Errorf("%s is not in startOrder", program)
		}
	}
}
