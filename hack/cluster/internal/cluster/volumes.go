package cluster

import (
	"context"
	"os"
	"slices"
)

// recycleVolumes makes the folders of volumes. Those whose claim is gone are emptied and offered again: nothing else would
// ever free them.
func (c *Cluster) recycleVolumes(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	volumes, err := client.Volumes(ctx, storageClass)
	if err != nil {
		return err
	}
	var names []string
	for _, volume := range c.values().Volumes {
		names = append(names, volume.Name)
	}
	for _, volume := range volumes {
		name := volume.Metadata.Name
		if volume.Status.Phase != "Released" || !slices.Contains(names, name) {
			continue
		}
		if err := c.kubectl(ctx, nil, "delete", "persistentvolume", name, "--timeout=30s"); err != nil {
			return err
		}
		if err := os.RemoveAll(c.State.Path("volumes", name)); err != nil {
			return err
		}
	}
	for _, name := range names {
		path := c.State.Path("volumes", name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		// Any user of a container may write to the volume that it was given.
		if err := os.Chmod(path, 0o777); err != nil {
			return err
		}
	}
	return nil
}
