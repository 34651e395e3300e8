package gateway

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway/routes"
)

// BenchmarkBesidePlainCaddy sends requests in turn through our gateway and through
// Caddy with nothing but its reverse proxy, both in one process, to one app. The
// ratio is the share of plain Caddy's speed that is left.
func BenchmarkBesidePlainCaddy(b *testing.B) {
	answer := strings.Repeat("x", 1024)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	defer app.Close()
	upstream := app.Listener.Addr().String()
	ours, plain := startBoth(b, upstream)

	urls, took, first := [2]string{ours, plain}, [2]time.Duration{}, 0
	for b.Loop() {
		first = 1 - first // neither always follows the other
		for _, i := range [2]int{first, 1 - first} {
			url := urls[i]
			start := time.Now()
			r, err := http.NewRequest(http.MethodGet, url, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Host = "acme.test"
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, res.Body); n != 1024 || err != nil || res.StatusCode != http.StatusOK {
				b.Fatalf("%s answers %d with %d bytes, %v", url, res.StatusCode, n, err)
			}
			_ = res.Body.Close()
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took[0].Microseconds())/float64(b.N), "gateway-µs")
	b.ReportMetric(float64(took[1].Microseconds())/float64(b.N), "caddy-µs")
	b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
}

// startBoth returns the URLs of the gateway and of plain Caddy.
func startBoth(b *testing.B, upstream string) (ours, plain string) {
	g := New(Config{Listen: "127.0.0.1:0", DrainLimit: time.Minute, Now: time.Now}, prometheus.NewRegistry(),
		slog.New(slog.NewJSONHandler(io.Discard, nil)))
	tenant := &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: v1alpha1.TenantSpec{Plan: "large"},
		Status: v1alpha1.TenantStatus{Namespace: "tenant-acme", Hosts: []string{"acme.test"}},
	}
	large := &v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: "large"}}
	large.Spec.RequestLimits = v1alpha1.RequestLimits{MaxBodyBytes: 1 << 20, RequestsPerSecond: 1e6, Burst: 1e6}
	g.SetRoutes(routes.Build([]*v1alpha1.Tenant{tenant}, []*v1alpha1.Plan{large}, func(string) string { return upstream }))
	config, err := g.caddyConfig()
	if err != nil {
		b.Fatal(err)
	}
	var web caddyhttp.App
	if err := json.Unmarshal(config.AppsRaw["http"], &web); err != nil {
		b.Fatal(err)
	}
	proxy := reverseProxy()
	proxy.Upstreams = reverseproxy.UpstreamPool{{Dial: upstream}}
	bare := &caddyhttp.Server{Protocols: []string{"h1"}, AutoHTTPS: &caddyhttp.AutoHTTPSConfig{Disabled: true}}
	bare.Routes = caddyhttp.RouteList{{HandlersRaw: []json.RawMessage{caddyconfig.JSONModuleObject(proxy, "handler", "reverse_proxy", nil)}}}
	bare.Listen = []string{"localhost:0"} // Caddy wants another name for another listener
	web.Servers["plain"] = bare
	config.AppsRaw["http"] = caddyconfig.JSON(&web, nil)

	running.Store(g)
	b.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			b.Error(err)
		}
		running.Store(nil)
	})
	if err := caddy.Run(config); err != nil {
		b.Fatal(err)
	}
	started, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		b.Fatal(err)
	}
	url := func(name string) string {
		return "http://" + started.(*caddyhttp.App).Servers[name].Listeners()[0].Addr().String()
	}
	return url(serverName), url("plain")
}
