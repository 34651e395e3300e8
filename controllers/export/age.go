package export

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const help = "How long ago the ObjectStore was last seen to hold the latest export of what a lost cluster is made again from; since this operator first looked while it did not."

var ageDesc = prometheus.NewDesc("atrium_control_export_age_seconds", help, []string{"server"}, nil)

// looked notes how a look at a store ended.
func (r *Reconciler) looked(store string, well bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.since[store]; known && !well {
		return
	}
	if r.since == nil {
		r.since = map[string]time.Time{}
	}
	r.since[store] = r.Now()
}

// forget a store that is none of backups any more.
func (r *Reconciler) forget(store string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.since, store)
}

// Describe implements prometheus.Collector.
func (r *Reconciler) Describe(out chan<- *prometheus.Desc) { out <- ageDesc }

// Collect implements prometheus.Collector. Only the operator that leads looks at stores.
func (r *Reconciler) Collect(out chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for store, at := range r.since {
		out <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, r.Now().Sub(at).Seconds(), store)
	}
}
