// Package app builds the app of this checkout and runs it on loopback as its pod
// would, over settings files that somebody else has written. It is for tests and for
// the local office.
package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
)

// Release is the version that the program has.
const Release = "0.1.0"

const readyLimit = time.Minute

// App is the program and what it runs with.
type App struct {
	Program  string // file that Build makes
	Settings string // folder of the settings files
	Log      string // file with what it says
	Listen   string // address of the app
	Ops      string // address of its operations
}

// New is an app that keeps its files in dir, at free ports of 127.0.0.1.
func New(dir string) (*App, error) {
	a := &App{Program: filepath.Join(dir, "atrium-office"), Settings: filepath.Join(dir, "settings"), Log: filepath.Join(dir, "app.log")}
	for _, address := range []*string{&a.Listen, &a.Ops} {
		port, err := env.FreePort()
		if err != nil {
			return nil, err
		}
		*address = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return a, nil
}

// Build compiles the app of this checkout.
func Build(ctx context.Context, program string) error {
	root, err := env.Repository()
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-X main.release="+Release, "-o", program, "./tenant-app")
	build.Dir = root
	return run(build)
}

// Run runs a command of the program to its end, for example migrate up.
func (a *App) Run(ctx context.Context, args ...string) error {
	return run(exec.CommandContext(ctx, a.Program, append([]string{"--settings", a.Settings}, args...)...))
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// Serve starts the app and waits until it is ready. It is killed when the context or
// this process ends. Ended is closed when it has ended; its log says why.
func (a *App) Serve(ctx context.Context) (ended <-chan struct{}, err error) {
	log, err := os.Create(a.Log)
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, a.Program, "--settings", a.Settings, "--listen", a.Listen, "--ops-listen", a.Ops, contract.CommandServe)
	server.Stdout, server.Stderr = log, log
	done, err := env.Start(server)
	_ = log.Close()
	if err != nil {
		return nil, fmt.Errorf("start the app: %w", err)
	}
	return done, a.ready(ctx, done)
}

func (a *App) ready(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("the app is not ready after %s: see %s", readyLimit, a.Log))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.Ops+contract.PathReady, nil)
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
			return errors.New("the app ended: see " + a.Log)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
