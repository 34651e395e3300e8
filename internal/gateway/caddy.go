package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	// The listener's PROXY protocol is used by its name in the configuration.
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/proxyprotocol"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// Limits of connections. A slow phone gets minutes for a large file, somebody who
// only holds connections open does not.
const (
	headerTimeout   = 10 * time.Second // for the request line and all headers
	idleTimeout     = 2 * time.Minute  // between requests
	stallTimeout    = 30 * time.Second // for the first byte of a body, and per write
	minUploadRate   = 1 << 10          // bytes a second that a body must keep up after that
	maxHeaderBytes  = 32 << 10
	proxyTimeout    = 3 * time.Second // for the PROXY header
	dialTimeout     = 3 * time.Second
	dialAgain       = 2 * time.Second        // while an office's Service learns of its new pod
	dialPause       = 200 * time.Millisecond // between two attempts
	answerTimeout   = 2 * time.Minute        // until the app's first byte: exports take their time
	upstreamIdle    = 3 * time.Second        // a pod that is gone says no goodbye: a request over its old connection would hang
	maxAnswerHeader = 64 << 10
)

// upstreamVar is where our handler leaves the address for Caddy's proxy.
const upstreamVar = "atrium_upstream"

const (
	serverName  = "gateway"
	handlerName = "atrium"
)

func init() { caddy.RegisterModule(&handler{}) }

// running is the gateway that Caddy's handler serves: Caddy holds one
// configuration per process and makes its modules by itself.
var running atomic.Pointer[Gateway]

// CaddyModule names the handler to Caddy.
func (*handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + handlerName,
		New: func() caddy.Module { return &handler{Gateway: running.Load()} },
	}
}

// Provision refuses a configuration that was not made by Start.
func (h *handler) Provision(caddy.Context) error {
	if h.Gateway == nil {
		return errors.New("the handler works only inside a gateway that was started")
	}
	return nil
}

// Start listens and serves.
func (g *Gateway) Start() error {
	if !running.CompareAndSwap(nil, g) {
		return errors.New("start the gateway: one runs in this process already, and Caddy can hold only one")
	}
	config, err := g.caddyConfig()
	if err == nil {
		err = caddy.Run(config)
	}
	if err != nil {
		running.Store(nil)
		return fmt.Errorf("start the gateway on %s: %w", g.config.Listen, err)
	}
	return nil
}

// Addr is where the gateway listens once it was started.
func (g *Gateway) Addr() (net.Addr, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		return nil, fmt.Errorf("ask Caddy where it listens: %w", err)
	}
	return app.(*caddyhttp.App).Servers[serverName].Listeners()[0].Addr(), nil
}

// caddyConfig never changes while the program runs: routes change inside our
// handler. Nothing of it touches the disk.
func (g *Gateway) caddyConfig() (*caddy.Config, error) {
	var warnings []caddyconfig.Warning
	trusted := make([]string, 0, len(g.config.TrustedProxies))
	for _, p := range g.config.TrustedProxies {
		trusted = append(trusted, p.String())
	}
	server := &caddyhttp.Server{
		Listen:               []string{g.config.Listen},
		Protocols:            []string{"h1"},
		ReadHeaderTimeout:    caddy.Duration(headerTimeout),
		ReadIdleTimeout:      caddy.Duration(stallTimeout),
		ReadMinRate:          minUploadRate,
		WriteIdleTimeout:     caddy.Duration(stallTimeout),
		IdleTimeout:          caddy.Duration(idleTimeout),
		MaxHeaderBytes:       maxHeaderBytes,
		AutoHTTPS:            &caddyhttp.AutoHTTPSConfig{Disabled: true},
		TrustedProxiesStrict: 1,
		Routes: caddyhttp.RouteList{{HandlersRaw: []json.RawMessage{
			json.RawMessage(`{"handler":"` + handlerName + `"}`),
			caddyconfig.JSONModuleObject(reverseProxy(), "handler", "reverse_proxy", &warnings),
		}}},
	}
	if len(trusted) > 0 {
		server.TrustedProxiesRaw = caddyconfig.JSONModuleObject(caddyhttp.StaticIPRange{Ranges: trusted}, "source", "static", &warnings)
		// Whoever is not trusted talks HTTP from the first byte: a PROXY line from
		// there is a bad request.
		server.ListenerWrappersRaw = []json.RawMessage{caddyconfig.JSON(map[string]any{
			"wrapper": "proxy_protocol", "timeout": caddy.Duration(proxyTimeout), "allow": trusted, "fallback_policy": "SKIP",
		}, &warnings)}
	}
	no := false
	config := &caddy.Config{
		Admin:   &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: &no}},
		Logging: quietLogging(),
		AppsRaw: caddy.ModuleMap{
			"http": caddyconfig.JSON(&caddyhttp.App{
				Servers: map[string]*caddyhttp.Server{serverName: server}, GracePeriod: caddy.Duration(g.config.DrainLimit),
			}, &warnings),
			"tls": caddyconfig.JSON(&caddytls.TLS{
				DisableOCSPStapling: true, DisableStorageCheck: true, DisableStorageClean: true,
			}, &warnings),
		},
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("write Caddy's configuration: %s", warnings[0].Message)
	}
	return config, nil
}

func reverseProxy() *reverseproxy.Handler {
	var warnings []caddyconfig.Warning // of values that always encode
	no := false
	return &reverseproxy.Handler{
		Upstreams: reverseproxy.UpstreamPool{{Dial: "{http.vars." + upstreamVar + "}"}},
		// Only what could not be sent is tried again: no method matches, and a
		// connection that was refused needs none to.
		LoadBalancing: &reverseproxy.LoadBalancing{
			TryDuration: caddy.Duration(dialAgain), TryInterval: caddy.Duration(dialPause),
			RetryMatchRaw: caddyhttp.RawMatcherSets{{"method": json.RawMessage(`[]`)}},
		},
		TransportRaw: caddyconfig.JSONModuleObject(&reverseproxy.HTTPTransport{
			Compression:           &no, // what the app sends goes through as it is
			DialTimeout:           caddy.Duration(dialTimeout),
			ResponseHeaderTimeout: caddy.Duration(answerTimeout),
			MaxResponseHeaderSize: maxAnswerHeader,
			Versions:              []string{"1.1"},
			// Shorter than any app waits, so that a request seldom meets a
			// connection that is just being closed.
			KeepAlive:       &reverseproxy.KeepAlive{IdleConnTimeout: caddy.Duration(upstreamIdle)},
			NetworkProxyRaw: json.RawMessage(`{"from":"none"}`), // apps are in the cluster, whatever HTTP_PROXY says
		}, "protocol", "http", &warnings),
	}
}

// quietLogging lets Caddy say what is wrong with itself. What is wrong with a
// request stands in our access log: Caddy's proxy would write whole addresses, and
// their queries hold secrets.
func quietLogging() *caddy.Logging {
	return &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		caddy.DefaultLoggerName: {
			BaseLog: caddy.BaseLog{Level: "WARN"},
			Exclude: []string{"http.handlers.reverse_proxy", "http.log", "admin"}, // its admin endpoint is off, on purpose
		},
	}}
}
