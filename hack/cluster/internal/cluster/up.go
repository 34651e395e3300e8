package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/debian"
	"atrium.dev/hack/cluster/internal/disk"
	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
	"atrium.dev/hack/cluster/internal/state"
)

// step is a line of the progress that "up" prints.
type step struct {
	name string
	do   func(context.Context) (string, error)
}

// Check installs the Debian packages and looks for what would be in the way:
// better now than after the long builds.
func (c *Cluster) Check(ctx context.Context) error {
	return c.run(ctx, step{"packages", c.installPackages}, step{"machine", c.checkMachine})
}

// Up starts what does not run yet. On a healthy cluster it only looks.
func (c *Cluster) Up(ctx context.Context, want string) error {
	return c.run(ctx,
		step{"state", c.prepare},
		step{etcd, c.starter(c.etcdSpec, nil)},
		step{containerd, c.starter(c.containerdSpec, c.containerdReady)},
		step{"images", c.loadOwnImages},
		step{apiserver, c.starter(c.apiserverSpec, c.apiserverReady, etcd)},
		step{controllerManager, c.starter(c.controllerManagerSpec, nil)},
		step{scheduler, c.starter(c.schedulerSpec, nil)},
		step{"objects", c.applyObjects},
		step{kubelet, c.starter(c.kubeletSpec, c.kubeletReady, containerd)},
		step{proxy, c.starter(c.proxySpec, nil)},
		step{"network", func(ctx context.Context) (string, error) { return c.startNetwork(ctx, want) }},
		step{"node", c.nodeReady},
		step{"dns", c.dnsReady},
	)
}

func (c *Cluster) run(ctx context.Context, steps ...step) error {
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

func (c *Cluster) checkMachine(ctx context.Context) (string, error) {
	if err := disk.CheckFree(string(c.State), stateDisk, "free some, or set ATRIUM_STATE to a larger disk"); err != nil {
		return "", err
	}
	if err := network.CheckRanges(ctx); err != nil {
		return "", err
	}
	return "room, ranges and ports are free", c.checkPorts(func(address string) bool { return !strings.HasPrefix(address, network.NodeIP) })
}

// checkPorts looks for other programs on those ports of programs that do not
// run yet. The node's own address can only be asked once it exists.
func (c *Cluster) checkPorts(wanted func(address string) bool) error {
	for name, addresses := range ports {
		if _, alive := c.processes().Alive(name); alive {
			continue
		}
		for _, address := range addresses {
			if !wanted(address) {
				continue
			}
			if err := network.CheckPort(address, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare remembers how the machine was and makes folders, certificates,
// configuration and the bridge.
func (c *Cluster) prepare(ctx context.Context) (string, error) {
	if err := c.rememberMachine(ctx); err != nil {
		return "", err
	}
	if err := c.register(); err != nil {
		return "", err
	}
	if err := network.EnsureBridge(ctx); err != nil {
		return "", err
	}
	if err := c.checkPorts(func(address string) bool { return strings.HasPrefix(address, network.NodeIP) }); err != nil {
		return "", err
	}
	if err := c.forgetDeadCilium(); err != nil {
		return "", err
	}
	if err := c.writeCertificates(); err != nil {
		return "", err
	}
	return string(c.State), c.writeConfig()
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

// starter makes the step that keeps a program running and waits until it is
// ready. The wait is given up when it, or one that it builds on, ends.
func (c *Cluster) starter(spec func() process.Spec, ready func(context.Context) error, buildsOn ...string) func(context.Context) (string, error) {
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
			err = c.wait(ctx, 2*time.Minute, append(buildsOn, spec().Name), ready)
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
