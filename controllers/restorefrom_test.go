package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// A company that begins with a backup waits for it, and is a copy that calls nobody. The
// test plays the restore; the backup that is named is none, so no other one works on it.
func TestRestoreFrom(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Create(rig.Company("copy", func(t *v1alpha1.Tenant) { t.Spec.RestoreFrom = &v1alpha1.RestoreFrom{Backup: "monday"} }))
	t.Run("waits, and touches nothing", func(t *testing.T) { waitsForRows(t, r) })
	t.Run("says that its restore failed", func(t *testing.T) { intoFails(t, r) })
	t.Run("runs once its rows are there", func(t *testing.T) { runsCopy(t, r) })
	t.Run("has data of its own", func(t *testing.T) { alreadyFull(t, r) })
}

// untilMigrated waits until a Tenant's Migrated says a reason.
func untilMigrated(r *rig.Rig, name, reason string) *v1alpha1.Tenant {
	r.T.Helper()
	return r.Until(name, "has Migrated "+reason, func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionMigrated).Reason == reason
	})
}

// into waits for the TenantRestore that fills a company.
func into(t *testing.T, r *rig.Rig, company *v1alpha1.Tenant) *v1alpha1.TenantRestore {
	t.Helper()
	var restore v1alpha1.TenantRestore
	r.Eventually("a TenantRestore fills "+company.Name, func() bool {
		return r.Client.Get(t.Context(), client.ObjectKey{Name: tenant.IntoName(company, company.Status.ID)}, &restore) == nil
	}, func() string { return "" })
	return &restore
}

// end says how a restore ended, as whoever restores does.
func end(t *testing.T, r *rig.Rig, restore *v1alpha1.TenantRestore, condition, reason string) {
	t.Helper()
	before := restore.DeepCopy()
	meta.SetStatusCondition(&restore.Status.Conditions, metav1.Condition{Type: condition, Status: metav1.ConditionTrue, Reason: reason, Message: "file p/x is cut off"})
	rig.Check(t, r.Client.Status().Patch(t.Context(), restore, client.MergeFrom(before)))
}

func waitsForRows(t *testing.T, r *rig.Rig) {
	copied := untilMigrated(r, "copy", v1alpha1.ReasonRestoring)
	restore := into(t, r, copied)
	if s := restore.Spec; s.Backup != "monday" || s.Tenant != "copy" || s.Mode != v1alpha1.RestoreInto || restore.Labels[v1alpha1.LabelTenantID] != copied.Status.ID {
		t.Errorf("TenantRestore %+v with labels %v", s, restore.Labels)
	}
	if c := rig.Condition(copied, v1alpha1.ConditionReady); c.Reason != v1alpha1.ReasonRestoring || !strings.Contains(c.Message, restore.Name) || !strings.Contains(c.Message, "monday") {
		t.Errorf("Ready says %s: %s", c.Reason, c.Message)
	}
	if c := rig.Condition(copied, v1alpha1.ConditionCredentialsReady); c.Status != metav1.ConditionTrue {
		t.Errorf("CredentialsReady is %s: nobody can fill the schema", c.Status)
	}
	r.Poke("copy")
	var jobs batchv1.JobList
	rig.Check(t, r.Client.List(t.Context(), &jobs, client.InNamespace("tenant-copy")))
	for _, job := range jobs.Items {
		if job.Labels[v1alpha1.LabelRestore] == "" {
			t.Errorf("Job %s works on the schema", job.Name)
		}
	}
	if err := r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-copy", Name: "office"}, &appsv1.Deployment{}); !apierrors.IsNotFound(err) {
		t.Errorf("the app's Deployment: %v, want none", err)
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		var release string
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT release FROM atrium.tenants WHERE id = $1`, copied.Status.ID).Scan(&release))
		if release != "" {
			t.Errorf("the row says that the data is of release %s", release)
		}
	})
	if s := settingsOf(r, "copy"); s.Outbound {
		t.Error("a copy calls out")
	}
}

func intoFails(t *testing.T, r *rig.Rig) {
	copied := untilMigrated(r, "copy", v1alpha1.ReasonRestoring)
	failed := into(t, r, copied)
	end(t, r, failed, v1alpha1.ConditionFailed, v1alpha1.ReasonBackupBroken)
	said := rig.Condition(untilMigrated(r, "copy", v1alpha1.ReasonBackupBroken), v1alpha1.ConditionMigrated)
	if !strings.Contains(said.Message, "file p/x is cut off") || !strings.Contains(said.Message, "kubectl delete tenantrestore "+failed.Name) {
		t.Errorf("Migrated says %q", said.Message)
	}
	rig.Check(t, r.Client.Delete(t.Context(), failed))
	r.Eventually("another TenantRestore is made", func() bool {
		var next v1alpha1.TenantRestore
		return r.Client.Get(t.Context(), client.ObjectKeyFromObject(failed), &next) == nil && next.UID != failed.UID
	}, func() string { return "" })
	untilMigrated(r, "copy", v1alpha1.ReasonRestoring)
}

func runsCopy(t *testing.T, r *rig.Rig) {
	acme, copied := r.Healthy("acme"), untilMigrated(r, "copy", v1alpha1.ReasonRestoring)
	fill(t, r, copied.Status.ID, 1, "李雷")
	row(t, r, copied.Status.ID, fmt.Sprintf(`restored = 'monday', source = '%s', release = '0.1.0', data_epoch = 1800000000, backup = ''`, acme.Status.ID))
	end(t, r, into(t, r, copied), v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	r.Ready("copy")
	s := settingsOf(r, "copy")
	if s.Outbound || s.DataEpoch != 1800000000 {
		t.Errorf("the copy is told outbound %v, epoch %d", s.Outbound, s.DataEpoch)
	}
	own := rig.File[contract.Keys](t, r, "tenant-copy", "office-keys", contract.FileKeys)
	source := rig.File[contract.Keys](t, r, "tenant-acme", "office-keys", contract.FileKeys)
	if len(source.Seal) != 1 || len(own.Seal) != 2 || own.Seal[0].ID == source.Seal[0].ID || own.Seal[1].ID != source.Seal[0].ID || string(own.Seal[1].Key) != string(source.Seal[0].Key) {
		t.Errorf("the copy has %d sealing keys, want its own and, second, that of the company that it is of", len(own.Seal))
	}
	yes := true
	r.Change("copy", func(t *v1alpha1.Tenant) { t.Spec.Outbound = &yes })
	r.Eventually("the copy calls out", func() bool { return settingsOf(r, "copy").Outbound }, func() string { return "" })
	no := false
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Outbound = &no })
	r.Eventually("acme calls nobody", func() bool { return !settingsOf(r, "acme").Outbound }, func() string { return "" })
}

// alreadyFull continues with data that a company left, and is to begin with a backup.
func alreadyFull(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("former"))
	former := r.Ready("former")
	r.Remove("former")
	r.Create(rig.Company("former", func(t *v1alpha1.Tenant) {
		t.Spec.Adopt, t.Spec.RestoreFrom = former.Status.ID, &v1alpha1.RestoreFrom{Backup: "monday"}
	}))
	untilMigrated(r, "former", v1alpha1.ReasonNotEmpty)
	if err := r.Client.Get(t.Context(), client.ObjectKey{Name: tenant.IntoName(former, former.Status.ID)}, &v1alpha1.TenantRestore{}); !apierrors.IsNotFound(err) {
		t.Errorf("its TenantRestore: %v, want none", err)
	}
}
