package controllers_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// lost is what a test remembers of two companies whose cluster goes.
type lost struct {
	former *rig.Rig
	ids    map[string]string
	keys   map[string]keys.Key
	data   map[string]map[string]string
	export string // as it was decrypted
}

// A cluster is lost. Where its database server is left, the companies go on with their
// data; where nothing is left but the backup store and the recovery identity, a new
// cluster lists the backups and restores both companies.
func TestClusterIsLost(t *testing.T) {
	l := &lost{former: rig.New(t), ids: map[string]string{}, keys: map[string]keys.Key{}, data: map[string]map[string]string{}}
	r := l.former
	r.Operate()
	k := newKubelet(t, r)
	for _, name := range []string{"acme", "globex"} {
		r.Create(rig.Company(name))
	}
	for _, name := range []string{"acme", "globex"} {
		company := r.Healthy(name)
		rig.Check(t, r.RunApp(k.app, name, rig.Mounts{Database: v1alpha1.SecretOfficeMigrate}, contract.CommandMigrate, "up"))
		rig.Check(t, r.RunApp(k.app, name, rig.Mounts{Database: v1alpha1.SecretOfficeDatabase}, contract.CommandSeed))
		r.PutObject(company.Status.Bucket)
		k.backUp(name, name+"-monday")
		l.ids[name], l.keys[name] = company.Status.ID, rootKey(r, company.Status.ID)
		l.data[name] = dataOf(t, r, registeredOf(t, r, company.Status.ID).Schema, company.Status.Bucket)
		r.Until(name, "names its backup", func(t *v1alpha1.Tenant) bool { return t.Status.Backup != nil && t.Status.Backup.Last == name+"-monday" })
	}
	r.Stop()
	t.Run("what was there is exported", func(t *testing.T) { l.exported(t) })
	t.Run("its database server is left", func(t *testing.T) { l.dataLives(t) })
	t.Run("nothing is left", func(t *testing.T) { l.all(t) })
}

// exports that lie in the backup store, by name.
func exports(t *testing.T, r *rig.Rig) (names []string) {
	t.Helper()
	for o := range r.Root().ListObjectsIter(t.Context(), r.Installation+"-keys", minio.ListObjectsOptions{Prefix: "control/", Recursive: true}) {
		rig.Check(t, o.Err)
		names = append(names, o.Key)
	}
	return names
}

// exported starts the operator twice: it writes what there is, and writes it once.
func (l *lost) exported(t *testing.T) {
	r := l.former
	before := exports(t, r) // none, or what was there before the backups
	var raw []byte
	for range 2 {
		r.Operate()
		r.Eventually("the export names both backups", func() bool {
			names := exports(t, r)
			if len(names) == 0 {
				return false
			}
			body, err := r.Root().GetObject(t.Context(), r.Installation+"-keys", names[len(names)-1], minio.GetObjectOptions{})
			rig.Check(t, err)
			raw, err = io.ReadAll(body)
			rig.Check(t, err)
			identity, err := age.ParseX25519Identity(rig.RecoveryIdentity)
			rig.Check(t, err)
			plain, err := age.Decrypt(bytes.NewReader(raw), identity)
			if err != nil {
				t.Fatalf("%s is not encrypted to the recovery recipient: %v", names[len(names)-1], err)
			}
			text, err := io.ReadAll(plain)
			rig.Check(t, err)
			l.export = string(text)
			return strings.Contains(l.export, "acme-monday") && strings.Contains(l.export, "globex-monday")
		}, func() string { return l.export })
		r.Ready("acme")
		r.Stop()
	}
	if now := exports(t, r); len(now) != len(before)+1 {
		t.Errorf("exports %v, before %v: want one more", now, before)
	}
	if secret := r.Database.Password; strings.Contains(l.export, secret) || bytes.Contains(raw, []byte("acme")) {
		t.Error("the export holds a secret, or can be read by anybody")
	}
}

// apply gives a cluster that has nothing what the export holds.
func (l *lost) apply(t *testing.T, r *rig.Rig) {
	t.Helper()
	text := strings.ReplaceAll(l.export, "database: "+l.former.Database.Name, "database: "+r.Database.Name)
	for _, list := range []client.Object{&v1alpha1.Plan{}, &v1alpha1.Release{}, &v1alpha1.DatabaseServer{}, &v1alpha1.ObjectStore{}} {
		rig.Check(t, r.Client.DeleteAllOf(t.Context(), list))
	}
	kinds := map[string]int{}
	for part := range strings.SplitSeq(text, "---\n") {
		var object unstructured.Unstructured
		rig.Check(t, yaml.Unmarshal([]byte(part), &object.Object))
		if len(object.Object) == 0 {
			continue // the comment
		}
		kinds[object.GetKind()]++
		rig.Check(t, r.Client.Create(t.Context(), &object, client.FieldValidation("Strict")))
	}
	if want := map[string]int{"Release": 1, "Plan": 1, "DatabaseServer": 1, "ObjectStore": 2, "Tenant": 2}; !cmp.Equal(kinds, want) {
		t.Errorf("the export holds %v, want %v", kinds, want)
	}
}

