// Package company runs one company's app on loopback, for tests in a browser and
// for people who work on the app: database, bucket and settings as the operator
// would make them, and the program of this checkout. The platform has no part in it.
package company

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

const (
	name       = "office" // of the database, its owner and the bucket
	schema     = "t_office_1"
	release    = "0.1.0"
	readyLimit = 30 * time.Second
)

// Company is one company's app.
type Company struct {
	Dir      string // of the settings files, the program and its log
	URL      string // origin that people open; empty: that of Listen
	Listen   string // address of the app; empty: a free port of 127.0.0.1
	Ops      string // address of its operations; empty: a free port of 127.0.0.1
	Token    string // of the first administrator's link
	Password string // of the database's owner
}

// FirstLink is the first administrator's one-time link.
func (c *Company) FirstLink() string {
	return c.URL + contract.PathFirstAdmin + "?token=" + c.Token
}

// Log is the file with what the app says.
func (c *Company) Log() string { return filepath.Join(c.Dir, "app.log") }

func (c *Company) program() string  { return filepath.Join(c.Dir, "atrium-office") }
func (c *Company) settings() string { return filepath.Join(c.Dir, "settings") }

// Settle makes database, bucket and settings files. What is there from an earlier
// run stays.
func (c *Company) Settle(ctx context.Context, postgres *env.Server, store *env.Store) error {
	for _, address := range []*string{&c.Listen, &c.Ops} {
		if err := choose(ctx, address); err != nil {
			return err
		}
	}
	if c.URL == "" {
		_, port, err := net.SplitHostPort(c.Listen)
		if err != nil {
			return err
		}
		c.URL = "http://localhost:" + port
	}
	if _, err := postgres.CreateDatabase(name, c.Password); err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	if err := postgres.Exec(name, "CREATE SCHEMA IF NOT EXISTS "+schema+" AUTHORIZATION "+name, "ALTER ROLE "+name+" SET search_path = "+schema); err != nil {
		return err
	}
	if err := makeBucket(ctx, store); err != nil {
		return err
	}
	return c.write(postgres, store)
}

func makeBucket(ctx context.Context, store *env.Store) error {
	client, err := minio.New(strings.TrimPrefix(store.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(store.AccessKey, store.SecretKey, ""), BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return err
	}
	found, err := client.BucketExists(ctx, name)
	if err != nil || found {
		return err
	}
	return client.MakeBucket(ctx, name, minio.MakeBucketOptions{})
}

// write writes what the operator would mount.
func (c *Company) write(postgres *env.Server, store *env.Store) error {
	if err := os.MkdirAll(c.settings(), 0o755); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(c.Token))
	for file, value := range map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: name, DisplayName: "云杉科技有限公司", URL: c.URL, Release: release,
			Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: true, DataEpoch: 1,
			AdminContact:          contract.Contact{Name: "王芳", Phone: "13800000001"},
			FirstAdminTokenSHA256: hex.EncodeToString(sum[:]),
		},
		contract.FileDatabase: contract.Database{
			Host: postgres.Host, Port: postgres.Port, Name: name, User: name, Password: c.Password,
			Schema: schema, SSLMode: "disable", MaxConns: 8,
		},
		contract.FileBucket: contract.Bucket{
			Endpoint: store.Endpoint, Region: "us-east-1", Name: name, PathStyle: true,
			AccessKey: store.AccessKey, SecretKey: store.SecretKey,
		},
	} {
		raw, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.settings(), file), raw, 0o600); err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// Build compiles the app of the checkout at root.
func (c *Company) Build(ctx context.Context, root string) error {
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-X main.release="+release, "-o", c.program(), "./tenant-app")
	build.Dir = root
	return run(build)
}

// Seed brings the schema to the program's and fills it with 30 people.
func (c *Company) Seed(ctx context.Context) error {
	if err := run(exec.CommandContext(ctx, c.program(), "--settings", c.settings(), contract.CommandMigrate, "up")); err != nil {
		return err
	}
	return run(exec.CommandContext(ctx, c.program(), "--settings", c.settings(), contract.CommandSeed))
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// Serve starts the app and waits until it is ready. Ended is closed when it has
// ended, which it is asked to do with the context; its log says why.
func (c *Company) Serve(ctx context.Context) (ended <-chan struct{}, err error) {
	log, err := os.Create(c.Log())
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, c.program(), "--settings", c.settings(), "--listen", c.Listen, "--ops-listen", c.Ops, contract.CommandServe)
	server.Stdout, server.Stderr = log, log
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.WaitDelay = 5 * time.Second
	if err := server.Start(); err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("start the app: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = server.Wait()
		_ = log.Close()
		close(done)
	}()
	return done, c.ready(ctx, done)
}

func (c *Company) ready(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("the app is not ready after %s: see %s", readyLimit, c.Log()))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Ops+contract.PathReady, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return errors.New("the app ended: see " + c.Log())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func choose(ctx context.Context, address *string) error {
	if *address != "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	*address = listener.Addr().String()
	return listener.Close()
}
