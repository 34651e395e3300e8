// Command office runs one company's app for the people who work on it: PostgreSQL
// and MinIO on loopback, the app built from this checkout, a seeded company of 30
// people, and the page with hot reload. Data stays in the cache between runs.
// It is `make office`; the platform has no part in it.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
	"atrium.dev/atrium/test/env/company"
)

const (
	page   = "http://localhost:5173"
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
	office, postgres, store, err := start(step)
	if err != nil {
		return err
	}
	if err := office.Settle(ctx, postgres, store); err != nil {
		return err
	}
	if err := app.Build(ctx, office.Program); err != nil {
		return err
	}
	step("The app is built")
	if err := office.Seed(ctx); err != nil {
		return err
	}
	step("Schema and 30 people are there")
	fmt.Println("  First administrator, once: " + office.FirstLink())
	return serve(ctx, office, step)
}

// start starts the servers over the data of earlier runs.
func start(step func(string)) (*company.Company, *env.Server, *env.Store, error) {
	cache, err := env.Cache()
	if err != nil {
		return nil, nil, nil, err
	}
	dir := filepath.Join(cache, "office")
	for _, d := range []string{"postgres", "minio"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, nil, nil, err
		}
	}
	token, err := token(filepath.Join(dir, "first-admin-token"))
	if err != nil {
		return nil, nil, nil, err
	}
	postgres, err := env.StartPostgres(filepath.Join(dir, "postgres"), 54329, secret)
	if err != nil {
		return nil, nil, nil, err
	}
	step(fmt.Sprintf("PostgreSQL answers on %s:%d", postgres.Host, postgres.Port))
	store, err := env.StartMinIO(filepath.Join(dir, "minio"), 59000, secret)
	if err != nil {
		return nil, nil, nil, err
	}
	step("MinIO answers on " + store.Endpoint)
	office, err := company.New(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	office.Listen, office.Ops, office.URL, office.Token, office.Password = "127.0.0.1:8090", "127.0.0.1:8091", page, token, secret
	return office, postgres, store, nil
}

// token stays the same between runs, and so does the first administrator's link.
func token(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(rand.Text())
		err = os.WriteFile(file, raw, 0o600)
	}
	return string(raw), err
}

// serve runs app and page until the context ends or one of them does.
func serve(ctx context.Context, office *company.Company, step func(string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended, err := office.Serve(ctx)
	if err != nil {
		return err
	}
	web := exec.CommandContext(ctx, "npm", "run", "--prefix", "tenant-app/web", "dev", "--", "--port", "5173", "--strictPort")
	web.Stdout, web.Stderr = os.Stdout, os.Stderr
	web.Env = append(os.Environ(), "ATRIUM_APP=http://"+office.Listen)
	web.Cancel = func() error { return web.Process.Signal(syscall.SIGTERM) }
	web.WaitDelay = 5 * time.Second
	if err := web.Start(); err != nil {
		return fmt.Errorf("start the page: %w", err)
	}
	pageEnded := make(chan struct{})
	go func() {
		_ = web.Wait()
		close(pageEnded)
	}()
	step("Open " + page + " (log: " + office.Log + "; Ctrl-C ends)")
	select {
	case <-ended:
		err = errors.New("the app ended: see " + office.Log)
	case <-pageEnded:
		err = errors.New("the page ended: what it said stands above")
	}
	stop()
	<-ended
	<-pageEnded
	return err
}
