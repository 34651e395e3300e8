package gateway

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"atrium.dev/atrium/tenant-app/contract"
)

// Ops is the server for those who run the platform: metrics, health and readiness.
// It has a port of its own, which no company's traffic reaches.
func (g *Gateway) Ops(listen string, metrics prometheus.Gatherer) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET "+contract.PathMetrics, promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET "+contract.PathHealth, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET "+contract.PathReady, func(w http.ResponseWriter, _ *http.Request) {
		if err := g.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return &http.Server{
		Addr: listen, Handler: mux,
		ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
	}
}
