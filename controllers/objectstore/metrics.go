package objectstore

import "github.com/prometheus/client_golang/prometheus"

var bytesDesc = prometheus.NewDesc("atrium_tenant_bucket_bytes",
	"Bytes of all versions in the tenant's bucket, as they were added up in the last walk through it.", []string{"tenant"}, nil)

// Describe implements prometheus.Collector.
func (w *Walker) Describe(out chan<- *prometheus.Desc) { out <- bytesDesc }

// Collect implements prometheus.Collector.
func (w *Walker) Collect(out chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for tenant, b := range w.buckets {
		if b.known {
			out <- prometheus.MustNewConstMetric(bytesDesc, prometheus.GaugeValue, float64(b.bytes), tenant)
		}
	}
}
