// Package cluster brings the local Kubernetes up and takes it down again: which
// programs, in which order, with which configuration. How processes, images or
// kernel objects are handled is the business of the packages that it calls.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"atrium.dev/hack/cluster/internal/kube"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
	"atrium.dev/hack/cluster/internal/progress"
	"atrium.dev/hack/cluster/internal/state"
)

// Names that the configuration repeats.
const (
	nodeName     = "atrium"
	storageClass = "atrium-local"
	volumeSize   = "10Gi"
	volumeCount  = 6 // beside those that are kept for a claim
	apiPort      = "6443"
	apiServer    = "https://" + network.NodeIP + ":" + apiPort
)

// partNames are the parts that a cluster is made of.
var partNames = []string{"etcd", "kubernetes", "containerd", "runc", "cilium", "coredns", "pause"}

// packages are the Debian packages that the programs call at run time.
var packages = []string{"iproute2", "iptables", "nftables", "conntrack", "ipset", "clang-19", "llvm-19", "libseccomp2", "mount"}

// plainPackages are needed where Cilium cannot run.
var plainPackages = []string{"containernetworking-plugins"}

// Cluster is the one cluster of this machine.
type Cluster struct {
	State    state.Dir
	Checkout string // the source tree that this tool was started from
	CacheDir string
	Parts    map[string]string
	Progress *progress.Printer
}

func (c *Cluster) processes() process.Table {
	return process.Table{Pids: c.State.Path("pids"), Logs: c.State.Path("logs")}
}

func (c *Cluster) client() (*kube.Client, error) {
	return kube.Open(apiServer, c.State.Path("certs"), "admin")
}

// Exclusive keeps a second "up" or "down" out until release is called. The lock
// is an abstract socket: it leaves no file and goes with the process.
func Exclusive() (release func(), err error) {
	listener, err := net.Listen("unix", "@atrium-cluster")
	if err != nil {
		return nil, errors.New("another \"cluster up\", \"down\" or \"load\" is at work: wait until it has ended")
	}
	return func() { _ = listener.Close() }, nil
}

// Running returns the owner of a cluster with at least one living process.
func Running() (*state.Owner, error) {
	owner, err := state.Registered()
	if err != nil || owner == nil {
		return nil, err
	}
	table := process.Table{Pids: owner.State.Path("pids")}
	for _, name := range table.Names() {
		if _, alive := table.Alive(name); alive {
			return owner, nil
		}
	}
	return nil, nil
}

// wait polls until check says that it is done. The error names the program that
// died meanwhile, or what check said last.
func (c *Cluster) wait(ctx context.Context, limit time.Duration, programs []string, check func(context.Context) error) error {
	return c.waitOn(ctx, c.processes(), limit, programs, check)
}

func (c *Cluster) waitOn(ctx context.Context, table process.Table, limit time.Duration, programs []string, check func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	for {
		last := check(ctx)
		if last == nil {
			return nil
		}
		for _, name := range programs {
			if _, alive := table.Alive(name); !alive {
				return fmt.Errorf("%s has ended: %s (all of it: %s)", name, lastLine(table.Log(name)), table.Log(name))
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w; logs are in %s", limit, last, table.Logs)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lastLine is the end of a log, cut to what fits on a screen.
func lastLine(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return "no log"
	}
	defer func() { _ = file.Close() }()
	const tail = 400
	if info, err := file.Stat(); err == nil && info.Size() > tail {
		_, _ = file.Seek(-tail, 2)
	}
	content := make([]byte, tail)
	n, _ := file.Read(content)
	return lastLineOf(string(content[:n]))
}

func (c *Cluster) part(name, program string) string {
	return filepath.Join(c.Parts[name], program)
}
