// Command e2e tries the built page in a real browser against the real app:
// PostgreSQL and MinIO of the tests, the program of this checkout with the page
// embedded, a seeded company. It needs `npm ci`, `npm run build` and Debian's
// chromium; it is `npm run e2e`, with names of parts if not all are wanted, and with
// --pictures (npm run e2e -- --pictures) screenshots go to the folder out beside it.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
	"atrium.dev/atrium/test/env/company"
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

	office, err := company.New(dir)
	if err != nil {
		return err
	}
	if err := office.Settle(ctx, postgres, store); err != nil {
		return err
	}
	if err := app.Build(ctx, office.Program); err != nil {
		return err
	}
	if err := office.Seed(ctx); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	ended, err := office.Serve(serving)
	defer func() {
		stop()
		if ended != nil {
			<-ended
		}
	}()
	if err != nil {
		return err
	}
	browser := exec.CommandContext(ctx, "node", append([]string{"e2e/browser.mjs"}, args...)...)
	browser.Dir = filepath.Join(root, "tenant-app", "web")
	browser.Env = append(os.Environ(), "E2E_URL="+office.URL, "E2E_FIRST="+office.FirstLink())
	browser.Stdout, browser.Stderr = os.Stdout, os.Stderr
	if err := browser.Run(); err != nil {
		return fmt.Errorf("the browser's tests: %w", err)
	}
	return nil
}
