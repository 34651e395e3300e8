package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// probeLimit bounds what a probe waits for the database.
const probeLimit = 2 * time.Second

// ops answers the platform.
type ops struct {
	http.ServeMux
	m        *mounted
	jobs     *store.Jobs
	bus      *live.Peers
	started  time.Time
	draining atomic.Bool
}

func newOps(m *mounted, jobs *store.Jobs, bus *live.Peers, started time.Time) *ops {
	o := &ops{m: m, jobs: jobs, bus: bus, started: started}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), poolCollector(m.db))
	registry.MustRegister(httpapi.Collectors()...)
	registry.MustRegister(auth.Collectors()...)
	registry.MustRegister(live.Collectors()...)
	registry.MustRegister(store.Collectors()...)
	o.Handle("GET "+contract.PathMetrics, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	o.HandleFunc("GET "+contract.PathHealth, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	o.HandleFunc("GET "+contract.PathReady, o.ready)
	o.HandleFunc("GET "+contract.PathVersion, o.version)
	return o
}

// ready says whether this replica can answer people.
func (o *ops) ready(w http.ResponseWriter, r *http.Request) {
	if o.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	if !o.bus.Ready() {
		http.Error(w, "other replicas are not heard yet", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeLimit)
	defer cancel()
	version, err := o.m.db.SchemaVersion(ctx)
	switch {
	case err != nil:
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
	case version < store.OldestSchema:
		http.Error(w, fmt.Sprintf("the schema is at %d and this release needs %d; run migrate up", version, store.OldestSchema), http.StatusServiceUnavailable)
	default:
		_, _ = fmt.Fprintln(w, "ready")
	}
}

func (o *ops) version(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), probeLimit)
	defer cancel()
	version, err := describe(ctx, o.m)
	if err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	if version.SchemaVersion >= store.OldestSchema {
		due, err := o.jobs.NextDue(ctx)
		if err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		if !due.IsZero() {
			version.NextDue = due.Format(time.RFC3339)
		}
	}
	version.StartedAt = o.started.Format(time.RFC3339)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(version) // the client is gone if this fails
}

// poolCollector shows the connections to the database.
func poolCollector(db *store.DB) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "office_database_connections_in_use", Help: "Connections that run a statement or a transaction.",
	}, func() float64 { return float64(db.Stats().InUse) })
}
