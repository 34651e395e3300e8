package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	"atrium.dev/hack/cluster/internal/cluster"
	"atrium.dev/hack/cluster/internal/state"
)

// errNoCluster is returned by commands that need a running cluster.
var errNoCluster = errors.New("no cluster runs here: start one with \"cluster up\"")

// statusCommand prints what runs on this machine, whoever started it.
func statusCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	c, owner, err := openRunning(stderr)
	if err != nil && !errors.Is(err, errNoCluster) {
		return err
	}
	_, err = io.WriteString(stdout, c.Status(ctx, owner))
	return err
}

// loadCommand brings image archives into the running cluster.
func loadCommand(ctx context.Context, args []string, _, stderr io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	c, _, err := openRunning(stderr)
	if err != nil {
		return err
	}
	return c.Load(ctx, args)
}

// forwardCommand keeps a forwarder to a Service running in the background.
func forwardCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f cluster.Forward
	flags := flag.NewFlagSet("forward", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&f.Listen, "listen", "127.0.0.1:8080", "loopback address to accept on")
	flags.StringVar(&f.Namespace, "namespace", "atrium-system", "namespace of the Service")
	flags.StringVar(&f.Service, "service", "gateway", "name of the Service")
	flags.StringVar(&f.Port, "port", "http", "name or number of its port")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return errUsage
	}
	if err := loopbackOnly(f.Listen); err != nil {
		return err
	}
	c, _, err := openRunning(stderr)
	if err != nil {
		return err
	}
	if err := c.StartForwarder(ctx, f); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "http://%s reaches %s/%s:%s\n", f.Listen, f.Namespace, f.Service, f.Port)
	return err
}

// loopbackOnly refuses to open the cluster to other machines.
func loopbackOnly(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; it is an address like 127.0.0.1:8080", address, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--listen %s: only loopback addresses are served, like 127.0.0.1:8080", address)
	}
	return nil
}

// serveForwarder runs the forwarder in the process that forwardCommand started.
func serveForwarder(ctx context.Context, args []string, _, stderr io.Writer) error {
	if len(args) != 4 {
		return errUsage
	}
	dir, err := state.FromEnvironment()
	if err != nil {
		return err
	}
	c := cluster.Cluster{State: dir}
	return c.ServeForwarder(ctx, cluster.Forward{Listen: args[0], Namespace: args[1], Service: args[2], Port: args[3]}, stderr)
}

// openRunning opens the cluster that runs on this machine, wherever its state is.
func openRunning(stderr io.Writer) (*cluster.Cluster, *state.Owner, error) {
	c, err := openCluster(stderr)
	if err != nil {
		return nil, nil, err
	}
	owner, err := state.Registered()
	if err != nil {
		return nil, nil, err
	}
	if owner == nil {
		return c, nil, errNoCluster
	}
	c.State, c.Checkout, c.Parts = owner.State, owner.Checkout, owner.Parts
	return c, owner, nil
}
