package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/state"
)

// Down stops all programs that "up" started, removes what they leave and the
// state folder with all data. It works as well after everything was killed.
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
	if err := c.Progress.Step("leftovers", func() (string, error) { return "removed", baseline.Remove(ctx, string(c.State)) }); err != nil {
		return fmt.Errorf("remove what the cluster left: %w; run down again", err)
	}
	return c.Progress.Step("state", func() (string, error) {
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

// removeState removes the folder. Its name comes from the environment, so it is
// only removed when it looks like one of ours.
func (c *Cluster) removeState() error {
	if _, err := os.Stat(c.State.Path("pids")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return os.RemoveAll(string(c.State))
}
