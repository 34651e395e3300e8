package auth

import "github.com/prometheus/client_golang/prometheus"

var signIns = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "office_sign_ins_total",
	Help: "Attempts to sign in by outcome: ok, wrong or locked.",
}, []string{"outcome"})

// Collectors are the metrics of signing in.
func Collectors() []prometheus.Collector { return []prometheus.Collector{signIns} }
