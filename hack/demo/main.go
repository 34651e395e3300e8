// Command demo brings a bare machine to a running platform with two companies in
// the browser, and takes it away again. It only calls what people would call:
// hack/cluster, hack/images, helm and kubectl. It runs again without harm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: demo up      build, start and fill the demo
       demo down    undo it

CLUSTER=existing uses your kubeconfig instead of a local cluster; then
REGISTRY=host/folder says where to push the images (without it, load them first).`

var errUsage = errors.New(usage) //nolint:staticcheck // it is a text for people

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		if errors.Is(err, errUsage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	place, err := findPlace()
	if err != nil {
		return err
	}
	var cluster cluster = local{place}
	if choice := os.Getenv("CLUSTER"); choice == "existing" {
		cluster = existing{place, strings.TrimSuffix(os.Getenv("REGISTRY"), "/")}
	} else if choice != "" {
		return fmt.Errorf("CLUSTER=%s is unknown: leave it out for a local cluster, or set CLUSTER=existing", choice)
	}
	switch args[0] {
	case "up":
		return up(ctx, cluster)
	case "down":
		return cluster.down(ctx)
	}
	return errUsage
}

// cluster is where the demo runs.
type cluster interface {
	// prepare returns a usable cluster with all images in its reach.
	prepare(ctx context.Context, p progress) (*target, error)
	// open makes the gateway reachable on loopback and says under which addresses
	// people find it, or how they get there.
	open(ctx context.Context, p progress, t *target) error
	down(ctx context.Context) error
}

// up is the whole demo: each step finds out by itself what is left to do.
func up(ctx context.Context, c cluster) error {
	p := newProgress(os.Stdout)
	p.title("Atrium demo")
	t, err := c.prepare(ctx, p)
	if err != nil {
		return err
	}
	if err := installPlatform(ctx, p, t); err != nil {
		return err
	}
	if err := applySamples(ctx, p, t); err != nil {
		return err
	}
	companies, err := waitForCompanies(ctx, p, t)
	if err != nil {
		return err
	}
	if err := seed(ctx, p, t, companies); err != nil {
		return err
	}
	if err := c.open(ctx, p, t); err != nil {
		return err
	}
	if err := waitForHealth(ctx, p, t); err != nil {
		return err
	}
	p.title(fmt.Sprintf("Done in %s", elapsed(time.Since(p.start))))
	return goodbye(ctx, t, companies)
}
