package controllers_test

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/test/rig"
)

// catalogued loses all TenantBackups, as a lost cluster does, and finds those again whose
// manifests lie in the store, signed by the company: the next backup goes on from them.
func catalogued(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	var list v1alpha1.TenantBackupList
	r.Eventually("nothing is left to close", func() bool {
		rig.Check(t, r.Client.List(t.Context(), &list))
		return !slices.ContainsFunc(list.Items, func(b v1alpha1.TenantBackup) bool { return len(b.Finalizers) > 0 })
	}, func() string { return fmt.Sprintf("%+v", list.Items) })
	r.Stop()
	want := map[string]v1alpha1.TenantBackupStatus{}
	for i := range list.Items {
		b := &list.Items[i]
		if meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) && b.Name != "crumbled" { // whose manifest was removed
			want[b.Name] = contentsOf(b.Status)
		}
		rig.Check(t, r.Client.Delete(t.Context(), b))
	}
	if len(want) < 5 {
		t.Fatalf("%d backups were complete", len(want))
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	rig.Check(t, err)
	raw, signature, err := backup.Manifest{Version: 1, Backup: "alien", TenantID: acme.Status.ID, Tenant: "acme", Generation: "alien"}.Sign(stranger)
	rig.Check(t, err)
	for name, content := range map[string][]byte{backup.ManifestOf("alien"): raw, backup.SignatureOf("alien"): signature} {
		_, err := r.Root().PutObject(t.Context(), r.Installation+"-b-"+acme.Status.ID, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
		rig.Check(t, err)
	}
	r.Operate()
	got := map[string]v1alpha1.TenantBackupStatus{}
	r.Eventually("the backups are listed again", func() bool {
		clear(got)
		rig.Check(t, r.Client.List(t.Context(), &list))
		for i := range list.Items {
			if b := &list.Items[i]; meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) && want[b.Name].TenantID != "" {
				got[b.Name] = contentsOf(b.Status)
			}
		}
		return len(got) == len(want)
	}, func() string { return diff.Diff(want, got) })
	if other := diff.Diff(want, got); other != "" {
		t.Errorf("they are not what they were (-was +is):\n%s", other)
	}
	if err := r.Client.Get(t.Context(), client.ObjectKey{Name: "alien"}, &v1alpha1.TenantBackup{}); !apierrors.IsNotFound(err) {
		t.Errorf("a backup that the company did not sign: %v, want none", err)
	}
	latest := slices.MaxFunc(slices.Sorted(maps.Keys(want)), func(a, b string) int {
		return cmp.Or(want[a].Moment.Compare(want[b].Moment.Time), strings.Compare(a, b))
	})
	r.Create(backupOf("acme", "afterwards", v1alpha1.BackupIncremental))
	a := atWork(t, r, "afterwards", 1)
	if a.task.Full || a.task.Previous.Backup != latest || a.task.Generation != want[latest].Generation || a.task.Epoch.ID != want[latest].Epoch {
		t.Errorf("the next one goes on from %q in generation %s, want %s", a.task.Previous.Backup, a.task.Generation, latest)
	}
	a.finish()
	untilBackup(t, r, "afterwards", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
}

// contentsOf leaves out what only those know who made the backup.
func contentsOf(status v1alpha1.TenantBackupStatus) v1alpha1.TenantBackupStatus {
	status.ObservedGeneration, status.Conditions, status.DatabaseServer, status.Attempt, status.Started, status.Duration = 0, nil, "", 0, nil, ""
	return status
}
