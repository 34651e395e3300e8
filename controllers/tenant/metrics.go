package tenant

import (
	"context"
	"slices"
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
	countDesc = prometheus.NewDesc("atrium_tenants",
		"How many Tenants there are; with it an alert knows a missing series from a missing tenant.", nil, nil)
	readyDesc = prometheus.NewDesc("atrium_tenant_ready",
		"1 when the tenant's condition Ready is true, otherwise 0. Reason is that of the condition; class says who has to act: "+
			"ready and suspended nobody, progress nobody yet, user the author of the spec, platform who runs it.", []string{"tenant", "reason", "class"}, nil)
	healthyDesc = prometheus.NewDesc("atrium_tenant_healthy",
		"1 when the tenant's app answers, otherwise 0; no series while there is no app that should.", []string{"tenant"}, nil)
	ageDesc = prometheus.NewDesc("atrium_tenant_credentials_age_seconds",
		"How long the tenant's credentials have been in use.", []string{"tenant", "kind"}, nil)
	remainingDesc = prometheus.NewDesc("atrium_tenant_bucket_credentials_remaining_seconds",
		"How long the tenant's bucket credentials still last, negative when they ended; no series for static ones.", []string{"tenant"}, nil)
)

// Classes of the metric atrium_tenant_ready.
const (
	classReady     = "ready"
	classProgress  = "progress"
	classUser      = "user"
	classPlatform  = "platform"
	classSuspended = "suspended"
)

var (
	// progressReasons are those of a tenant with which nothing is wrong.
	progressReasons = []string{
		v1alpha1.ReasonWaiting, v1alpha1.ReasonMigrating, v1alpha1.ReasonStarting, v1alpha1.ReasonEnding, v1alpha1.ReasonDeleting,
		v1alpha1.ReasonRestoring,
	}
	// userReasons are those that the author of a spec can mend: nobody is woken.
	userReasons = []string{
		v1alpha1.ReasonPlanNotFound, v1alpha1.ReasonReleaseNotFound, v1alpha1.ReasonNoDatabaseServer, v1alpha1.ReasonNoObjectStore,
		v1alpha1.ReasonAdoptionRequired, v1alpha1.ReasonAdoptionRefused, v1alpha1.ReasonHostTaken, v1alpha1.ReasonHostReserved,
		v1alpha1.ReasonNamespaceTaken, v1alpha1.ReasonSchemaTooNew,
		v1alpha1.ReasonTenantNotFound, v1alpha1.ReasonTenantNotReady, v1alpha1.ReasonBackupNameTaken,
		v1alpha1.ReasonBackupNotFound, v1alpha1.ReasonBackupOfAnother, v1alpha1.ReasonNotEmpty, v1alpha1.ReasonTooLate,
	}
)

// class of a reason for which a tenant is not ready. What is not known here wakes
// somebody: a new reason must not be overlooked.
func class(reason string) string {
	switch {
	case reason == v1alpha1.ReasonSuspended:
		return classSuspended
	case slices.Contains(progressReasons, reason):
		return classProgress
	case slices.Contains(userReasons, reason):
		return classUser
	}
	return classPlatform
}

// Collector reports the state of tenants from the cache at scrape time.
type Collector struct {
	reader client.Reader
	now    func() time.Time
	ctx    context.Context //nolint:containedctx // prometheus.Collector hands none over; this is the process's
}

// RegisterMetrics adds the controller's metrics to a registry.
func RegisterMetrics(ctx context.Context, registry prometheus.Registerer, reader client.Reader, now func() time.Time) error {
	if err := registry.Register(stepSeconds); err != nil {
		return err
	}
	return registry.Register(&Collector{reader, now, ctx})
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{countDesc, readyDesc, healthyDesc, ageDesc, remainingDesc} {
		out <- desc
	}
}

// scrapeLimit bounds a scrape while the cache still fills.
const scrapeLimit = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.ctx, scrapeLimit)
	defer cancel()
	var tenants v1alpha1.TenantList
	if err := c.reader.List(ctx, &tenants); err != nil {
		out <- prometheus.NewInvalidMetric(countDesc, err)
		return
	}
	out <- gauge(countDesc, float64(len(tenants.Items)))
	for i := range tenants.Items {
		c.one(out, &tenants.Items[i])
	}
}

func (c *Collector) one(out chan<- prometheus.Metric, t *v1alpha1.Tenant) {
	ready, reason, who := 0.0, v1alpha1.ReasonWaiting, classProgress
	if is := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady); is != nil {
		reason, who = is.Reason, class(is.Reason)
		if is.Status == metav1.ConditionTrue {
			ready, who = 1, classReady
		}
	}
	out <- gauge(readyDesc, ready, t.Name, reason, who)
	if !t.DeletionTimestamp.IsZero() || who == classSuspended {
		return // nothing has to answer, and no credentials are renewed
	}
	if healthy := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionHealthy); healthy != nil {
		answers := 0.0
		if healthy.Status == metav1.ConditionTrue {
			answers = 1
		}
		out <- gauge(healthyDesc, answers, t.Name)
	}
	if credentials := t.Status.Credentials; credentials != nil {
		if since := credentials.DatabaseSince; since != nil {
			out <- gauge(ageDesc, c.now().Sub(since.Time).Seconds(), t.Name, "database")
		}
		if until := credentials.BucketUntil; until != nil {
			out <- gauge(remainingDesc, until.Sub(c.now()).Seconds(), t.Name)
		}
	}
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
