package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/debian"
	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
)

// Networks that "up" can be asked for.
const (
	NetworkAuto   = "auto"   // Cilium, and plain routes where the kernel cannot run it
	NetworkCilium = "cilium" // Cilium or fail: where policies must hold
	NetworkPlain  = "plain"  // routes between pods: policies are not enforced
)

const (
	ciliumConf = "cilium.conflist"
	plainConf  = "plain.conflist"

	// ciliumLimit covers the compilation of its programs on busy cores.
	ciliumLimit = 3 * time.Minute
)

// ciliumSpec runs the agent on the machine itself, beside kube-proxy, with
// nothing but routing between pods and the enforcement of policies.
func (c *Cluster) ciliumSpec() process.Spec {
	cgroups := "/sys/fs/cgroup"
	if _, err := os.Stat("/sys/fs/cgroup/unified"); err == nil {
		cgroups = "/sys/fs/cgroup/unified"
	}
	return process.Spec{
		Name: cilium,
		Env:  []string{"K8S_NODE_NAME=" + nodeName, "PATH=/usr/lib/llvm-19/bin:" + systemPath},
		Args: []string{
			c.part("cilium", cilium),
			"--k8s-kubeconfig-path=" + c.config("network.kubeconfig"), "--lib-dir=" + c.State.Path("data", "cilium"), "--cgroup-root=" + cgroups,
			"--ipam=kubernetes", "--routing-mode=native", "--ipv4-native-routing-cidr=" + network.Cluster.String(),
			"--enable-ipv6=false", "--enable-ipv4-masquerade=false", "--install-iptables-rules=false", "--kube-proxy-replacement=false",
			"--enable-l7-proxy=false", "--enable-hubble=false", "--enable-envoy-config=false", "--enable-l2-neigh-discovery=false",
			"--enable-health-checking=false", "--enable-endpoint-health-checking=false", "--enable-gops=false",
			"--devices=" + network.Bridge, "--direct-routing-device=" + network.Bridge,
			"--identity-allocation-mode=crd", "--identity-management-mode=agent",
			// The kubelet probes from the machine itself, and so do forwarded connections come.
			"--allow-localhost=always", "--cni-exclusive=false",
		},
	}
}

// startNetwork starts the agent, or plain routes, and says which it was.
func (c *Cluster) startNetwork(ctx context.Context, want string) (string, error) {
	if want == NetworkPlain || want == NetworkAuto && c.isPlain() {
		return "plain routes, policies are NOT enforced", c.startPlain(ctx)
	}
	err := c.startCilium(ctx)
	if err == nil {
		return "Cilium, policies are enforced", nil
	}
	if want == NetworkCilium || errors.Is(err, context.Canceled) {
		return "", err
	}
	c.Progress.Note("WARNING: Cilium does not run on this kernel: %v", err)
	c.Progress.Note("WARNING: plain routes connect the pods instead: NETWORK POLICIES ARE NOT ENFORCED")
	if err := c.processes().Stop(cilium, 10*time.Second); err != nil {
		return "", err
	}
	return "plain routes, policies are NOT enforced", c.startPlain(ctx)
}

// isPlain says whether an earlier "up" had to fall back: pods that run so would
// lose their network by a change.
func (c *Cluster) isPlain() bool {
	_, err := os.Stat(c.State.Path("cni", plainConf))
	return err == nil
}

func (c *Cluster) startCilium(ctx context.Context) error {
	if err := os.MkdirAll(c.State.Path("data", "cilium"), 0o755); err != nil {
		return err
	}
	programs := c.State.Path("data", "cilium", "bpf")
	if err := os.RemoveAll(programs); err != nil {
		return err
	}
	if err := os.Symlink(c.part("cilium", "bpf"), programs); err != nil {
		return err
	}
	if err := c.markHostPackets(ctx); err != nil {
		return err
	}
	if err := leftovers.GuardSwitches(string(c.State)); err != nil {
		return err
	}
	if _, err := c.processes().Ensure(c.ciliumSpec()); err != nil {
		return err
	}
	err := c.wait(ctx, ciliumLimit, []string{cilium}, func(context.Context) error {
		return answers("127.0.0.1:9879", "/healthz", map[string]string{"brief": "true"})
	})
	if err != nil {
		return err
	}
	// Not written by the agent: it moves its file in from another folder, and
	// containerd does not look at its configuration again after such a move.
	content, err := c.values().render(ciliumConf)
	if err != nil {
		return err
	}
	return c.State.WriteFile(content, 0o644, "cni", ciliumConf)
}

func (c *Cluster) markHostPackets(ctx context.Context) error {
	rules, err := c.values().render("host.nft")
	if err != nil {
		return err
	}
	_, err = command.Run(ctx, command.Spec{Args: []string{"nft", "-f", "-"}, Stdin: bytes.NewReader(rules)})
	return err
}

// forgetDeadCilium takes the network's configuration away while no agent runs,
// so that no pod is started which could not be connected.
func (c *Cluster) forgetDeadCilium() error {
	if _, alive := c.processes().Alive(cilium); alive {
		return nil
	}
	err := os.Remove(c.State.Path("cni", ciliumConf))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (c *Cluster) startPlain(ctx context.Context) error {
	if _, err := debian.Ensure(ctx, c.CacheDir, plainPackages...); err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	v := c.values()
	err = c.wait(ctx, time.Minute, []string{kubelet, controllerManager}, func(ctx context.Context) (err error) {
		if v.PodCIDR, err = client.PodCIDR(ctx, nodeName); err == nil && v.PodCIDR == "" {
			err = errors.New("the node has no range of pod addresses yet")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("learn the range of pod addresses: %w", err)
	}
	content, err := v.render(plainConf)
	if err != nil {
		return err
	}
	return c.State.WriteFile(content, 0o644, "cni", plainConf)
}
