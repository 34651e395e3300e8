package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
)

var requestSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "office_http_request_seconds",
	Help:    "Time to answer requests of people.",
	Buckets: []float64{.005, .02, .1, .5, 2, 10},
}, []string{"method", "route", "status"})

var knownMethods = map[string]bool{
	http.MethodGet: true, http.MethodHead: true, http.MethodPost: true, http.MethodPut: true, http.MethodPatch: true, http.MethodDelete: true,
}

// Collectors are the metrics of the edge.
func Collectors() []prometheus.Collector { return []prometheus.Collector{requestSeconds} }

// observe counts a request under its route's pattern: a path could be anything.
func observe(r *http.Request, status int, took time.Duration) {
	route := chi.RouteContext(r.Context()).RoutePattern()
	if route == "" {
		route = "none"
	}
	method := r.Method
	if !knownMethods[method] {
		method = "other"
	}
	requestSeconds.WithLabelValues(method, route, strconv.Itoa(max(status, http.StatusOK)/100)+"xx").Observe(took.Seconds())
}
