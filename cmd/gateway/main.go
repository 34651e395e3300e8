// Command gateway leads browsers to their company's office.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"atrium.dev/atrium/internal/gateway"
	"atrium.dev/atrium/internal/gateway/routes"
	"atrium.dev/atrium/internal/gateway/watch"
)

// Together these stay below the 145 s that the chart gives the pod to end. The app
// ends any answer after two minutes itself, so that no download which still flows is
// cut by a gateway's end.
const (
	drainDelay = 10 * time.Second // a busy node needs that long to stop sending
	drainLimit = 125 * time.Second
	opsLimit   = 5 * time.Second
)

func main() {
	listen := flag.String("listen", ":8080", "address for people's traffic")
	opsListen := flag.String("ops-listen", ":8081", "address for /metrics, /healthz and /readyz")
	trusted := flag.String("trusted-proxies", "", "networks of the load balancers in front, separated by commas; "+
		"their PROXY header, or X-Forwarded-For without one, says who the client is")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	klog.SetSlogLogger(log)
	proxies, err := gateway.ParsePrefixes(*trusted)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *listen, *opsListen, proxies, log); err != nil {
		log.Error("gateway ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, opsListen string, proxies []netip.Prefix, log *slog.Logger) error {
	// In a pod the service account; elsewhere the file in KUBECONFIG.
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return fmt.Errorf("find the API server (in a cluster, or by KUBECONFIG): %w", err)
	}
	watcher, err := watch.New(config, routes.Service, log)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	g := gateway.New(gateway.Config{
		Listen: listen, TrustedProxies: proxies, DrainDelay: drainDelay, DrainLimit: drainLimit, Now: time.Now,
	}, registry, log)
	if err := g.Start(); err != nil {
		return err
	}
	ops := g.Ops(opsListen, registry)
	failed := make(chan error, 1)
	go func() { failed <- ops.ListenAndServe() }()
	// The watch goes on while requests drain.
	watching, endWatch := context.WithCancel(context.WithoutCancel(ctx))
	defer endWatch()
	go watcher.Run(watching, g.SetRoutes)

	select {
	case <-ctx.Done():
	case err := <-failed:
		err = fmt.Errorf("serve metrics and health on %s: %w", opsListen, err)
		return errors.Join(err, g.Stop(watching))
	}
	log.Info("draining", "delay", drainDelay.String(), "limit", drainLimit.String())
	stopped := g.Stop(watching)
	ending, cancel := context.WithTimeout(watching, opsLimit)
	defer cancel()
	if err := ops.Shutdown(ending); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(stopped, fmt.Errorf("stop serving metrics: %w", err))
	}
	return stopped
}
