package tenant

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// stepSeconds carries no tenant: a histogram per tenant would grow without end.
var stepSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "atrium_tenant_step_seconds",
	Help:    "Time that one run of a step of the tenant controller took.",
	Buckets: []float64{0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15},
}, []string{"step", "outcome"})

var (
	readyDesc = prometheus.NewDesc("atrium_tenant_ready",
		"1 when the tenant's condition Ready is true, otherwise 0; reason is that of the condition.", []string{"tenant", "reason"}, nil)
	healthyDesc = prometheus.NewDesc("atrium_tenant_healthy",
		"1 when the tenant's condition Healthy is true, otherwise 0.", []string{"tenant"}, nil)
)

// Collector reports the state of tenants from the cache at scrape time.
type Collector struct {
	reader client.Reader
	ctx    context.Context //nolint:containedctx // prometheus.Collector hands none over; this is the process's
}

// RegisterMetrics adds the controller's metrics to a registry.
func RegisterMetrics(ctx context.Context, registry prometheus.Registerer, reader client.Reader) error {
	if err := registry.Register(stepSeconds); err != nil {
		return err
	}
	return registry.Register(&Collector{reader, ctx})
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) { out <- readyDesc; out <- healthyDesc }

// scrapeLimit bounds a scrape while the cache still fills.
const scrapeLimit = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.ctx, scrapeLimit)
	defer cancel()
	var tenants v1alpha1.TenantList
	if err := c.reader.List(ctx, &tenants); err != nil {
		out <- prometheus.NewInvalidMetric(readyDesc, err)
		return
	}
	for _, t := range tenants.Items {
		reason := v1alpha1.ReasonWaiting
		if ready := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
			reason = ready.Reason
		}
		out <- gauge(readyDesc, meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady), t.Name, reason)
		out <- gauge(healthyDesc, meta.IsStatusConditionPresentAndEqual(t.Status.Conditions, v1alpha1.ConditionHealthy, metav1.ConditionTrue), t.Name)
	}
}

func gauge(desc *prometheus.Desc, on bool, labels ...string) prometheus.Metric {
	value := 0.0
	if on {
		value = 1
	}
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
