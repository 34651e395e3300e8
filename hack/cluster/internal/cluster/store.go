package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/parts"
	"atrium.dev/hack/cluster/internal/process"
)

// minio is the program of the store, and storePort where it listens.
const (
	minio     = "minio"
	storePort = "9000"
	storeDir  = "store" // of the state folder: data, pid file, log, credentials
)

// StoreAccess is how to reach the store, as its own root user.
type StoreAccess struct {
	Endpoint  string `json:"endpoint"`
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
}

// The store's process is none of the cluster's: neither "up" nor "down" touches it.
func (c *Cluster) storeProcesses() process.Table {
	return process.Table{Pids: c.State.Path(storeDir), Logs: c.State.Path(storeDir)}
}

// StoreCredentials is the file that holds a StoreAccess.
func (c *Cluster) StoreCredentials() string { return c.State.Path(storeDir, "credentials.json") }

// StoreUp starts the store, or finds it running. Its data outlive the cluster.
func (c *Cluster) StoreUp(ctx context.Context) error {
	cache := parts.Cache{Dir: c.CacheDir, Root: c.Checkout, Progress: c.Progress}
	dirs, err := cache.Ensure(ctx, minio)
	if err != nil {
		return err
	}
	c.Parts = dirs
	return c.run(ctx,
		step{"state", func(ctx context.Context) (string, error) { return string(c.State), c.rememberMachine(ctx) }},
		step{"link", func(ctx context.Context) (string, error) { return network.StoreIP, network.EnsureStore(ctx) }},
		step{"store", c.startStore},
	)
}

func (c *Cluster) startStore(ctx context.Context) (string, error) {
	access, err := c.storeAccess()
	if err != nil {
		return "", err
	}
	started, err := c.storeProcesses().Ensure(process.Spec{
		Name: minio,
		Args: network.InStore(c.part(minio, minio), "server", "--quiet", "--address", network.StoreIP+":"+storePort, c.State.Path(storeDir, "data")),
		Env: []string{
			"HOME=" + c.State.Path(storeDir), "MINIO_BROWSER=off", "MINIO_UPDATE=off",
			"MINIO_ROOT_USER=" + access.AccessKey, "MINIO_ROOT_PASSWORD=" + access.SecretKey,
		},
	})
	if err != nil {
		return "", err
	}
	said := "runs already"
	if started {
		said = "started"
	}
	return said, c.waitOn(ctx, c.storeProcesses(), time.Minute, []string{minio}, func(context.Context) error {
		return answers(network.StoreIP+":"+storePort, "/minio/health/ready", nil)
	})
}

// storeAccess reads the store's credentials, which are made once.
func (c *Cluster) storeAccess() (StoreAccess, error) {
	raw, err := os.ReadFile(c.StoreCredentials())
	if err == nil {
		var access StoreAccess
		return access, json.Unmarshal(raw, &access)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return StoreAccess{}, err
	}
	if err := os.MkdirAll(c.State.Path(storeDir), 0o700); err != nil {
		return StoreAccess{}, err
	}
	access := StoreAccess{Endpoint: "http://" + network.StoreIP + ":" + storePort, AccessKey: "atrium-backup", SecretKey: rand.Text()}
	if raw, err = json.MarshalIndent(access, "", "  "); err != nil {
		return StoreAccess{}, err
	}
	return access, c.State.WriteFile(raw, 0o600, storeDir, "credentials.json")
}

// storeKept says whether there is a store, running or not.
func (c *Cluster) storeKept() bool {
	_, err := os.Stat(c.State.Path(storeDir))
	return err == nil
}

// StoreDown stops the store and removes it with all that is in it, and what a
// cluster that is gone left for its sake.
func (c *Cluster) StoreDown(ctx context.Context) error {
	err := c.Progress.Step("store", func() (string, error) {
		return "removed, data too", errors.Join(
			c.storeProcesses().Stop(minio, 5*time.Second), network.RemoveStore(ctx), os.RemoveAll(c.State.Path(storeDir)))
	})
	if err != nil {
		return fmt.Errorf("remove the store: %w; run store down again", err)
	}
	if c.clusterKept() {
		return nil
	}
	return c.Down(ctx)
}

// clusterKept says whether there is a cluster, running or not: after a boot it is
// registered nowhere, and its data are still there.
func (c *Cluster) clusterKept() bool {
	_, err := os.Stat(c.State.Kubeconfig())
	return err == nil
}

// StoreStatus describes the store for people.
func (c *Cluster) StoreStatus() string {
	record, alive := c.storeProcesses().Alive(minio)
	switch {
	case alive:
		return fmt.Sprintf("http://%s:%s runs as process %d; data and log in %s, credentials in %s\n",
			network.StoreIP, storePort, record.Pid, c.State.Path(storeDir), c.StoreCredentials())
	case c.storeKept():
		return fmt.Sprintf("the store does not run: \"store up\" starts it again; its last words: %s\n", lastLine(c.storeProcesses().Log(minio)))
	}
	return "there is no store: \"store up\" makes one\n"
}
