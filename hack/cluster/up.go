package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"atrium.dev/hack/cluster/internal/cluster"
	"atrium.dev/hack/cluster/internal/parts"
	"atrium.dev/hack/cluster/internal/progress"
	"atrium.dev/hack/cluster/internal/state"
)

// errNotRoot is one line that says what and what to do.
var errNotRoot = errors.New("this makes links, mounts and cgroups: run it as root (sudo)")

// upCommand starts the cluster, or what is missing of it.
func upCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.SetOutput(stderr)
	network := flags.String("network", cluster.NetworkAuto, "auto, cilium (fail where policies cannot be enforced) or plain (no policies)")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return errUsage
	}
	switch *network {
	case cluster.NetworkAuto, cluster.NetworkCilium, cluster.NetworkPlain:
	default:
		return errUsage
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	release, err := cluster.Exclusive()
	if err != nil {
		return err
	}
	defer release()
	c, err := openCluster(stderr)
	if err != nil {
		return err
	}
	if c.Checkout, err = sourceRoot(); err != nil {
		return err
	}
	if err := onlyOne(c); err != nil {
		return err
	}
	if err := c.Check(ctx); err != nil {
		return err
	}
	if err := c.FindParts(ctx); err != nil {
		return err
	}
	if err := c.Up(ctx, *network); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "export KUBECONFIG=%s\n", c.State.Kubeconfig())
	return err
}

// onlyOne refuses to touch a cluster that somebody else runs.
func onlyOne(c *cluster.Cluster) error {
	owner, err := cluster.Running()
	if err != nil || owner == nil {
		return err
	}
	if owner.Checkout != c.Checkout || owner.State != c.State {
		return fmt.Errorf("a cluster started from %s runs since %s with its state in %s, and there is room for one: stop it with \"ATRIUM_STATE=%s go run -C %s . down\"",
			owner.Checkout, owner.Since.Format("2006-01-02 15:04"), owner.State, owner.State, c.Checkout)
	}
	return nil
}

// downCommand removes the cluster that runs on this machine, whoever started it.
func downCommand(ctx context.Context, args []string, _, stderr io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	release, err := cluster.Exclusive()
	if err != nil {
		return err
	}
	defer release()
	c, err := openCluster(stderr)
	if err != nil {
		return err
	}
	owner, err := state.Registered()
	if err != nil {
		return err
	}
	if owner != nil && owner.State != c.State {
		return fmt.Errorf("the cluster of this machine has its state in %s: set ATRIUM_STATE=%s", owner.State, owner.State)
	}
	return c.Down(ctx)
}

func openCluster(stderr io.Writer) (*cluster.Cluster, error) {
	dir, err := state.FromEnvironment()
	if err != nil {
		return nil, err
	}
	cache, err := parts.CacheDir()
	if err != nil {
		return nil, err
	}
	return &cluster.Cluster{State: dir, CacheDir: cache, Progress: progress.New(stderr)}, nil
}
