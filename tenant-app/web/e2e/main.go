// Command e2e tries the built page in a real browser against the real app:
// PostgreSQL and MinIO of the tests, the program of this checkout with the page
// embedded, a seeded company. It needs `npm ci`, `npm run build` and Debian's
// chromium; it is `npm run e2e`. Screenshots go to the folder out beside it.
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
	"net"
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
	bucketName = "e2e"
	readyLimit = 30 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := env.Repository()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "atrium-e2e-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	postgres, err := env.StartPostgres("", 0, rand.Text())
	if err != nil {
		return err
	}
	defer postgres.Stop()
	store, err := env.StartMinIO("", 0, rand.Text())
	if err != nil {
		return err
	}
	defer store.Stop()

	a := app{dir: dir, program: filepath.Join(dir, "atrium-office"), token: rand.Text()}
	if err := a.settle(ctx, postgres, store); err != nil {
		return err
	}
	if err := a.build(ctx, root); err != nil {
		return err
	}
	stopApp, err := a.serve(ctx)
	if err != nil {
		return err
	}
	defer stopApp()

	browser := exec.CommandContext(ctx, "node", append([]string{"e2e/browser.mjs"}, args...)...)
	browser.Dir = filepath.Join(root, "tenant-app", "web")
	browser.Env = append(os.Environ(), "E2E_URL="+a.url, "E2E_FIRST="+a.url+contract.PathFirstAdmin+"?token="+a.token)
	browser.Stdout, browser.Stderr = os.Stdout, os.Stderr
	if err := browser.Run(); err != nil {
		return fmt.Errorf("the browser's tests: %w", err)
	}
	return nil
}

// app is the program under test with its settings.
type app struct {
	dir, program, url, people, ops, token string
}

// settle makes the database, the bucket and the settings files.
func (a *app) settle(ctx context.Context, postgres *env.Server, store *env.Store) error {
	db, err := postgres.CreateDatabase("e2e", rand.Text())
	if err != nil {
		return err
	}
	if err := postgres.Exec(db.Name, "CREATE SCHEMA t_e2e_1 AUTHORIZATION e2e", "ALTER ROLE e2e SET search_path = t_e2e_1"); err != nil {
		return err
	}
	client, err := minio.New(strings.TrimPrefix(store.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(store.AccessKey, store.SecretKey, ""), BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return err
	}
	if err := client.MakeBucket(ctx, bucketName, minio.MakeBucketOptions{}); err != nil {
		return fmt.Errorf("make the bucket: %w", err)
	}
	for _, address := range []*string{&a.people, &a.ops} {
		if *address, err = freeAddress(ctx); err != nil {
			return err
		}
	}
	_, port, err := net.SplitHostPort(a.people)
	if err != nil {
		return err
	}
	a.url = "http://localhost:" + port
	sum := sha256.Sum256([]byte(a.token))
	return a.write(map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: "e2e", DisplayName: "云杉科技有限公司", URL: a.url, Release: "0.1.0", Locale: "zh-CN",
			Timezone: "Asia/Shanghai", DataEpoch: 1, FirstAdminTokenSHA256: hex.EncodeToString(sum[:]),
			AdminContact: contract.Contact{Name: "王芳", Phone: "13800000001"},
		},
		contract.FileDatabase: contract.Database{
			Host: db.Host, Port: db.Port, Name: db.Name, User: db.User, Password: db.Password,
			Schema: "t_e2e_1", SSLMode: "disable", MaxConns: 8,
		},
		contract.FileBucket: contract.Bucket{
			Endpoint: store.Endpoint, Region: "us-east-1", Name: bucketName, PathStyle: true,
			AccessKey: store.AccessKey, SecretKey: store.SecretKey,
		},
	})
}

func (a *app) write(files map[string]any) error {
	for name, value := range files {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(a.dir, name), raw, 0o600); err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// build compiles the app with the page in it and prepares its schema and people.
func (a *app) build(ctx context.Context, root string) error {
	compile := exec.CommandContext(ctx, "go", "build", "-ldflags", "-X main.release=0.1.0", "-o", a.program, "./tenant-app")
	compile.Dir = root
	steps := []*exec.Cmd{
		compile,
		exec.CommandContext(ctx, a.program, "--settings", a.dir, contract.CommandMigrate, "up"),
		exec.CommandContext(ctx, a.program, "--settings", a.dir, contract.CommandSeed),
	}
	for _, step := range steps {
		if out, err := step.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(step.Args, " "), err, out)
		}
	}
	return nil
}

// serve starts the app, waits until it is ready and gives what stops it.
func (a *app) serve(ctx context.Context) (stop func(), err error) {
	log, err := os.Create(filepath.Join(os.TempDir(), "atrium-e2e-app.log"))
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, a.program, "--settings", a.dir, "--listen", a.people, "--ops-listen", a.ops, contract.CommandServe)
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the app: %w", err)
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
		_ = log.Close()
	}
	if err := ready(ctx, "http://"+a.ops+contract.PathReady); err != nil {
		stop()
		return nil, fmt.Errorf("%w; see %s", err, log.Name())
	}
	return stop, nil
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, errors.New("the app is not ready after 30 s"))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
