package backup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

var (
	pendingDesc = prometheus.NewDesc("atrium_backups_pending",
		"How many TenantBackups wait for their turn or are at work.", nil, nil)
	backedUpDesc = prometheus.NewDesc("atrium_tenant_backed_up",
		"1 when the tenant has a complete backup, otherwise 0; no series without a backup policy, and before it asked for the first one.", []string{"tenant"}, nil)
	rowsAgeDesc = prometheus.NewDesc("atrium_tenant_backup_age_seconds",
		"How old the rows of the tenant's latest complete backup are; no series without one, or without a backup policy.", []string{"tenant"}, nil)
	proofAgeDesc = prometheus.NewDesc("atrium_tenant_backup_proof_age_seconds",
		"How long ago a drill last proved that a backup of the tenant can be restored, or since its oldest complete backup while none did; no series where the policy asks for no drills.", []string{"tenant"}, nil)
	proofEveryDesc = prometheus.NewDesc("atrium_tenant_backup_proof_interval_seconds",
		"How old that proof may become before the next drill.", []string{"tenant"}, nil)
	failedDesc = prometheus.NewDesc("atrium_tenant_backups_failed",
		"How many backups of the tenant failed since its latest complete one.", []string{"tenant"}, nil)
	durationDesc = prometheus.NewDesc("atrium_tenant_backup_duration_seconds",
		"How long the tenant's latest complete backup took.", []string{"tenant"}, nil)
	bytesDesc = prometheus.NewDesc("atrium_tenant_backup_bytes",
		"What the tenant's latest complete backup read from database and bucket, and what it added to its store.", []string{"tenant", "of"}, nil)
	contentsDesc = prometheus.NewDesc("atrium_tenant_backup_contents",
		"How many rows and objects the tenant's latest complete backup holds.", []string{"tenant", "of"}, nil)
	usualDesc = prometheus.NewDesc("atrium_tenant_backup_contents_usual",
		"The median of what the up to seven complete backups before the latest one hold; no series without one.", []string{"tenant", "of"}, nil)
)

// usualOf is of how many earlier backups the latest one is measured by.
const usualOf = 7

// Collector reports on backups from the cache at scrape time, so that an operator that
// starts knows at once what was.
type Collector struct {
	reader client.Reader
	now    func() time.Time
	ctx    context.Context //nolint:containedctx // prometheus.Collector hands none over; this is the process's
}

// RegisterMetrics adds the controller's metrics to a registry.
func RegisterMetrics(ctx context.Context, registry prometheus.Registerer, reader client.Reader, now func() time.Time) error {
	return registry.Register(&Collector{reader, now, ctx})
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{pendingDesc, backedUpDesc, rowsAgeDesc, proofAgeDesc, proofEveryDesc, failedDesc, durationDesc, bytesDesc, contentsDesc, usualDesc} {
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
	var plans v1alpha1.PlanList
	var backups v1alpha1.TenantBackupList
	for _, list := range []client.ObjectList{&tenants, &plans, &backups} {
		if err := c.reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			out <- prometheus.NewInvalidMetric(pendingDesc, err)
			return
		}
	}
	ofPlan := map[string]*v1alpha1.BackupPolicy{}
	for i := range plans.Items {
		ofPlan[plans.Items[i].Name] = plans.Items[i].Spec.Backup
	}
	of, pending := histories(backups.Items)
	out <- gauge(pendingDesc, float64(pending))
	for i := range tenants.Items {
		if t := &tenants.Items[i]; t.DeletionTimestamp.IsZero() && t.Status.ID != "" {
			c.one(out, t, of[t.Status.ID], cmp.Or(t.Spec.Backup, ofPlan[t.Spec.Plan]))
		}
	}
}

// history is what there is of one company's backups.
type history struct{ complete, failed []*v1alpha1.TenantBackup }

// histories by the id of tenants, the latest complete backup first.
func histories(all []v1alpha1.TenantBackup) (of map[string]history, pending int) {
	of = map[string]history{}
	for i := range all {
		b := &all[i]
		h := of[b.Status.TenantID]
		switch {
		case !finished(b):
			pending++
		case complete(b) && b.Status.Moment != nil:
			h.complete = append(h.complete, b)
		case meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionFailed):
			h.failed = append(h.failed, b)
		}
		of[b.Status.TenantID] = h
	}
	for _, h := range of {
		slices.SortFunc(h.complete, func(a, b *v1alpha1.TenantBackup) int { return b.Status.Moment.Compare(a.Status.Moment.Time) })
	}
	return of, pending
}

func (c *Collector) one(out chan<- prometheus.Metric, t *v1alpha1.Tenant, h history, policy *v1alpha1.BackupPolicy) {
	is, failed := 0.0, 0
	var last v1alpha1.TenantBackupStatus
	if len(h.complete) > 0 {
		is, last = 1, h.complete[0].Status
		if policy != nil {
			out <- gauge(rowsAgeDesc, c.now().Sub(last.Moment.Time).Seconds(), t.Name)
		}
	}
	for _, b := range h.failed {
		if last.Moment == nil || b.Status.Finished != nil && b.Status.Finished.After(last.Moment.Time) {
			failed++
		}
	}
	out <- gauge(failedDesc, float64(failed), t.Name)
	if asked := t.Status.Backup != nil && t.Status.Backup.Day != ""; policy != nil && (asked || is == 1) {
		out <- gauge(backedUpDesc, is, t.Name)
	}
	if is == 1 && policy != nil && policy.DrillDays > 0 {
		since := h.complete[len(h.complete)-1].Status.Moment.Time
		if b := t.Status.Backup; b != nil && b.Proven != nil {
			since = b.Proven.At.Time
		}
		out <- gauge(proofAgeDesc, c.now().Sub(since).Seconds(), t.Name)
		out <- gauge(proofEveryDesc, drillInterval(policy).Seconds(), t.Name)
	}
	if last.Started != nil && last.Finished != nil {
		out <- gauge(durationDesc, last.Finished.Sub(last.Started.Time).Seconds(), t.Name)
	}
	if last.Contents == nil {
		return
	}
	out <- gauge(bytesDesc, float64(last.Contents.ReadBytes), t.Name, "read")
	out <- gauge(bytesDesc, float64(last.Contents.StoredBytes), t.Name, "stored")
	contents(out, t.Name, h.complete)
}

// contents are compared with those of earlier backups: a backup of a company whose rows
// were lost is complete as well.
func contents(out chan<- prometheus.Metric, tenant string, complete []*v1alpha1.TenantBackup) {
	for what, count := range map[string]func(*v1alpha1.BackupContents) int64{
		"rows":    func(c *v1alpha1.BackupContents) int64 { return c.Rows },
		"objects": func(c *v1alpha1.BackupContents) int64 { return c.Objects },
	} {
		out <- gauge(contentsDesc, float64(count(complete[0].Status.Contents)), tenant, what)
		var before []int64
		for _, b := range complete[1:min(len(complete), 1+usualOf)] {
			if b.Status.Contents != nil {
				before = append(before, count(b.Status.Contents))
			}
		}
		if slices.Sort(before); len(before) > 0 {
			out <- gauge(usualDesc, float64(before[len(before)/2]), tenant, what)
		}
	}
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
