// Command office runs one company's app for the people who work on it: PostgreSQL
// and MinIO on loopback, the app built from this checkout, a seeded company of 30
// people, and the page with hot reload. Data stays in the cache between runs.
// It is `make office`; the platform has no part in it.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
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
	page   = "http://localhost:5173"
	app    = "127.0.0.1:8090"
	ops    = "127.0.0.1:8091"
	secret = "office-on-loopback-only" //nolint:gosec // the servers listen on loopback and hold seeded data
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "office:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	started := time.Now()
	step := func(what string) { fmt.Printf("  %5.1f s  %s\n", time.Since(started).Seconds(), what) }
	cache, err := env.Cache()
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, "office")
	settings := filepath.Join(dir, "settings")
	for _, d := range []string{settings, filepath.Join(dir, "postgres"), filepath.Join(dir, "minio")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}

	db, err := database(filepath.Join(dir, "postgres"))
	if err != nil {
		return err
	}
	step("PostgreSQL answers on " + fmt.Sprintf("%s:%d", db.Host, db.Port))
	bucket, err := bucket(ctx, filepath.Join(dir, "minio"))
	if err != nil {
		return err
	}
	step("MinIO answers on " + bucket.Endpoint)
	link, err := writeSettings(settings, db, bucket)
	if err != nil {
		return err
	}

	program := filepath.Join(dir, "atrium-office")
	if err := command(ctx, os.Stdout, "go", "build", "-o", program, "./tenant-app").Run(); err != nil {
		return fmt.Errorf("build the app: %w", err)
	}
	step("The app is built")
	for _, args := range [][]string{{contract.CommandMigrate, "up"}, {contract.CommandSeed}} {
		if err := command(ctx, os.Stdout, program, append([]string{"--settings", settings}, args...)...).Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
	}
	step("Schema and people are there")
	fmt.Println("  First administrator, once: " + link)
	return serve(ctx, dir, program, settings, step)
}

// serve runs app and page until the context ends or one of them does.
func serve(ctx context.Context, dir, program, settings string, step func(string)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	log, err := os.Create(filepath.Join(dir, "app.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	server := command(ctx, log, program, "--settings", settings, "--listen", app, "--ops-listen", ops, contract.CommandServe)
	web := command(ctx, os.Stdout, "npm", "run", "--prefix", "tenant-app/web", "dev", "--", "--port", "5173", "--strictPort")
	web.Env = append(os.Environ(), "ATRIUM_APP=http://"+app)
	for name, cmd := range map[string]*exec.Cmd{"the app, see " + log.Name(): server, "the page": web} {
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		go func() {
			err := cmd.Wait()
			cancel(fmt.Errorf("%s ended: %w", name, errors.Join(err)))
		}()
	}
	if err := ready(ctx, "http://"+ops+contract.PathReady); err != nil {
		return err
	}
	step("Open " + page + " (log: " + log.Name() + "; Ctrl-C ends)")
	<-ctx.Done()
	return context.Cause(ctx)
}

func database(dir string) (contract.Database, error) {
	server, err := env.StartPostgres(dir, 54329, secret)
	if err != nil {
		return contract.Database{}, err
	}
	const name = "office"
	d := contract.Database{
		Host: server.Host, Port: server.Port, Name: name, User: name, Password: secret,
		Schema: "t_office_1", SSLMode: "disable", MaxConns: 8,
	}
	// The folder keeps its data: the database may be there from an earlier run.
	if _, err := server.CreateDatabase(name, secret); err != nil && !strings.Contains(err.Error(), "already exists") {
		return d, err
	}
	return d, server.Exec(name,
		"CREATE SCHEMA IF NOT EXISTS t_office_1 AUTHORIZATION office",
		"ALTER ROLE office SET search_path = t_office_1")
}

func bucket(ctx context.Context, dir string) (contract.Bucket, error) {
	store, err := env.StartMinIO(dir, 59000, secret)
	if err != nil {
		return contract.Bucket{}, err
	}
	b := contract.Bucket{
		Endpoint: store.Endpoint, Region: "us-east-1", Name: "office", PathStyle: true,
		AccessKey: store.AccessKey, SecretKey: store.SecretKey,
	}
	client, err := minio.New(strings.TrimPrefix(store.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, ""), BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return b, err
	}
	found, err := client.BucketExists(ctx, b.Name)
	if err != nil || found {
		return b, err
	}
	return b, client.MakeBucket(ctx, b.Name, minio.MakeBucketOptions{Region: b.Region})
}

// writeSettings writes what the operator would mount, and returns the first
// administrator's link. The token stays the same between runs, and so does the link.
func writeSettings(dir string, db contract.Database, bucket contract.Bucket) (string, error) {
	tokenFile := filepath.Join(dir, "..", "first-admin-token")
	token, err := os.ReadFile(tokenFile)
	if errors.Is(err, os.ErrNotExist) {
		token = []byte(rand.Text())
		err = os.WriteFile(tokenFile, token, 0o600)
	}
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(token)
	for file, value := range map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: "office", DisplayName: "云杉科技有限公司", URL: page, Release: "0.1.0",
			Locale: "zh-CN", Timezone: "Asia/Shanghai", Outbound: false, DataEpoch: 1,
			AdminContact:          contract.Contact{Name: "王芳", Phone: "13800000001"},
			FirstAdminTokenSHA256: hex.EncodeToString(hash[:]),
		},
		contract.FileDatabase: db,
		contract.FileBucket:   bucket,
	} {
		raw, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, file), raw, 0o600); err != nil {
			return "", err
		}
	}
	return page + contract.PathFirstAdmin + "?token=" + string(token), nil
}

// command is a child that is asked to end with the context, and killed if it does
// not within five seconds.
func command(ctx context.Context, out io.Writer, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("the app is not ready after 30 s: "+url))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
}
