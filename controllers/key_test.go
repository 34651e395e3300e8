package controllers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// A root key is safe before it is used, and whatever happens to it shows as a
// condition that says what to do; an office that runs goes on meanwhile.
func TestKeys(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("globex"))
	r.Healthy("globex")
	t.Run("a key lies outside before it is used", func(t *testing.T) { keySafe(t, r) })
	t.Run("nothing begins without a safe key", func(t *testing.T) { keyUnsafe(t, r) })
	t.Run("a running office outlives its key", func(t *testing.T) { keyLost(t, r) })
	t.Run("a wrong key is refused", func(t *testing.T) { keyWrong(t, r) })
	t.Run("a lost copy is put back", func(t *testing.T) { copyLost(t, r) })
	t.Run("a deletion leaves the copies", func(t *testing.T) { keyDeleted(t, r) })
	t.Run("a new recipient gets copies of its own", func(t *testing.T) { newRecipient(t, r) })
}

// keySecret is the Secret of an id's root key; nil when there is none.
func keySecret(r *rig.Rig, id string) *corev1.Secret {
	r.T.Helper()
	var s corev1.Secret
	err := r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: rig.System, Name: "key-" + id}, &s)
	if apierrors.IsNotFound(err) {
		return nil
	}
	rig.Check(r.T, err)
	return &s
}

func rootKey(r *rig.Rig, id string) keys.Key {
	r.T.Helper()
	s := keySecret(r, id)
	if s == nil {
		r.T.Fatalf("there is no Secret key-%s", id)
	}
	k, err := keys.Parse(s.Data["key"])
	rig.Check(r.T, err)
	return k
}

// unwraps says how many copies of an id an identity turns into its key.
func unwraps(r *rig.Rig, id, identity string, want keys.Key) (n int) {
	r.T.Helper()
	i, err := keys.ParseIdentity([]byte(identity))
	rig.Check(r.T, err)
	for _, name := range r.WrappedCopies(id) {
		object, err := r.Root().GetObject(r.T.Context(), r.Installation+"-keys", name, minio.GetObjectOptions{})
		rig.Check(r.T, err)
		raw := make([]byte, keys.MaxWrapped)
		size, _ := object.Read(raw)
		if k, err := i.Unwrap(raw[:size]); err == nil && k == want {
			n++
		}
	}
	return n
}

func supply(r *rig.Rig, identity string) *corev1.Secret {
	r.T.Helper()
	s := rig.Secret("recovery-identity", map[string]string{"identity": "# a comment\n" + identity + "\n"})
	r.Create(s)
	return s
}

// keyReady waits until KeyReady has a reason and says certain words, which are what
// Ready says too.
func keyReady(t *testing.T, r *rig.Rig, name, reason, words string) *v1alpha1.Tenant {
	t.Helper()
	now := r.Until(name, "has its key "+reason+", and it says "+words, func(t *v1alpha1.Tenant) bool {
		c := rig.Condition(t, v1alpha1.ConditionKeyReady)
		return c.Reason == reason && strings.Contains(c.Message, words)
	})
	if ready := rig.Condition(now, v1alpha1.ConditionReady); ready.Status != metav1.ConditionFalse || ready.Reason != reason {
		t.Errorf("%s: Ready is %s %s: %s; want it to say what KeyReady says", name, ready.Status, ready.Reason, ready.Message)
	}
	return now
}

