package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/test/rig"
)

// A policy removes what it does not keep, and asks for a backup when its time comes.
func TestBackupPolicy(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme", func(c *v1alpha1.Tenant) { c.Spec.Timezone = "UTC" }))
	acme := r.Healthy("acme")
	for n, name := range []string{"one", "two", "three"} {
		r.Create(backupOf("acme", name, v1alpha1.BackupFull))
		a := atWork(t, r, name, 1)
		a.put(backup.RepositoryOf(name)+"/data/1", []byte("packed"))
		a.finish(func(m *backup.Manifest) { m.Moment = m.Moment.AddDate(0, 0, n-3) })
		untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	}
	if b := r.Until("acme", "knows its backups", func(c *v1alpha1.Tenant) bool {
		return c.Status.Backup != nil && c.Status.Backup.Last == "three"
	}); b.Status.Backup.Next != nil {
		t.Errorf("without a policy the next backup is at %v", b.Status.Backup.Next)
	}
	r.Create(restoreOf("acme", "one", "using", v1alpha1.RestoreDrill))
	untilRestore(t, r, "using", v1alpha1.ConditionComplete, v1alpha1.ReasonRunning)
	r.Change("acme", func(c *v1alpha1.Tenant) {
		c.Spec.Backup = &v1alpha1.BackupPolicy{
			Window:    v1alpha1.BackupWindow{Start: r.Now.Now().UTC().Add(3 * time.Hour).Format("15:04"), Hours: 1},
			Retention: v1alpha1.BackupRetention{Daily: 2}, DrillDays: 30,
		}
	})
	r.Until("acme", "has its retention looked at", func(c *v1alpha1.Tenant) bool { return c.Status.Backup.Next != nil })
	untilBackup(t, r, "one", v1alpha1.ConditionComplete, v1alpha1.ReasonDone) // while it is restored
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantRestore{ObjectMeta: rig.Named("using")}))
	goneRestore(t, r, "using")
	r.Change("acme", func(c *v1alpha1.Tenant) { c.Spec.DisplayName = "云杉" })
	goneBackup(t, r, "one")
	inBucket(t, r, acme.Status.ID, "g/one/", 0)
	inBucket(t, r, acme.Status.ID, "m/one.", 0)
	for _, name := range []string{"two", "three"} {
		untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
		inBucket(t, r, acme.Status.ID, "g/"+name+"/", 1)
		inBucket(t, r, acme.Status.ID, "m/"+name+".", 2)
	}
	inBucket(t, r, acme.Status.ID, "e/", 1)
	planned := r.Until("acme", "knows when the next is due", func(c *v1alpha1.Tenant) bool { return c.Status.Backup.Next != nil })
	provenAgo(t, r, planned.Status.Backup.Next.AddDate(0, 0, -10))
	last := byDay(t, r, planned.Status.Backup.Next)
	var drills v1alpha1.TenantRestoreList
	if rig.Check(t, r.Client.List(t.Context(), &drills)); len(drills.Items) > 0 {
		t.Errorf("%d drills ten days after the last one, want none", len(drills.Items))
	}
	provenAgo(t, r, planned.Status.Backup.Next.AddDate(0, 0, -31))
	r.Change("acme", func(c *v1alpha1.Tenant) { c.Spec.Backup.Retention.Daily = 3 })
	r.Eventually("a drill is asked for", func() bool {
		rig.Check(t, r.Client.List(t.Context(), &drills))
		return len(drills.Items) > 0
	}, func() string { return "none" })
	if d := drills.Items[0]; len(drills.Items) != 1 || d.Spec != (v1alpha1.TenantRestoreSpec{Backup: last, Tenant: "acme", Mode: v1alpha1.RestoreDrill}) {
		t.Errorf("the drills are %+v", drills.Items)
	}
}

// provenAgo says when a drill last proved a backup of acme.
func provenAgo(t *testing.T, r *rig.Rig, at time.Time) {
	t.Helper()
	r.Eventually("the proof is known", func() bool {
		var c v1alpha1.Tenant
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "acme"}, &c))
		c.Status.Backup.Proven = &v1alpha1.BackupProven{Restore: "drill", Moment: metav1.NewTime(at), At: metav1.NewTime(at)}
		err := r.Client.Status().Update(t.Context(), &c)
		if !apierrors.IsConflict(err) {
			rig.Check(t, err)
		}
		return err == nil
	}, func() string { return "conflicts" })
}

// inBucket expects so many versions under a prefix of a company's backups.
func inBucket(t *testing.T, r *rig.Rig, id, prefix string, want int) {
	t.Helper()
	found := 0
	for object := range r.Root().ListObjectsIter(t.Context(), r.Installation+"-b-"+id, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}) {
		rig.Check(t, object.Err)
		found++
	}
	if found != want {
		t.Errorf("%d versions under %s, want %d", found, prefix, want)
	}
}

// byDay goes on to a time that the schedule named, and gives the backup that it asks for.
func byDay(t *testing.T, r *rig.Rig, next *metav1.Time) string {
	t.Helper()
	r.Stop()
	r.Now.Forward(next.Add(time.Second).Sub(r.Now.Now()))
	r.Operate()
	var asked v1alpha1.TenantBackup
	r.Eventually("the schedule asks for a backup", func() bool {
		var list v1alpha1.TenantBackupList
		rig.Check(t, r.Client.List(t.Context(), &list))
		for _, b := range list.Items {
			if strings.HasPrefix(b.Name, "acme-") {
				asked = b
				return true
			}
		}
		return false
	}, func() string { return fmt.Sprint(next) })
	atWork(t, r, asked.Name, 1).finish()
	untilBackup(t, r, asked.Name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	after := r.Until("acme", "counts it as the latest", func(c *v1alpha1.Tenant) bool { return c.Status.Backup.Last == asked.Name })
	if b := after.Status.Backup; !strings.HasSuffix(asked.Name, "-"+strings.ReplaceAll(b.Day, "-", "")) || b.Skipped != 0 || !b.Next.After(next.Time) || b.Moment == nil {
		t.Errorf("status.backup %+v", b)
	}
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKeyFromObject(&asked), &asked))
	if asked.Spec.Tenant != "acme" || asked.Labels[v1alpha1.LabelTenantID] != after.Status.ID {
		t.Errorf("the scheduled backup is %+v", asked)
	}
	return asked.Name
}
