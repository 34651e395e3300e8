package controllers_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/backup"
	"atrium.dev/atrium/test/rig"
)

// What is measured of backups comes from what stands in the API server, whoever was the
// operator when they were made.
func TestBackupMetrics(t *testing.T) {
	r := rig.New(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(hours int) *metav1.Time {
		at := metav1.NewTime(now.Add(-time.Duration(hours) * time.Hour))
		return &at
	}
	policy := &v1alpha1.BackupPolicy{Window: v1alpha1.BackupWindow{Start: "01:00", Hours: 1}, Retention: v1alpha1.BackupRetention{Daily: 9}, DrillDays: 30}
	rig.Edit(r, "standard", &v1alpha1.Plan{}, func(p *v1alpha1.Plan) { p.Spec.Backup = policy })
	r.Create(rig.Plan("bare", 1))
	for name, id := range map[string]string{"acme": "aaaaaaaaaa", "globex": "bbbbbbbbbb", "initech": "cccccccccc", "umbrella": "ffffffffff", "nobody": "", "newcomer": "eeeeeeeeee"} {
		c := rig.Company(name)
		if name == "initech" {
			c.Spec.Plan = "bare"
		}
		r.Create(c)
		c.Status.ID = id
		if name == "umbrella" {
			c.Status.Backup = &v1alpha1.BackupSummary{Proven: &v1alpha1.BackupProven{Restore: "drill", At: *ago(48), Moment: *ago(50)}}
		}
		if name == "globex" {
			c.Status.Backup = &v1alpha1.BackupSummary{Day: "2026-11-22"}
		}
		rig.Check(t, r.Client.Status().Update(t.Context(), c))
	}
	for n, b := range []struct {
		id, condition string
		hours         int
		rows, objects int64
	}{
		{"aaaaaaaaaa", v1alpha1.ConditionFailed, 60, 0, 0}, // before the latest complete one: forgotten
		{"aaaaaaaaaa", v1alpha1.ConditionComplete, 30, 700, 7},
		{"aaaaaaaaaa", v1alpha1.ConditionComplete, 80, 9000, 5},
		{"aaaaaaaaaa", v1alpha1.ConditionComplete, 70, 9100, 3},
		{"aaaaaaaaaa", v1alpha1.ConditionComplete, 90, 10, 4},
		{"aaaaaaaaaa", v1alpha1.ConditionFailed, 20, 0, 0},
		{"aaaaaaaaaa", v1alpha1.ConditionFailed, 10, 0, 0},
		{"aaaaaaaaaa", v1alpha1.ConditionExpired, 1, 0, 0},
		{"aaaaaaaaaa", "", 1, 0, 0}, // at work
		{"bbbbbbbbbb", v1alpha1.ConditionFailed, 5, 0, 0},
		{"cccccccccc", v1alpha1.ConditionComplete, 200, 40, 2},
		{"ffffffffff", v1alpha1.ConditionComplete, 2, 1, 1},
		{"dddddddddd", v1alpha1.ConditionComplete, 1, 1, 1}, // of a company that is gone
		{"", "", 0, 0, 0}, // waits
	} {
		made := backupOf("acme", fmt.Sprintf("b%d", n), v1alpha1.BackupIncremental)
		r.Create(made)
		made.Status = v1alpha1.TenantBackupStatus{TenantID: b.id, Started: ago(b.hours + 1), Finished: ago(b.hours)}
		if b.condition != "" {
			made.Status.Conditions = []metav1.Condition{{Type: b.condition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDone, LastTransitionTime: metav1.NewTime(now)}}
		}
		if b.condition == v1alpha1.ConditionComplete {
			made.Status.Moment = ago(b.hours)
			made.Status.Contents = &v1alpha1.BackupContents{Release: "0.1.0", Rows: b.rows, Objects: b.objects, ReadBytes: b.rows * 10, StoredBytes: b.rows}
		}
		rig.Check(t, r.Client.Status().Update(t.Context(), made))
	}
	registry := prometheus.NewRegistry()
	rig.Check(t, backup.RegisterMetrics(t.Context(), registry, r.Client, func() time.Time { return now }))
	want := map[string]float64{
		"atrium_backups_pending":        2,
		"atrium_tenant_backed_up{acme}": 1, "atrium_tenant_backed_up{globex}": 0,
		"atrium_tenant_backup_age_seconds{acme}": 30 * 3600,
		"atrium_tenant_backups_failed{acme}":     2, "atrium_tenant_backups_failed{globex}": 1, "atrium_tenant_backups_failed{initech}": 0, "atrium_tenant_backups_failed{newcomer}": 0,
		"atrium_tenant_backups_failed{umbrella}": 0, "atrium_tenant_backed_up{umbrella}": 1, "atrium_tenant_backup_age_seconds{umbrella}": 2 * 3600,
		"atrium_tenant_backup_duration_seconds{umbrella}": 3600, "atrium_tenant_backup_bytes{read,umbrella}": 10, "atrium_tenant_backup_bytes{stored,umbrella}": 1,
		"atrium_tenant_backup_contents{rows,umbrella}": 1, "atrium_tenant_backup_contents{objects,umbrella}": 1,
		"atrium_tenant_backup_proof_age_seconds{acme}": 90 * 3600, "atrium_tenant_backup_proof_interval_seconds{acme}": 30 * 86400,
		"atrium_tenant_backup_proof_age_seconds{umbrella}": 48 * 3600, "atrium_tenant_backup_proof_interval_seconds{umbrella}": 30 * 86400,
		"atrium_tenant_backup_duration_seconds{acme}": 3600, "atrium_tenant_backup_duration_seconds{initech}": 3600,
		"atrium_tenant_backup_bytes{read,acme}": 7000, "atrium_tenant_backup_bytes{stored,acme}": 700,
		"atrium_tenant_backup_bytes{read,initech}": 400, "atrium_tenant_backup_bytes{stored,initech}": 40,
		"atrium_tenant_backup_contents{rows,acme}": 700, "atrium_tenant_backup_contents{objects,acme}": 7,
		"atrium_tenant_backup_contents{rows,initech}": 40, "atrium_tenant_backup_contents{objects,initech}": 2,
		"atrium_tenant_backup_contents_usual{rows,acme}": 9000, "atrium_tenant_backup_contents_usual{objects,acme}": 4,
	}
	got := measured(t, registry)
	if !maps.Equal(got, want) {
		t.Errorf("metrics (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// measured are the values of all gauges, by name and values of labels.
func measured(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	rig.Check(t, err)
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := ""
			for _, label := range metric.GetLabel() {
				labels += "," + label.GetValue()
			}
			if labels != "" {
				labels = "{" + labels[1:] + "}"
			}
			got[family.GetName()+labels] = metric.GetGauge().GetValue()
		}
	}
	return got
}
