package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"atrium.dev/hack/cluster/internal/state"
)

// Status describes the cluster of this machine for people.
func (c *Cluster) Status(ctx context.Context, owner *state.Owner) string {
	var out bytes.Buffer
	if owner == nil {
		fmt.Fprintln(&out, "no cluster runs here: \"cluster up\" starts one")
		return out.String()
	}
	fmt.Fprintf(&out, "started from  %s, %s\n", owner.Checkout, owner.Since.Format("2006-01-02 15:04"))
	fmt.Fprintf(&out, "kubeconfig    %s\n", c.State.Kubeconfig())
	fmt.Fprintf(&out, "node          %s\n", c.describeNode(ctx))
	fmt.Fprintf(&out, "policies      %s\n", c.describePolicies())
	fmt.Fprintf(&out, "volumes       %s (storage class %s)\n", c.State.Path("volumes"), storageClass)
	fmt.Fprintf(&out, "logs          %s\n\n", c.State.Path("logs"))
	for _, name := range startOrder {
		record, alive := c.processes().Alive(name)
		switch {
		case alive:
			fmt.Fprintf(&out, "  %-24s running   pid %-8d %5d MB  %s\n", name, record.Pid, residentMB(record.Pid), c.describe(name, record.Pid))
		case name != forwarder && (name != cilium || !c.isPlain()):
			fmt.Fprintf(&out, "  %-24s STOPPED   \"cluster up\" starts it again; its last words: %s\n", name, lastLine(c.processes().Log(name)))
		}
	}
	return out.String()
}

func (c *Cluster) describeNode(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client, err := c.client()
	if err != nil {
		return "unknown: " + err.Error()
	}
	ready, message, err := client.NodeReady(ctx, nodeName)
	switch {
	case err != nil:
		return "unknown: " + err.Error()
	case !ready:
		return nodeName + " is NOT Ready: " + message
	default:
		return nodeName + " is Ready"
	}
}

func (c *Cluster) describePolicies() string {
	if c.isPlain() {
		return "NOT enforced: Cilium does not run, plain routes connect the pods"
	}
	if _, alive := c.processes().Alive(cilium); !alive {
		return "kept as they were when Cilium stopped: it does not run"
	}
	return "enforced by Cilium"
}

// describe adds what the forwarder forwards to its line.
func (c *Cluster) describe(name string, pid int) string {
	if name != forwarder {
		return ""
	}
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	args := strings.Split(strings.TrimRight(string(content), "\x00"), "\x00")
	if len(args) != 6 {
		return ""
	}
	return fmt.Sprintf("http://%s → %s/%s:%s", args[2], args[3], args[4], args[5])
}

func containsArg(cmdline []byte, arg string) bool {
	for _, candidate := range strings.Split(string(cmdline), "\x00") {
		if candidate == arg {
			return true
		}
	}
	return false
}

// residentMB is the memory of a process in megabytes, 0 when it is not known.
func residentMB(pid int) int {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int
	if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize() >> 20
}
