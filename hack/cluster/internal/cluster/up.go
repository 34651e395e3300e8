package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"atrium.dev/hack/cluster/internal/debian"
	"atrium.dev/hack/cluster/internal/disk"
	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
	"atrium.dev/hack/cluster/internal/state"
)

// Up starts what does not run yet. On a healthy cluster it only looks.
func (c *Cluster) Up(ctx context.Context, want string) error {
	steps := []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"packages", c.installPackages},
		{"machine", c.prepareMachine},
		{etcd, c.starter(c.etcdSpec, nil)},
		{containerd, c.starter(c.containerdSpec, c.containerdReady)},
		{"images", c.loadOwnImages},
		{apiserver, c.starter(c.apiserverSpec, c.apiserverReady)},
		{controllerManager, c.starter(c.controllerManagerSpec, nil)},
		{scheduler, c.starter(c.schedulerSpec, nil)},
		{"objects", c.applyObjects},
		{kubelet, c.starter(c.kubeletSpec, c.kubeletReady)},
		{proxy, c.starter(c.proxySpec, nil)},
		{"network", func(ctx context.Context) (string, error) { return c.startNetwork(ctx, want) }},
		{"node", c.nodeReady},
		{"dns", c.dnsReady},
	}
	for _, step := range steps {
		if err := c.Progress.Step(step.name, func() (string, error) { return step.do(ctx) }); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (c *Cluster) installPackages(ctx context.Context) (string, error) {
	installed, err := debian.Ensure(ctx, c.CacheDir, packages...)
	if len(installed) > 0 {
		return fmt.Sprintf("installed %d Debian packages", len(installed)), err
	}
	return "all installed", err
}

// stateDisk is what images, etcd and volumes of a demo take, in bytes.
const stateDisk = 3 << 30

// prepareMachine checks that nothing is in the way, remembers how the machine
// was, and makes folders, certificates, configuration and the bridge.
func (c *Cluster) prepareMachine(ctx context.Context) (string, error) {
	if err := disk.CheckFree(string(c.State), stateDisk, "free some, or set ATRIUM_STATE to a larger disk"); err != nil {
		return "", err
	}
	if err := network.CheckRanges(ctx); err != nil {
		return "", err
	}
	if err := c.rememberMachine(ctx); err != nil {
		return "", err
	}
	if err := c.register(); err != nil {
		return "", err
	}
	if err := network.EnsureBridge(ctx); err != nil {
		return "", err
	}
	for name, addresses := range ports {
		if _, alive := c.processes().Alive(name); alive {
			continue
		}
		for _, address := range addresses {
			if err := network.CheckPort(address, name); err != nil {
				return "", err
			}
		}
	}
	if err := c.forgetDeadCilium(); err != nil {
		return "", err
	}
	if err := c.writeCertificates(); err != nil {
		return "", err
	}
	return "state in " + string(c.State), c.writeConfig()
}

// register tells this machine whose cluster it is; a running one keeps its age.
func (c *Cluster) register() error {
	owner := state.Owner{State: c.State, Checkout: c.Checkout, Since: time.Now().Truncate(time.Second), Parts: c.Parts}
	running, err := Running()
	if err != nil {
		return err
	}
	if running != nil {
		owner.Since = running.Since
	}
	return state.Register(owner)
}

// rememberMachine makes the state folder and keeps the baseline of the first
// start: a later one would take what a killed cluster left for the machine's own.
func (c *Cluster) rememberMachine(ctx context.Context) error {
	_, err := os.Stat(c.State.Path("before.json"))
	if err == nil {
		return c.State.Make()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	baseline, err := leftovers.TakeBaseline(ctx)
	if err != nil {
		return err
	}
	if err := c.State.Make(); err != nil {
		return err
	}
	content, err := json.MarshalIndent(baseline, "", "  ")
	if err != nil {
		return err
	}
	return c.State.WriteFile(content, 0o600, "before.json")
}

// starter makes the step that keeps a program running and waits until ready.
func (c *Cluster) starter(spec func() process.Spec, ready func(context.Context) error) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		started, err := c.processes().Ensure(spec())
		if err != nil {
			return "", err
		}
		said := "runs already"
		if started {
			said = "started"
		}
		if ready != nil {
			err = c.wait(ctx, 2*time.Minute, []string{spec().Name}, ready)
		}
		return said, err
	}
}

func (c *Cluster) containerdReady(ctx context.Context) error {
	_, err := c.images().List(ctx)
	return err
}

func (c *Cluster) apiserverReady(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	return client.Ready(ctx)
}

func (c *Cluster) kubeletReady(context.Context) error {
	return answers("127.0.0.1:10248", "/healthz", nil)
}

func (c *Cluster) nodeReady(ctx context.Context) (string, error) {
	client, err := c.client()
	if err != nil {
		return "", err
	}
	programs := []string{kubelet, proxy, controllerManager, scheduler}
	return "Ready", c.wait(ctx, 2*time.Minute, programs, func(ctx context.Context) error {
		ready, message, err := client.NodeReady(ctx, nodeName)
		if err == nil && !ready {
			err = errors.New(message)
		}
		return err
	})
}

func (c *Cluster) dnsReady(ctx context.Context) (string, error) {
	client, err := c.client()
	if err != nil {
		return "", err
	}
	return "CoreDNS answers", c.wait(ctx, 2*time.Minute, []string{kubelet, controllerManager, scheduler}, func(ctx context.Context) error {
		available, err := client.Available(ctx, "kube-system", "coredns")
		if err == nil && !available {
			err = errors.New("CoreDNS is not available yet: kubectl -n kube-system describe pods")
		}
		return err
	})
}
