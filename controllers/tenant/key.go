package tenant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/registry"
)

// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=get;create;patch;delete

// Name and fields of Secret key-<id>. The key itself comes first and is all that is needed:
// the others are made again from it.
const (
	keySecretOfID = "key-"      // and the tenant's id
	keyField      = "key"       // the root key
	keyIDField    = "id"        // its id, for people
	keyCopyField  = "wrapped"   // what lies in the backup stores
	keyToField    = "recipient" // to whom that is wrapped
)

// key makes sure of the tenant's root key: it lies in a Secret of the operator's
// namespace and, wrapped to the recovery recipient, in every backup store, and the
// registry knows it. Until all of that is so nothing is derived from it. Each act
// can be cut off and done again: the Secret is made once, copies are named by what
// is in them, and the registry takes one key only.
func (r *Reconciler) key(ctx context.Context, s *scope) error {
	if s.fresh && s.row.Key != "" {
		return nil
	}
	err := r.ensureKey(ctx, s)
	if err != nil {
		s.keyless = r.runs(ctx, s)
	}
	return err
}

func (r *Reconciler) ensureKey(ctx context.Context, s *scope) error {
	recipient, err := keys.ParseRecipient(r.Recipient)
	if err != nil {
		return r.badRecipient()
	}
	stores, err := r.backupStores(ctx)
	if err != nil {
		return err
	}
	secret, key, err := r.keySecret(ctx, s, stores)
	if err != nil {
		return err
	}
	if string(secret.Data[keyToField]) != recipient.String() || len(secret.Data[keyCopyField]) == 0 {
		if err := r.wrapKey(ctx, secret, key, recipient); err != nil {
			return err
		}
	}
	for i := range stores {
		if err := r.deposit(ctx, s, &stores[i], key, secret.Data[keyCopyField]); err != nil {
			return err
		}
	}
	if err := r.recordKey(ctx, s, key); err != nil {
		return err
	}
	s.key = &key
	return nil
}

// runs says whether an office runs that can go on without its key.
func (r *Reconciler) runs(ctx context.Context, s *scope) bool {
	return r.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: v1alpha1.OfficeName}, &appsv1.Deployment{}) == nil
}

func (r *Reconciler) badRecipient() error {
	return fault.Blocked(v1alpha1.ReasonRecipientInvalid, nil,
		"the operator's --recovery-recipient is no age recipient (its checksum is wrong, or it is something else), so no key can be kept safe: "+
			"set the chart's value recovery.recipient to the line age1… that `age-keygen -y recovery-identity.txt` prints")
}

// backupStores are all ObjectStores of that purpose, by name.
func (r *Reconciler) backupStores(ctx context.Context) ([]v1alpha1.ObjectStore, error) {
	var list v1alpha1.ObjectStoreList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list ObjectStores: %w", err)
	}
	stores := slices.DeleteFunc(list.Items, func(o v1alpha1.ObjectStore) bool { return o.Spec.Purpose != v1alpha1.PurposeBackup })
	if len(stores) == 0 {
		return nil, fault.Blocked(v1alpha1.ReasonNoBackupStore, nil,
			"no ObjectStore has purpose backup, and a root key must lie outside the cluster before it is used: create one (config/samples/objectstore-backup.yaml)")
	}
	slices.SortFunc(stores, func(a, b v1alpha1.ObjectStore) int { return strings.Compare(a.Name, b.Name) })
	return stores, nil
}

// keySecret returns the tenant's key and the Secret that holds it, which it makes for
// a tenant that never had one, and brings back for one that had.
func (r *Reconciler) keySecret(ctx context.Context, s *scope, stores []v1alpha1.ObjectStore) (*corev1.Secret, keys.Key, error) {
	secret := &corev1.Secret{}
	name := keySecretOfID + s.id
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return r.makeKey(ctx, s, stores)
	}
	if err != nil {
		return nil, keys.Key{}, fmt.Errorf("read Secret %s: %w", name, err)
	}
	key, err := keys.Parse(secret.Data[keyField])
	if err == nil && (s.row.Key == "" || key.Is(s.row.KeyCheck)) {
		return secret, key, nil
	}
	return nil, keys.Key{}, fault.Blocked(v1alpha1.ReasonKeyWrong, nil,
		"Secret %s in namespace %s does not hold this tenant's root key %s: apply the right one, or move it away (`kubectl -n %s delete secret %s`) and supply the recovery identity as Secret %s",
		name, r.Namespace, orUnknown(s.row.Key), r.Namespace, name, secretRecovery)
}

func orUnknown(key string) string {
	if key == "" {
		return "(none is recorded yet)"
	}
	return key
}

// makeKey writes the Secret of a key that is new or was unwrapped. It never writes
// over one.
func (r *Reconciler) makeKey(ctx context.Context, s *scope, stores []v1alpha1.ObjectStore) (*corev1.Secret, keys.Key, error) {
	var key keys.Key
	var err error
	if s.row.Key == "" {
		key, err = keys.New(r.Random)
	} else {
		key, err = r.recoverKey(ctx, s, stores)
	}
	if err != nil {
		return nil, keys.Key{}, err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: keySecretOfID + s.id, Labels: s.labels()},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{keyField: key.Bytes(), keyIDField: []byte(key.ID())},
	}
	recipient, err := keys.ParseRecipient(r.Recipient)
	if err == nil {
		secret.Data[keyToField] = []byte(recipient.String())
		secret.Data[keyCopyField], err = recipient.Wrap(key)
	}
	if err != nil {
		return nil, keys.Key{}, r.badRecipient()
	}
	if err := r.Client.Create(ctx, secret, FieldOwner); err != nil {
		return nil, keys.Key{}, fmt.Errorf("write Secret %s: %w", secret.Name, err)
	}
	return secret, key, nil
}

