package controllers_test

import (
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/test/rig"
)

// onBrokenBackup goes on from backups that are not whole: one that the agent cannot read,
// and one whose manifest is gone. Each time a full one comes of it.
func onBrokenBackup(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	r.Create(backupOf("acme", "crumbled", v1alpha1.BackupIncremental))
	a := atWork(t, r, "crumbled", 1)
	if a.task.Full || a.task.Previous.Backup == "" {
		t.Fatalf("crumbled is asked to be %+v, want an incremental one", a.task)
	}
	r.Hands.EndJob(t, &a.job, backup.ExitBroken, `{"message":"generation third is gone"}`)
	a = atWork(t, r, "crumbled", 2)
	if !a.task.Full || a.task.Generation != "crumbled" || a.task.Previous.Backup != "" {
		t.Errorf("after that it is asked to be %+v, want a full one that goes on from nothing", a.task)
	}
	a.finish()
	if done := untilBackup(t, r, "crumbled", v1alpha1.ConditionComplete, v1alpha1.ReasonDone); done.Status.Type != v1alpha1.BackupFull || done.Status.Previous != "" {
		t.Errorf("status %+v", done.Status)
	}
	nothingLeft(t, r, "tenant-acme", acme.Status.ID, "crumbled")

	bucket := r.Installation + "-b-" + acme.Status.ID
	rig.Check(t, r.Root().RemoveObject(t.Context(), bucket, backup.ManifestOf("crumbled"), minio.RemoveObjectOptions{}))
	r.Create(backupOf("acme", "bereft", v1alpha1.BackupIncremental))
	a = atWork(t, r, "bereft", 1)
	if !a.task.Full || a.task.Generation != "bereft" || a.task.Previous.Backup != "" {
		t.Errorf("without a manifest it is asked to be %+v, want a full one that goes on from nothing", a.task)
	}
	a.finish()
	untilBackup(t, r, "bereft", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
}

// halfMade finds the repositories of two backups: of the one there are only keys, since
// an agent was killed while it made it; the other one can be gone on with.
func halfMade(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	for name, config := range map[string]int{"halved": 0, "begun": 1} {
		files := []string{"g/" + name + "/keys/" + strings.Repeat("ab", 32), "g/" + name + "/config"}[:1+config]
		for _, file := range files {
			_, err := r.Root().PutObject(t.Context(), r.Installation+"-b-"+acme.Status.ID, file, strings.NewReader("{}"), 2, minio.PutObjectOptions{})
			rig.Check(t, err)
		}
		r.Create(backupOf("acme", name, v1alpha1.BackupFull))
		a := atWork(t, r, name, 1)
		inBucket(t, r, acme.Status.ID, "g/"+name+"/", 2*config)
		a.finish()
		untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	}
}
