// Package gateway is the way from a browser to its company's office: Caddy as a
// library with one handler of ours. The handler finds the company of a host name,
// holds the plan's limits, marks the request for the app, counts, and says clearly
// why nothing answers. It does not watch the API (package watch does), decide who
// owns a name (the operator does), nor know what the app does.
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"atrium.dev/atrium/internal/gateway/ratelimit"
	"atrium.dev/atrium/internal/gateway/routes"
)

// Config says where a gateway listens and whom it believes.
type Config struct {
	Listen string // host:port; port 0 takes a free one

	// TrustedProxies are the networks of the load balancers in front. Their PROXY
	// header or, without one, their X-Forwarded-For and X-Forwarded-Proto say who the
	// client is. Nobody else's do.
	TrustedProxies []netip.Prefix

	DrainDelay time.Duration // how long requests are still taken after readiness is withdrawn
	DrainLimit time.Duration // how long answers may then take to reach their clients

	Now func() time.Time
}

// Gateway serves all companies. Make it with New.
type Gateway struct {
	config   Config
	log      *slog.Logger
	table    atomic.Pointer[routes.Table]
	limiter  *ratelimit.Limiter
	metrics  *metrics
	inFlight atomic.Int64
	draining atomic.Bool
}

// New makes a gateway that has no routes yet and is not ready. Its metrics go to
// registry.
func New(config Config, registry prometheus.Registerer, log *slog.Logger) *Gateway {
	g := &Gateway{config: config, log: log, limiter: ratelimit.New(config.Now)}
	g.metrics = newMetrics(registry, func() float64 { return float64(g.inFlight.Load()) })
	return g
}

// SetRoutes swaps the table. Requests that run keep the route that they found.
func (g *Gateway) SetRoutes(table *routes.Table) {
	before := g.table.Swap(table)
	g.metrics.follow(table)
	known := map[routes.Conflict]bool{}
	if before != nil {
		for _, c := range before.Conflicts() {
			known[c] = true
		}
	}
	for _, c := range table.Conflicts() {
		if !known[c] {
			g.log.Warn("two tenants hold one host name; the older keeps it",
				"host", c.Host, "tenant", c.Winner, "refused", c.Loser)
		}
	}
}

// Ready tells why the gateway should get no requests now, or nil.
func (g *Gateway) Ready() error {
	switch {
	case g.draining.Load():
		return fmt.Errorf("draining: this gateway is about to end")
	case g.table.Load() == nil:
		return fmt.Errorf("waiting for the first list of tenants and plans from the API server")
	}
	return nil
}

// Stop withdraws readiness, waits until others have noticed, takes no more
// connections, closes WebSockets with a close frame and waits until every client has
// its whole answer, within the limits of Config. Another gateway can be started
// afterwards.
func (g *Gateway) Stop(ctx context.Context) error {
	g.draining.Store(true)
	wait(ctx, g.config.DrainDelay, func() bool { return false })
	addr, err := g.Addr()
	if err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	defer running.CompareAndSwap(g, nil)
	if err := caddy.Stop(); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	left := 0
	ended := wait(ctx, g.config.DrainLimit, func() bool {
		left, err = owed(addr.(*net.TCPAddr).Port)
		return left == 0
	})
	if err == nil && !ended {
		err = fmt.Errorf("%d requests still ran and %d connections were open after %s", g.inFlight.Load(), left, g.config.DrainLimit)
	}
	if err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	return nil
}

// wait asks done often until it says yes, the limit passes or ctx ends.
func wait(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return done()
		case <-tick.C:
		}
	}
	return true
}
