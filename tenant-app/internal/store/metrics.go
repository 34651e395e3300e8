package store

import "github.com/prometheus/client_golang/prometheus"

var jobSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "office_job_seconds",
	Help:    "Time that jobs took, by kind and outcome: done or failed.",
	Buckets: []float64{.01, .1, 1, 10, 120},
}, []string{"kind", "outcome"})

func outcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "done"
}

// Collectors are the metrics of the queue.
func Collectors() []prometheus.Collector { return []prometheus.Collector{jobSeconds} }