// wrapKey wraps a key anew: for another recipient, or because a person made the
// Secret from the key alone.
func (r *Reconciler) wrapKey(ctx context.Context, secret *corev1.Secret, key keys.Key, recipient keys.Recipient) error {
	wrapped, err := recipient.Wrap(key)
	if err != nil {
		return r.badRecipient()
	}
	before := secret.DeepCopy()
	secret.Data[keyIDField], secret.Data[keyToField], secret.Data[keyCopyField] = []byte(key.ID()), []byte(recipient.String()), wrapped
	if err := r.Client.Patch(ctx, secret, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), FieldOwner); err != nil {
		return fmt.Errorf("write the wrapped copy into Secret %s: %w", secret.Name, err)
	}
	return nil
}

// copiesOf is how the names of a key's wrapped copies begin.
func copiesOf(id, key string) string { return id + "/" + key + "-" }

// nameOf is the name of one copy. Its content is in it, so none is ever written over.
func nameOf(id string, key keys.Key, wrapped []byte) string {
	sum := sha256.Sum256(wrapped)
	return copiesOf(id, key.ID()) + hex.EncodeToString(sum[:4]) + objectstore.WrappedKey
}

// deposit puts the wrapped copy into a backup store and reads it back. A tenant whose
// key is known already is not held up while that store is away: its own condition
// says so, and the copy was read back once.
func (r *Reconciler) deposit(ctx context.Context, s *scope, at *v1alpha1.ObjectStore, key keys.Key, wrapped []byte) error {
	known := s.row.Key != ""
	name := nameOf(s.id, key, wrapped)
	store, err := r.Servers.Store(ctx, at)
	if err != nil && known {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	vault := store.Vault(r.Installation)
	if known && servers.Silent(at.Generation, &at.Status.ServerStatus) != nil {
		return nil //nolint:nilerr // it is looked for once it answers
	}
	if known {
		if stored, err := vault.Get(ctx, name, keys.MaxWrapped); err != nil || bytes.Equal(stored, wrapped) {
			return ctx.Err()
		}
	}
	if err := r.ensureVault(ctx, at.Name, store, vault); err != nil {
		return err
	}
	if err := vault.Put(ctx, name, wrapped); err != nil {
		r.vaults.drop(at.Name)
		return err
	}
	stored, err := vault.Get(ctx, name, keys.MaxWrapped)
	if err != nil {
		return err
	}
	if !bytes.Equal(stored, wrapped) {
		return fault.Blocked(v1alpha1.ReasonKeyWrong, nil,
			"ObjectStore %s gives back something else than the wrapped key that was put into it as %s/%s: see who writes there, then remove that object", at.Name, vault.Bucket(), name)
	}
	return nil
}

// ensureVault makes the bucket of wrapped keys, once for each store and process.
func (r *Reconciler) ensureVault(ctx context.Context, name string, store *objectstore.Store, vault *objectstore.Vault) error {
	if r.vaults.get(name) == store.IssuerDigest() {
		return nil
	}
	if err := vault.Ensure(ctx, r.Installation); err != nil {
		return err
	}
	r.vaults.set(name, store.IssuerDigest())
	return nil
}

// recordKey writes to the registry which key the tenant has: from then on no other
// one is taken.
func (r *Reconciler) recordKey(ctx context.Context, s *scope, key keys.Key) error {
	if s.row.Key == key.ID() && key.Is(s.row.KeyCheck) {
		return nil
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
		if row.Key != "" && !key.Is(row.KeyCheck) {
			return fault.New(v1alpha1.ReasonKeyWrong, nil, "the registry knows another root key (%s) of this tenant than the one just made; it is looked at again", row.Key)
		}
		row.Key, row.KeyCheck = key.ID(), key.Check()
		s.row = *row
		return nil
	})
}

// removeKey removes the key's Secret when the tenant's data goes without a backup of it.
// Its wrapped copies stay: backups may outlive the tenant, and a person destroys them, and
// the Secret that opens a final backup, on request.
func (r *Reconciler) removeKey(ctx context.Context, s *scope) error {
	if s.policy() != v1alpha1.DeletionDelete {
		return nil
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: keySecretOfID + s.id}}
	if err := r.Client.Delete(ctx, secret); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove Secret %s: %w", secret.Name, err)
	}
	return nil
}

func leftKey(s *scope) string {
	if s.policy() != v1alpha1.DeletionDelete {
		return ""
	}
	return "Secret " + keySecretOfID + s.id
}

func (r *Reconciler) keyInventory(ctx context.Context, s *scope) ([]string, error) {
	name := keySecretOfID + s.id
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, &corev1.Secret{})
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return []string{"secret/" + name}, nil
}
