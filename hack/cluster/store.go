package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"atrium.dev/hack/cluster/internal/cluster"
	"atrium.dev/hack/cluster/internal/state"
)

// storeCommand keeps an object store beside the cluster, which outlives it.
func storeCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) != 1 {
		return errUsage
	}
	c, err := openCluster(stderr)
	if err != nil {
		return err
	}
	if args[0] == "status" {
		_, err := io.WriteString(stdout, c.StoreStatus())
		return err
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	release, err := cluster.Exclusive()
	if err != nil {
		return err
	}
	defer release()
	owner, err := state.Registered()
	if err != nil {
		return err
	}
	if owner != nil && owner.State != c.State {
		return fmt.Errorf("the cluster of this machine has its state in %s: set ATRIUM_STATE=%s", owner.State, owner.State)
	}
	switch args[0] {
	case "up":
		if c.Checkout, err = sourceRoot(); err != nil {
			return err
		}
		if err := c.StoreUp(ctx); err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, c.StoreCredentials())
		return err
	case "down":
		return c.StoreDown(ctx)
	}
	return errUsage
}