// dataLives loses the cluster alone. Nothing is restored over what is there.
func (l *lost) dataLives(t *testing.T) {
	l.former.AsSuperuser(func(conn *pgx.Conn) { // its last heartbeat was long ago
		_, err := conn.Exec(t.Context(), `UPDATE atrium.installations SET heartbeat = now() - interval '1 hour'`)
		rig.Check(t, err)
	})
	row(t, l.former, l.ids["acme"], `hold = 'restore/gone'`) // a restore was about to swap
	r := rig.Beside(t, l.former)
	l.apply(t, r)
	supply(r, rig.RecoveryIdentity)
	r.Operate()
	for name, id := range l.ids {
		if back := r.Ready(name); back.Status.ID != id || rootKey(r, id) != l.keys[name] {
			t.Errorf("%s came back as %s, want %s with its key", name, back.Status.ID, id)
		}
		if diff := cmp.Diff(l.data[name], dataOf(t, r, registeredOf(t, r, id).Schema, r.Installation+"-"+id)); diff != "" {
			t.Errorf("%s has other data (-was +is):\n%s", name, diff)
		}
		if !settingsOf(r, name).Outbound {
			t.Errorf("%s calls nobody any more", name)
		}
	}
	var restores v1alpha1.TenantRestoreList
	rig.Check(t, r.Client.List(t.Context(), &restores))
	if len(restores.Items) > 0 {
		t.Errorf("%d restores began", len(restores.Items))
	}
	r.Stop()
}

// all loses everything but the backup store.
func (l *lost) all(t *testing.T) {
	r := rig.On(t, rig.Servers{Database: env.Postgres(t), Store: l.former.Store, Installation: l.former.Installation})
	for _, id := range l.ids {
		bucket := r.Installation + "-" + id
		for o := range r.Root().ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			rig.Check(t, o.Err, r.Root().RemoveObject(t.Context(), bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID}))
		}
		rig.Check(t, r.Root().RemoveBucket(t.Context(), bucket))
		strangersKey(t, r, id)
	}
	l.apply(t, r)
	r.Operate()
	for name, id := range l.ids {
		company := untilMigrated(r, name, v1alpha1.ReasonRestoring)
		untilRestore(t, r, tenant.IntoName(company, company.Status.ID), v1alpha1.ConditionComplete, v1alpha1.ReasonBackupNotFound)
		if keySecret(r, id) != nil {
			t.Errorf("the root key of %s is here before the recovery identity", name)
		}
	}
	supply(r, rig.RecoveryIdentity)
	k := newKubelet(t, r)
	for name, id := range l.ids {
		if found := untilBackup(t, r, name+"-monday", v1alpha1.ConditionComplete, v1alpha1.ReasonDone); found.Status.TenantID != id || rootKey(r, id) != l.keys[name] {
			t.Errorf("backup %+v is listed, under %v", found.Status, rootKey(r, id))
		}
		l.begins(t, r, k, name)
	}
	rig.Check(t, r.Client.Delete(t.Context(), rig.Secret("recovery-identity", nil)))
	k.backUp("acme", "acme-tuesday") // its backups go on, in a bucket of its new id
	untilBackup(t, r, "acme-monday", v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
}

// begins expects a company to have all that it had, under a new id.
func (l *lost) begins(t *testing.T, r *rig.Rig, k *kubelet, name string) {
	t.Helper()
	company := untilMigrated(r, name, v1alpha1.ReasonRestoring)
	restore := tenant.IntoName(company, company.Status.ID)
	k.restored(name, restore)
	done := untilRestore(t, r, restore, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	if done.Status.SourceID != l.ids[name] || done.Status.TenantID == l.ids[name] || done.Spec.Backup != name+"-monday" {
		t.Errorf("restore %+v of %+v, want one of %s", done.Status, done.Spec, l.ids[name])
	}
	back := r.Ready(name)
	if diff := cmp.Diff(l.data[name], dataOf(t, r, registeredOf(t, r, back.Status.ID).Schema, back.Status.Bucket)); diff != "" {
		t.Errorf("%s has other data (-was +is):\n%s", name, diff)
	}
	own := rig.File[contract.Keys](t, r, "tenant-"+name, v1alpha1.SecretOfficeKeys, contract.FileKeys)
	if len(own.Seal) != 2 || !slices.Equal(own.Seal[1].Key, l.keys[name].Derive(keys.Seal)) {
		t.Errorf("%s has %d sealing keys, want its own and the one that it had", name, len(own.Seal))
	}
	if !settingsOf(r, name).Outbound {
		t.Errorf("%s calls nobody: it is no copy", name)
	}
}

// strangersKey puts a key into the vault that somebody made who may write there.
func strangersKey(t *testing.T, r *rig.Rig, id string) {
	t.Helper()
	key, err := keys.New(strings.NewReader(strings.Repeat("stranger", 4)))
	rig.Check(t, err)
	to, err := keys.ParseRecipient(rig.Recipient)
	rig.Check(t, err)
	wrapped, err := to.Wrap(key)
	rig.Check(t, err)
	name := fmt.Sprintf("%s/%s-00000000.age", id, key.ID())
	_, err = r.Root().PutObject(t.Context(), r.Installation+"-keys", name, bytes.NewReader(wrapped), int64(len(wrapped)), minio.PutObjectOptions{})
	rig.Check(t, err)
}
