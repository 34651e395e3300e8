package gateway

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atrium.dev/atrium/internal/gateway/routes"
)

// Marks after which people notice, and after which they complain.
const (
	slow     = 500 * time.Millisecond
	verySlow = 2 * time.Second
)

// metrics are the golden signals. Counters carry the tenant; the histogram does
// not: its buckets times all companies would be too many series.
type metrics struct {
	requests  *prometheus.CounterVec
	errors    *prometheus.CounterVec
	slower    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	latency   prometheus.Histogram
	unrouted  prometheus.Counter
	conflicts prometheus.Gauge
	hosts     prometheus.Gauge

	mu      sync.RWMutex
	tenants map[string]*tenantCounters
}

// tenantCounters are one company's, looked up once.
type tenantCounters struct {
	classes        [6]prometheus.Counter // 1xx to 5xx by their first digit
	errors         prometheus.Counter
	slow, verySlow prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, inFlight func() float64) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "atrium_gateway_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "atrium_gateway_" + name, Help: help})
	}
	m := &metrics{
		requests: counter("requests_total", "Requests of a company by class of the answer's status.", "tenant", "code"),
		errors:   counter("errors_total", "Requests of a company that ended in a 5xx answer or one that broke off; those of a suspended company do not count.", "tenant"),
		slower:   counter("slow_requests_total", "Requests of a company whose answer began later than so many seconds.", "tenant", "than"),
		refused:  counter("refused_requests_total", "Requests of a company that the gateway answered itself, by reason.", "tenant", "reason"),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "atrium_gateway_request_duration_seconds", Help: "Time until the answer began, of all companies together.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 30},
		}),
		unrouted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atrium_gateway_unrouted_requests_total", Help: "Requests for host names that no company has.",
		}),
		conflicts: gauge("host_conflicts", "Host names that two companies hold at once; the older one keeps it."),
		hosts:     gauge("hosts", "Host names that lead to a company."),
		tenants:   map[string]*tenantCounters{},
	}
	registry.MustRegister(m.requests, m.errors, m.slower, m.refused, m.latency, m.unrouted, m.conflicts, m.hosts,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "atrium_gateway_in_flight_requests", Help: "Requests and WebSockets open now."}, inFlight))
	return m
}

// follow begins the series of new companies at zero, so that their first error
// counts as an increase, and ends those of companies that are gone.
func (m *metrics) follow(table *routes.Table) {
	m.conflicts.Set(float64(len(table.Conflicts())))
	m.hosts.Set(float64(table.Hosts()))
	m.mu.Lock()
	defer m.mu.Unlock()
	for tenant := range m.tenants {
		if !table.Has(tenant) {
			delete(m.tenants, tenant)
			for _, vec := range []*prometheus.CounterVec{m.requests, m.errors, m.slower, m.refused} {
				vec.DeletePartialMatch(prometheus.Labels{"tenant": tenant})
			}
		}
	}
	for tenant := range table.Tenants() {
		if m.tenants[tenant] == nil {
			m.tenants[tenant] = m.newTenant(tenant)
		}
	}
}

func (m *metrics) newTenant(tenant string) *tenantCounters {
	c := &tenantCounters{
		errors:   m.errors.WithLabelValues(tenant),
		slow:     m.slower.WithLabelValues(tenant, "0.5"),
		verySlow: m.slower.WithLabelValues(tenant, "2"),
	}
	for digit := 1; digit <= 5; digit++ {
		c.classes[digit] = m.requests.WithLabelValues(tenant, strconv.Itoa(digit)+"xx")
	}
	return c
}

func (m *metrics) observe(x *exchange, completed bool) {
	if x.route == nil {
		m.unrouted.Inc()
		return
	}
	m.latency.Observe(x.firstByte.Seconds())
	m.mu.RLock()
	defer m.mu.RUnlock()
	c := m.tenants[x.route.Tenant]
	if c == nil {
		return // the company went away while this request ran
	}
	c.classes[min(max(x.status/100, 1), 5)].Inc()
	if (x.status >= http.StatusInternalServerError || !completed) && x.reason != officeSuspended.code {
		c.errors.Inc()
	}
	if x.firstByte > slow {
		c.slow.Inc()
	}
	if x.firstByte > verySlow {
		c.verySlow.Inc()
	}
	if x.reason != "" {
		m.refused.WithLabelValues(x.route.Tenant, x.reason).Inc()
	}
}
