package cluster

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"atrium.dev/hack/cluster/internal/command"
	"atrium.dev/hack/cluster/internal/image"
	"atrium.dev/hack/cluster/internal/parts"
)

// FindParts builds the parts of a cluster that are not in the cache.
func (c *Cluster) FindParts(ctx context.Context) error {
	cache := parts.Cache{Dir: c.CacheDir, Root: c.Checkout, Progress: c.Progress}
	dirs, err := cache.Ensure(ctx, partNames...)
	c.Parts = dirs
	return err
}

// applyObjects applies Cilium's kinds and what every cluster has.
func (c *Cluster) applyObjects(ctx context.Context) (string, error) {
	if err := c.recycleVolumes(ctx); err != nil {
		return "", err
	}
	manifests, err := c.manifests()
	if err != nil {
		return "", err
	}
	return "applied", c.kubectl(ctx, bytes.NewReader(manifests), "apply", "--server-side", "--force-conflicts", "-f", "-")
}

func (c *Cluster) manifests() ([]byte, error) {
	all, err := c.values().render("cluster.yaml")
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(c.part("cilium", "crds/*/*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(append(all, "\n---\n"...), content...)
	}
	return all, nil
}

func (c *Cluster) kubectl(ctx context.Context, stdin io.Reader, args ...string) error {
	args = append([]string{c.part("kubernetes", "kubectl"), "--kubeconfig", c.State.Kubeconfig()}, args...)
	_, err := command.Run(ctx, command.Spec{Args: args, Stdin: stdin, Limit: 2 * time.Minute})
	return err
}

func (c *Cluster) images() image.Store {
	return image.Store{Ctr: c.part("containerd", "ctr"), Socket: c.State.ContainerdSocket()}
}

// programImage names the image of a part that is one static program after the
// part's key, so that a new build is another image.
func (c *Cluster) programImage(part string) image.Program {
	return image.Program{Name: "atrium.dev/local/" + part + ":" + filepath.Base(c.Parts[part]), File: c.part(part, part)}
}

// loadOwnImages brings in the two images that the cluster itself runs.
func (c *Cluster) loadOwnImages(ctx context.Context) (string, error) {
	present, err := c.images().List(ctx)
	if err != nil {
		return "", err
	}
	said := "pause and coredns are loaded"
	for _, part := range []string{"pause", "coredns"} {
		program := c.programImage(part)
		if _, ok := present[program.Name]; ok {
			continue
		}
		if err := c.images().LoadProgram(ctx, program); err != nil {
			return "", err
		}
		said = "loaded pause and coredns"
	}
	return said, nil
}

// Load imports archives, so that pods find their images by tag and by digest.
// Those that are there already are not read again.
func (c *Cluster) Load(ctx context.Context, archives []string) error {
	present, err := c.images().List(ctx)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		err := c.Progress.Step(filepath.Base(archive), func() (string, error) {
			described, err := image.Described(archive)
			if err != nil || image.Holds(present, described) {
				return "is there already", err
			}
			return "loaded", c.images().LoadFile(ctx, archive)
		})
		if err != nil {
			return err
		}
	}
	return c.images().NameDigests(ctx)
}
