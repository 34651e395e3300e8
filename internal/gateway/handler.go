package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"atrium.dev/atrium/internal/gateway/routes"
)

// handler is our one link in Caddy's chain; Caddy's reverse proxy is the next.
type handler struct{ *Gateway }

// exchange is one request and what became of it.
type exchange struct {
	*recorder
	request *http.Request
	client  client
	route   *routes.Route // nil: no company has this host name
	body    *body
	reason  string // code of the notice that was given instead of the app's answer
	err     error
}

// ServeHTTP answers every request itself or has the app answer it; it never
// returns an error to Caddy.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	h.inFlight.Add(1)
	defer h.inFlight.Add(-1)
	start := h.config.Now()
	x := &exchange{request: r, client: identify(r)}
	x.recorder = record(w, x.client.requestID, h.config.Now, start)
	completed := false
	defer func() { h.finish(x, h.config.Now().Sub(start), completed) }()
	h.serve(x, next)
	completed = true
	return nil
}

func (h *handler) serve(x *exchange, next caddyhttp.Handler) {
	r := x.request
	table := h.table.Load()
	if table == nil {
		h.give(x, gatewayStarting)
		return
	}
	route, ok := table.Lookup(r.Host)
	if !ok {
		h.give(x, unknownHost)
		return
	}
	x.route = route
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		h.give(x, methodRefused)
		return
	}
	limits := route.Limits
	if wait, ok := h.limiter.Allow(route.Tenant, x.client.addr, limits.RequestsPerSecond, limits.Burst); !ok {
		h.give(x, tooMany.after(wait))
		return
	}
	if route.State == routes.Suspended {
		h.give(x, officeSuspended)
		return
	}
	if r.ContentLength > limits.MaxBodyBytes {
		h.give(x, tooLarge.allowing(limits.MaxBodyBytes))
		return
	}
	if route.Upstream == "" {
		h.give(x, unanswered(route))
		return
	}
	x.body = limitBody(r, limits.MaxBodyBytes)
	x.client.mark(r)
	caddyhttp.SetVar(r.Context(), upstreamVar, route.Upstream)
	if err := next.ServeHTTP(x.recorder, r); err != nil {
		x.err = err
		h.give(x, explain(x, err))
	}
}

// explain finds the notice for a request that the app did not answer.
func explain(x *exchange, err error) notice {
	var dial reverseproxy.DialError
	var status caddyhttp.HandlerError
	switch {
	case x.body.tooLarge.Load():
		return tooLarge.allowing(x.route.Limits.MaxBodyBytes)
	case x.body.broken.Load():
		return bodyBroken
	case errors.As(err, &dial):
		return unanswered(x.route)
	case errors.As(err, &status) && status.StatusCode == http.StatusGatewayTimeout:
		return tookTooLong
	}
	return brokeOff
}

// unanswered is the notice for an office that nothing answers for.
func unanswered(route *routes.Route) notice {
	switch route.State {
	case routes.Failed:
		return officeFailed
	case routes.Serving:
		return officeSilent
	}
	return officeStarting
}

// finish counts and logs. An answer that broke off after its header (the proxy
// panics then, so that the client notices) is an error whatever its status said.
func (h *handler) finish(x *exchange, took time.Duration, completed bool) {
	if x.status == 0 { // nothing was written: an empty answer, or none when the handler panicked
		x.status, x.firstByte = http.StatusOK, took
		if !completed {
			x.status = http.StatusInternalServerError
		}
	}
	h.metrics.observe(x, completed)
	attrs := []slog.Attr{
		slog.String("request_id", x.client.requestID),
		slog.String("client", x.client.text),
		slog.String("method", x.request.Method),
		slog.String("host", clip(x.request.Host)),
		slog.String("path", clip(x.request.URL.Path)), // never the query: links carry secrets there
		slog.Int("status", x.status),
		slog.Int64("bytes", x.bytes),
		slog.Float64("first_byte_ms", milliseconds(x.firstByte)),
		slog.Float64("duration_ms", milliseconds(took)),
	}
	if x.route != nil {
		attrs = append(attrs, slog.String("tenant", x.route.Tenant), slog.String("tenant_id", x.route.ID))
	}
	if x.reason != "" {
		attrs = append(attrs, slog.String("reason", x.reason))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("error", clip(x.err.Error())))
	}
	if !completed {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	h.log.LogAttrs(x.request.Context(), slog.LevelInfo, "request", attrs...)
}

// clip keeps one request from filling the log.
func clip(s string) string {
	const most = 512
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