func keySafe(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("acme"))
	id := r.Ready("acme").Status.ID
	key := rootKey(r, id)
	if n := unwraps(r, id, rig.RecoveryIdentity, key); n != 1 {
		t.Errorf("%d of the copies %v are the key's, want 1", n, r.WrappedCopies(id))
	}
	s := keySecret(r, id)
	if s.Labels[v1alpha1.LabelTenantID] != id || s.Labels[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy || string(s.Data["id"]) != key.ID() {
		t.Errorf("Secret %s: labels %v, id %s", s.Name, s.Labels, s.Data["id"])
	}
	r.AsSuperuser(func(conn *pgx.Conn) {
		var recorded string
		var check []byte
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT key, key_check FROM atrium.tenants WHERE id = $1`, id).Scan(&recorded, &check))
		if recorded != key.ID() || !key.Is(check) {
			t.Errorf("the registry knows key %s, want %s", recorded, key.ID())
		}
	})
}

// keyUnsafe takes away what makes a key safe, one thing after the other.
func keyUnsafe(t *testing.T, r *rig.Rig) {
	endpoint := func(to string) {
		rig.Edit(r, "backup", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Spec.Endpoint = to })
	}
	for _, f := range []struct {
		name, reason, words string
		spoil, mend         func()
	}{
		{
			"storeless", v1alpha1.ReasonNoBackupStore, "create one",
			func() { rig.Check(t, r.Client.Delete(t.Context(), rig.BackupStore(""))) }, func() { r.Create(rig.BackupStore(r.Store.Endpoint)) },
		},
		{
			"unreached", v1alpha1.ReasonStoreUnreachable, "ObjectStore backup",
			func() { endpoint("http://127.0.0.1:1") }, func() { endpoint(r.Store.Endpoint) },
		},
	} {
		f.spoil()
		r.Create(rig.Company(f.name))
		broken := keyReady(t, r, f.name, f.reason, f.words)
		if c := rig.Condition(broken, v1alpha1.ConditionCredentialsReady); c.Status != metav1.ConditionUnknown {
			t.Errorf("%s: CredentialsReady is %s before the key is safe", f.name, c.Status)
		}
		var secrets corev1.SecretList
		rig.Check(t, r.Client.List(t.Context(), &secrets, client.InNamespace("tenant-"+f.name)))
		if len(secrets.Items) > 0 {
			t.Errorf("%s: there are %d Secrets before the key is safe", f.name, len(secrets.Items))
		}
		// Those whose key is safe are not held up.
		r.Now.Forward(6 * time.Minute)
		r.Poke("acme")
		if c := rig.Condition(r.Until("acme", "is looked at", func(*v1alpha1.Tenant) bool { return true }), v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue {
			t.Errorf("acme: WorkloadReady is %s", c.Status)
		}
		f.mend()
		r.Ready(f.name)
		r.Poke("acme")
		r.Ready("acme")
	}
}

func keyLost(t *testing.T, r *rig.Rig) {
	id := r.Ready("acme").Status.ID
	key := rootKey(r, id)
	rig.Check(t, r.Client.Delete(t.Context(), keySecret(r, id)))
	r.Now.Forward(6 * time.Minute)
	r.Poke("acme")
	broken := keyReady(t, r, "acme", v1alpha1.ReasonKeyMissing, "create secret generic recovery-identity --from-file=identity=")
	for _, step := range []string{v1alpha1.ConditionCredentialsReady, v1alpha1.ConditionMigrated, v1alpha1.ConditionWorkloadReady, v1alpha1.ConditionAddressReady} {
		if c := rig.Condition(broken, step); c.Status != metav1.ConditionTrue {
			t.Errorf("%s is %s %s", step, c.Status, c.Reason)
		}
	}
	before := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json")
	r.Now.Forward(13 * time.Hour)
	r.Poke("acme")
	if after := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json"); after.SessionToken == before.SessionToken {
		t.Error("the bucket's credentials of a running office were not renewed while its key was missing")
	}
	r.Create(&v1alpha1.Release{ObjectMeta: rig.Named("0.2.0"), Spec: v1alpha1.ReleaseSpec{Version: "0.2.0", Image: strings.Replace(rig.Image, "sha256:0", "sha256:1", 1), SchemaVersion: 3}})
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Release = "0.2.0" })
	r.Until("acme", "waits with its new release", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionMigrated).Reason == v1alpha1.ReasonWaiting
	})
	stranger, err := age.GenerateX25519Identity()
	rig.Check(t, err)
	s := supply(r, "AGE-SECRET-KEY-1NOTHING")
	keyReady(t, r, "acme", v1alpha1.ReasonKeyMissing, "holds no age identity")
	r.SetSecret("recovery-identity", "identity", stranger.String())
	wrong := keyReady(t, r, "acme", v1alpha1.ReasonKeyWrong, "supply the identity that was in use")
	if strings.Contains(rig.Condition(wrong, v1alpha1.ConditionReady).Message, stranger.String()[20:]) {
		t.Error("a condition shows the identity")
	}
	if keySecret(r, id) != nil {
		t.Fatal("a key was made for a tenant that had one")
	}
	r.SetSecret("recovery-identity", "identity", rig.RecoveryIdentity)
	r.Until("acme", "has its key again", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionKeyReady).Status == metav1.ConditionTrue
	})
	if back := rootKey(r, id); back != key {
		t.Errorf("%v came back, want %v", back, key)
	}
	if now := r.Ready("acme"); now.Status.Release != "0.2.0" {
		t.Errorf("with its key it runs %s", now.Status.Release)
	}
	rig.Check(t, r.Client.Delete(t.Context(), s))
}

func keyWrong(t *testing.T, r *rig.Rig) {
	id := r.Ready("globex").Status.ID
	key := rootKey(r, id)
	for name, wrong := range map[string]string{"another": strings.Repeat("x", keys.Size), "short": "x"} {
		r.SetSecret("key-"+id, "key", wrong)
		r.Now.Forward(6 * time.Minute)
		r.Poke("globex")
		broken := keyReady(t, r, "globex", v1alpha1.ReasonKeyWrong, "delete secret key-"+id)
		if c := rig.Condition(broken, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue {
			t.Errorf("%s: WorkloadReady is %s", name, c.Status)
		}
	}
	// A person brings the key alone, from a copy of their own.
	rig.Check(t, r.Client.Delete(t.Context(), keySecret(r, id)))
	r.Create(rig.Secret("key-"+id, map[string]string{"key": string(key.Bytes())}))
	r.Poke("globex")
	r.Ready("globex")
	if n := unwraps(r, id, rig.RecoveryIdentity, key); n != 2 {
		t.Errorf("%d copies of the key, want the first and one that was read back", n)
	}
}

func copyLost(t *testing.T, r *rig.Rig) {
	id := r.Ready("acme").Status.ID
	for _, name := range r.WrappedCopies(id) {
		rig.Check(t, r.Root().RemoveObject(t.Context(), r.Installation+"-keys", name, minio.RemoveObjectOptions{}))
	}
	r.Now.Forward(6 * time.Minute)
	r.Poke("acme")
	if n := unwraps(r, id, rig.RecoveryIdentity, rootKey(r, id)); n != 1 {
		t.Errorf("%d copies, want the lost one again", n)
	}
}

func keyDeleted(t *testing.T, r *rig.Rig) {
	for name, policy := range map[string]v1alpha1.DeletionPolicy{"hooli": v1alpha1.DeletionDelete, "initech": v1alpha1.DeletionRetain} {
		r.Create(rig.Company(name, func(t *v1alpha1.Tenant) {
			t.Spec.DeletionPolicy = policy
			t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: name}
		}))
		id := r.Ready(name).Status.ID
		r.Remove(name)
		if gone := keySecret(r, id) == nil; gone != (policy == v1alpha1.DeletionDelete) {
			t.Errorf("%s: the key's Secret is gone: %v", policy, gone)
		}
		if n := len(r.WrappedCopies(id)); n != 1 {
			t.Errorf("%s: %d copies, want 1", policy, n)
		}
	}
}

func newRecipient(t *testing.T, r *rig.Rig) {
	id := r.Ready("globex").Status.ID
	key := rootKey(r, id)
	former := r.WrappedCopies(id)
	stranger, err := age.GenerateX25519Identity()
	rig.Check(t, err)
	r.Stop()
	r.Operate(func(w *rig.Wiring) { w.Options.Recipient = rig.Recipient[:len(rig.Recipient)-1] + "q" })
	keyReady(t, r, "globex", v1alpha1.ReasonRecipientInvalid, "recovery.recipient")
	r.Stop()
	r.Operate(func(w *rig.Wiring) { w.Options.Recipient = stranger.Recipient().String() })
	r.Ready("globex")
	if n := unwraps(r, id, stranger.String(), key); n != 1 {
		t.Errorf("%d copies for the new recipient, want 1", n)
	}
	for _, name := range former {
		if !slices.Contains(r.WrappedCopies(id), name) {
			t.Errorf("copy %s for the former recipient is gone", name)
		}
	}
}

// TestClusterLostItsKeys: the cluster is gone and its servers are not. Tenants that
// are applied again wait for the recovery identity with nothing touched; then each
// has the key and the data that it had.
func TestClusterLostItsKeys(t *testing.T) {
	former := rig.New(t)
	former.Operate()
	names := []string{"acme", "globex"}
	key, id := map[string]keys.Key{}, map[string]string{}
	for _, name := range names {
		former.Create(rig.Company(name))
		id[name] = former.Ready(name).Status.ID
		key[name] = rootKey(former, id[name])
	}
	former.Stop()
	former.AsSuperuser(func(conn *pgx.Conn) { // its last heartbeat was long ago
		_, err := conn.Exec(t.Context(), `UPDATE atrium.installations SET heartbeat = now() - interval '1 hour'`)
		rig.Check(t, err)
	})
	r := rig.Beside(t, former)
	r.Operate()
	for _, name := range names {
		r.Create(rig.Company(name))
	}
	for _, name := range names {
		waiting := keyReady(t, r, name, v1alpha1.ReasonKeyMissing, "recovery-identity")
		if waiting.Status.ID != id[name] || keySecret(r, id[name]) != nil {
			t.Errorf("%s waits as %s, want %s and no key", name, waiting.Status.ID, id[name])
		}
		err := r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-" + name, Name: "office"}, &appsv1.Deployment{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("%s: its office was started without its key: %v", name, err)
		}
	}
	supply(r, rig.RecoveryIdentity)
	for _, name := range names {
		if back := r.Ready(name); back.Status.ID != id[name] || rootKey(r, id[name]) != key[name] {
			t.Errorf("%s came back as %s with %v, want %s with %v", name, back.Status.ID, rootKey(r, id[name]), id[name], key[name])
		}
		var office appsv1.Deployment
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-" + name, Name: "office"}, &office))
		if office.Generation != 1 {
			t.Errorf("%s: its pods were rendered %d times", name, office.Generation)
		}
	}
}
