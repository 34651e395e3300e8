package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/state"
)

// Down stops all programs that "up" started, removes what they leave and the
// state folder with all data. It works as well after everything was killed. A
// store beside the cluster stays, with what it needs: "store down" removes it.
func (c *Cluster) Down(ctx context.Context) error {
	baseline, err := leftovers.Read(c.State.Path("before.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(c.stopAll(), state.Unregister(), c.removeState())
	}
	if err != nil {
		return fmt.Errorf("read how this machine was before the cluster: %w", err)
	}
	if err := c.Progress.Step("programs", func() (string, error) { return "stopped", c.stopAll() }); err != nil {
		return err
	}
	if err := c.Progress.Step("leftovers", func() (string, error) { return "removed", baseline.Remove(ctx, string(c.State), c.storeKept()) }); err != nil {
		return fmt.Errorf("remove what the cluster left: %w; run down again", err)
	}
	return c.Progress.Step("state", func() (string, error) {
		if c.storeKept() {
			return "removed but for the store's", errors.Join(c.removeState(), state.Unregister())
		}
		return string(c.State) + " removed", errors.Join(c.removeState(), state.Unregister())
	})
}

// stopAll stops the kubelet first, lest it starts again what is about to be
// stopped, then everything else at once.
func (c *Cluster) stopAll() error {
	const grace = 5 * time.Second
	failures := []error{c.processes().Stop(kubelet, grace)}
	var stopping sync.WaitGroup
	results := make(chan error, len(c.processes().Names()))
	for _, name := range c.processes().Names() {
		stopping.Go(func() { results <- c.processes().Stop(name, grace) })
	}
	stopping.Wait()
	close(results)
	for err := range results {
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// storeNeeds are the names in the state folder that stay with a store: what it is
// made of, what the last "down" has to know, and the identity that unwraps what was
// wrapped into it.
var storeNeeds = []string{storeDir, "before.json", "pids", "recovery-identity.txt"}

// removeState removes the folder. Its name comes from the environment, so it is
// only removed when it looks like one of ours.
func (c *Cluster) removeState() error {
	if _, err := os.Stat(c.State.Path("pids")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !c.storeKept() {
		return os.RemoveAll(string(c.State))
	}
	entries, err := os.ReadDir(string(c.State))
	if err != nil {
		return err
	}
	var failures []error
	for _, entry := range entries {
		if !slices.Contains(storeNeeds, entry.Name()) {
			failures = append(failures, os.RemoveAll(c.State.Path(entry.Name())))
		}
	}
	return errors.Join(failures...)
}
