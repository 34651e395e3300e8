package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office"
)

const (
	// drainDelay is how long a replica that is to stop still takes requests, until
	// every node knows that it is gone. drainLimit is for those already running.
	drainDelay = 3 * time.Second
	drainLimit = 20 * time.Second

	cleanEvery = time.Hour
)

// addresses are where the two listeners listen.
type addresses struct{ people, ops string }

// serve runs until ctx ends, and then drains.
func serve(ctx context.Context, dir string, at addresses, log *slog.Logger) error {
	m, err := mount(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = m.db.Close() }()
	m.db.LogSlowTo(log)
	app := office.New(office.Parts{
		DB: m.db, Settings: m.Settings, Clock: kernel.SystemClock, Log: log, Release: release, Page: builtPage(), Bucket: m.bucket,
	})
	ops := newOps(m, kernel.SystemClock())

	people, err := listen(ctx, at.people, app.Server.Handler(), log)
	if err != nil {
		return err
	}
	operations, err := listen(ctx, at.ops, ops, log)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "serving", "release", release, "tenant", m.Settings().TenantID, "people", at.people, "ops", at.ops)
	background, stop := context.WithCancel(ctx)
	defer stop()
	go m.follow(background, followEvery, log)
	go clean(background, app, m, log)

	select {
	case err := <-people.failed:
		return err
	case err := <-operations.failed:
		return err
	case <-ctx.Done():
	}
	ops.draining.Store(true)
	log.InfoContext(ctx, "draining")
	time.Sleep(drainDelay)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	return errors.Join(people.Shutdown(last), operations.Shutdown(last))
}

// server is one listener.
type server struct {
	*http.Server
	failed chan error
}

func listen(ctx context.Context, address string, handler http.Handler, log *slog.Logger) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; stop what uses the port", address, err)
	}
	s := &server{failed: make(chan error, 1), Server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	go func() {
		if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve %s: %w", address, err)
		}
	}()
	return s, nil
}

// clean deletes what has expired, now and then, not on all replicas at once.
func clean(ctx context.Context, app *office.Office, m *mounted, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(cleanEvery/2 + rand.N(cleanEvery)):
		}
		err := errors.Join(app.Auth.CleanUp(ctx), httpapi.ForgetReplies(ctx, m.db, kernel.SystemClock()))
		if err != nil {
			log.WarnContext(ctx, "cannot delete what has expired; trying again later", "error", err.Error())
		}
	}
}
