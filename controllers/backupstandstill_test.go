package controllers_test

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// sleepingOn backs a company up to which nobody could write since its last backup: once
// that is certain there is nothing to read. Once somebody was let in there is.
func sleepingOn(t *testing.T, r *rig.Rig) {
	sleep := func(name string) *v1alpha1.TenantBackup {
		r.Create(backupOf("sleeper", name, v1alpha1.BackupIncremental))
		atWork(t, r, name, 1).finish()
		return untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	}
	first := sleep("asleep-2")
	r.Create(backupOf("sleeper", "asleep-3", v1alpha1.BackupIncremental))
	still := untilBackup(t, r, "asleep-3", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	was, is := first.Status.Contents, still.Status.Contents
	if still.Status.Previous != "asleep-2" || still.Status.Generation != first.Status.Generation || still.Status.Type != v1alpha1.BackupIncremental ||
		is.Rows != was.Rows || is.Objects != was.Objects || is.ReadBytes != 0 || is.StoredBytes != 0 || still.Status.Moment.Before(first.Status.Moment) {
		t.Errorf("the backup of a standstill is %+v, %+v after %+v", still.Status, is, was)
	}
	var jobs batchv1.JobList
	rig.Check(t, r.Client.List(t.Context(), &jobs, client.MatchingLabels{v1alpha1.LabelBackup: "asleep-3"}))
	if len(jobs.Items) > 0 {
		t.Error("a backup of a standstill has a Job")
	}
	nothingLeft(t, r, "tenant-sleeper", still.Status.TenantID, "asleep-3")
	setSuspended(r, "sleeper", false)
	r.Healthy("sleeper")
	setSuspended(r, "sleeper", true)
	asleep(r, "sleeper")
	sleep("asleep-4")
}
