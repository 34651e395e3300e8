package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// local is the cluster that hack/cluster runs on this machine.
type local struct{ place }

const (
	localState      = "/var/lib/atrium"
	localKubeconfig = localState + "/kubeconfig"
	localStorage    = "atrium-local"
)

// prepare builds what is missing, starts the cluster and loads the images.
// Parts are compiled before images, so that one compiler at a time keeps the
// processors busy; the cluster starts while the images are built.
func (l local) prepare(ctx context.Context, p progress) (*target, error) {
	out, err := l.tool(ctx, "cluster", "parts", "kubernetes", "helm", "etcd", "containerd", "runc", "cilium", "coredns", "pause", "postgres", "minio", "prometheus", "alertmanager")
	if err != nil {
		return nil, err
	}
	parts := table(out)
	started := make(chan error, 1)
	go func() {
		_, err := l.tool(ctx, "cluster", "up")
		started <- err
	}()
	images, err := l.tool(ctx, "images", append([]string{"build"}, demoImages...)...)
	if err = errors.Join(err, <-started); err != nil {
		return nil, err
	}
	built := table(images)
	t := &target{
		place: l.place, kubeconfig: localKubeconfig, storage: localStorage, images: map[string]string{},
		kubectlPath: filepath.Join(parts["kubernetes"][0], "kubectl"), helmPath: filepath.Join(parts["helm"][0], "helm"),
	}
	load := []string{"load"}
	for _, name := range demoImages {
		row := built[name]
		if len(row) != 3 {
			return nil, fmt.Errorf("hack/images did not say where the image %s is", name)
		}
		t.images[name] = "atrium.dev/" + name + "@" + row[1]
		load = append(load, row[2])
	}
	if _, err := l.tool(ctx, "cluster", load...); err != nil {
		return nil, err
	}
	if t.backup, err = l.startBackup(ctx); err != nil {
		return nil, err
	}
	t.identity = filepath.Join(localState, identityFile)
	if t.recipient, err = ensureIdentity(t.identity); err != nil {
		return nil, err
	}
	// The forwarder's connections come from the node itself.
	node, err := t.kubectl(ctx, "", "get", "nodes", `--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	t.proxy = node + "/32"
	return t, err
}

// demoImages are those that the demo's chart and companies run.
var demoImages = []string{"postgres", "minio", "prometheus", "alertmanager", "atrium", "atrium-agent", "atrium-office"}

func (l local) open(ctx context.Context, p progress, _ *target) error {
	return p.step("address", func() (string, error) {
		_, err := l.tool(ctx, "cluster", "forward")
		return "http://*.localhost:8080", err
	})
}

// down removes the store first: with it goes what was kept for its sake, the
// recovery identity too.
func (l local) down(ctx context.Context) error {
	for _, args := range [][]string{{"store", "down"}, {"down"}} {
		if _, err := l.tool(ctx, "cluster", args...); err != nil {
			return err
		}
	}
	return nil
}
