package controllers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// A company is backed up, destroyed and brought back where no store issues credentials:
// the conditions ask the stores' administrator for users, and the manual's policies are
// what these need.
func TestBackupsWithoutSTS(t *testing.T) {
	r := limited(t, env.Versity(t))
	rig.Edit(r, "backup", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Spec.Credentials = v1alpha1.CredentialsStatic })
	r.Operate()
	r.Create(&v1alpha1.Release{ObjectMeta: rig.Named(real), Spec: v1alpha1.ReleaseSpec{Version: "0.1.0", Image: rig.Image, SchemaVersion: realSchema}})
	r.Create(rig.Company("acme", ofReal))
	acme := credentialed(t, r, "acme")
	k := newKubelet(t, r)
	rig.Check(t, r.RunApp(k.app, "acme", rig.Mounts{Database: v1alpha1.SecretOfficeMigrate}, contract.CommandMigrate, "up"))
	rig.Check(t, r.RunApp(k.app, "acme", rig.Mounts{Database: v1alpha1.SecretOfficeDatabase}, contract.CommandSeed))
	r.PutObject(acme.Status.Bucket)

	backups, reader := backup.Bucket(r.Installation, acme.Status.ID), grantAgent(t, r, "agent-source", acme.Status.Bucket)
	r.Create(rig.Secret("minio-"+acme.Status.ID+"-backup", reader))
	r.Create(backupOf("acme", "good", v1alpha1.BackupFull))
	asked(t, r, v1alpha1.ReasonStaticMissing, "Secret backup-"+acme.Status.ID+" ", "bucket "+backups)
	r.Stop() // who begins looks at once
	r.Create(rig.Secret("backup-"+acme.Status.ID, reader))
	r.Operate()
	asked(t, r, v1alpha1.ReasonStaticRefused, "Secret backup-"+acme.Status.ID+" ", "list bucket "+backups)
	r.Stop()
	for key, value := range grantAgent(t, r, "agent-backups", backups) {
		r.SetSecret("backup-"+acme.Status.ID, key, value)
	}
	r.Operate()
	if code := k.agent(k.job(v1alpha1.LabelBackup, "good", "backup-good-1"), backup.CommandBackup); code != contract.ExitOK {
		t.Fatalf("the backup ended with %d", code)
	}
	untilBackup(t, r, "good", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)

	before := registeredOf(t, r, acme.Status.ID)
	want := dataOf(t, r, before.Schema, acme.Status.Bucket)
	destroyed(t, r, before.Schema, acme.Status.Bucket)
	r.Create(restoreOf("acme", "good", "back", v1alpha1.RestoreInPlace))
	k.restored("acme", "back")
	untilRestore(t, r, "back", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	if diff := cmp.Diff(want, dataOf(t, r, registeredOf(t, r, acme.Status.ID).Schema, acme.Status.Bucket)); diff != "" {
		t.Errorf("what came back is something else (-was +is):\n%s", diff)
	}
}

// asked waits until backup good asks the stores' administrator for something.
func asked(t *testing.T, r *rig.Rig, reason string, words ...string) {
	t.Helper()
	var said string
	r.Eventually("good asks for "+strings.Join(words, " and "), func() bool {
		b := untilBackup(t, r, "good", v1alpha1.ConditionComplete, reason)
		said = meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionComplete).Message
		for _, word := range words {
			if !strings.Contains(said, word) {
				return false
			}
		}
		return true
	}, func() string { return said })
}

// grantAgent makes a user as the manual says, and gives what its Secret holds.
func grantAgent(t *testing.T, r *rig.Rig, policy, bucket string) map[string]string {
	t.Helper()
	access, secret := r.Store.GrantAgent(t, bucket+"-"+policy, policy, bucket, r.Installation+"-issuer")
	return map[string]string{"accessKey": access, "secretKey": secret}
}
