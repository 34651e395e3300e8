package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/office"
)

const (
	// drainDelay is how long a replica that is to stop still takes requests, until
	// every node knows that it is gone. drainLimit is for those already running.
	drainDelay = 3 * time.Second
	drainLimit = 20 * time.Second

	// gcPercent collects garbage at half the usual growth: an app of one company waits
	// most of its time, and its memory is paid for all day.
	gcPercent = 50
)

// addresses are where the two listeners listen.
type addresses struct{ people, ops string }

// serve runs until ctx ends, and then drains.
func serve(ctx context.Context, dir string, at addresses, log *slog.Logger) error {
	debug.SetGCPercent(gcPercent)
	m, err := mount(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = m.db.Close() }()
	m.db.LogSlowTo(log)
	bus := live.NewPeers(live.PeersConfig{Settings: m.Settings, Keys: m.Keys, Own: ownAddresses, Lookup: net.DefaultResolver.LookupHost, Log: log})
	app := office.New(office.Parts{ //nolint:contextcheck // each request brings its own
		Bus: bus, DB: m.db, Settings: m.Settings, Keys: m.Keys, Clock: kernel.SystemClock, Log: log, Release: release, Page: builtPage(), Bucket: m.bucket,
	})
	debug.FreeOSMemory() // what was needed to put the app together
	ops := newOps(m, app.Jobs, bus, kernel.SystemClock())

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
	go app.Notify.SealAnew(background)
	// Other replicas hear of the last request, too.
	talking, hush := context.WithCancel(context.WithoutCancel(ctx))
	hushed := make(chan struct{})
	go func() {
		defer close(hushed)
		bus.Run(talking)
	}()
	defer func() { hush(); <-hushed }()
	// Jobs go on while the last requests are answered: what those add is done.
	working, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	rested := make(chan struct{})
	go func() {
		defer close(rested)
		app.Jobs.Run(working)
	}()

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
	app.Live.Drain()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	err = errors.Join(people.Shutdown(last), operations.Shutdown(last))
	rest()
	<-rested
	return err
}

// ownAddresses are those under which other replicas find this one.
func ownAddresses() ([]string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("read the addresses of this machine: %w", err)
	}
	var own []string
	for _, address := range all {
		if at, ok := address.(*net.IPNet); ok && at.IP.IsGlobalUnicast() {
			own = append(own, at.IP.String())
		}
	}
	return own, nil
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
