package tenant

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	fieldselectors "k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
)

// secretRecovery names the Secret by which a person supplies the recovery identity
// for a while. Only its metadata is watched: what is in it is read when it is needed
// and kept nowhere.
const (
	secretRecovery = "recovery-identity"
	recoveryField  = "identity"
)

// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,resourceNames=recovery-identity,verbs=list;watch

// recoverKey unwraps the tenant's key from a backup store, when a person has supplied
// the recovery identity.
func (r *Reconciler) recoverKey(ctx context.Context, s *scope, stores []v1alpha1.ObjectStore) (keys.Key, error) {
	identity, err := RecoveryIdentity(ctx, r.Live, r.Namespace)
	if err != nil {
		return keys.Key{}, err
	}
	if identity == nil {
		return keys.Key{}, fault.Blocked(v1alpha1.ReasonKeyMissing, nil,
			"Secret %[1]s%[2]s with this tenant's root key %[3]s is gone from namespace %[4]s: supply the recovery identity (`kubectl -n %[4]s create secret generic %[5]s --from-file=%[6]s=recovery-identity.txt`) and remove it when all tenants are ready, or apply Secret %[1]s%[2]s from a copy of your own",
			keySecretOfID, s.id, s.row.Key, r.Namespace, secretRecovery, recoveryField)
	}
	return r.unwrap(ctx, s, stores, *identity)
}

// RecoveryIdentity reads what a person has supplied; nil: nothing. Whoever calls lets go
// of it when it has unwrapped what it looks for.
func RecoveryIdentity(ctx context.Context, live client.Reader, namespace string) (*keys.Identity, error) {
	var secret corev1.Secret
	err := live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: secretRecovery}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", secretRecovery, err)
	}
	identity, err := keys.ParseIdentity(secret.Data[recoveryField])
	if err != nil {
		return nil, fault.Blocked(v1alpha1.ReasonKeyMissing, nil,
			"Secret %s in namespace %s holds no age identity under %q: make it again from the file whose last line begins with AGE-SECRET-KEY-", secretRecovery, namespace, recoveryField)
	}
	return &identity, nil
}

// BringBack writes the Secret of a root key that was unwrapped for a company that no
// registry knows, and never over one. Nobody is named as its manager: it is no orphan,
// its company's backups are read with it.
func BringBack(ctx context.Context, c client.Client, namespace, id string, key keys.Key) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: keySecretOfID + id, Labels: map[string]string{v1alpha1.LabelTenantID: id}},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{keyField: key.Bytes(), keyIDField: []byte(key.ID())},
	}
	if err := c.Create(ctx, secret, FieldOwner); err != nil {
		return fmt.Errorf("write Secret %s: %w", secret.Name, err)
	}
	return nil
}

// unwrap tries each copy in each store. The registry tells which key is the right one.
func (r *Reconciler) unwrap(ctx context.Context, s *scope, stores []v1alpha1.ObjectStore, identity keys.Identity) (keys.Key, error) {
	var tried int
	var last error
	for i := range stores {
		store, err := r.Servers.Store(ctx, &stores[i])
		if err != nil {
			last = err
			continue
		}
		vault := store.Vault(r.Installation)
		names, err := vault.List(ctx, copiesOf(s.id, s.row.Key))
		if err != nil {
			last = err
			continue
		}
		for _, name := range names {
			wrapped, err := vault.Get(ctx, name, keys.MaxWrapped)
			if err != nil {
				last = err
				continue
			}
			if wrapped == nil {
				continue
			}
			tried++
			if key, err := identity.Unwrap(wrapped); err == nil && key.Is(s.row.KeyCheck) {
				return key, nil
			}
		}
	}
	switch {
	case last != nil:
		return keys.Key{}, last
	case tried == 0:
		return keys.Key{}, fault.Blocked(v1alpha1.ReasonKeyMissing, nil,
			"no backup store has a wrapped copy of this tenant's root key %s (%s-keys/%s…): create an ObjectStore of purpose backup for the store that holds it, or apply Secret %s%s from a copy of your own",
			s.row.Key, r.Installation, copiesOf(s.id, s.row.Key), keySecretOfID, s.id)
	}
	return keys.Key{}, fault.Blocked(v1alpha1.ReasonKeyWrong, nil,
		"the identity in Secret %s does not give this tenant's root key %s: the wrapped copies (%d were tried) are for another recipient or were changed; supply the identity that was in use when the tenant was made",
		secretRecovery, s.row.Key, tried)
}

// recoveryCache limits the manager's cache of Secrets to the one that is watched.
func recoveryCache(namespace string) cache.ByObject {
	one := cache.Config{FieldSelector: fieldselectors.OneTermEqualSelector("metadata.name", secretRecovery)}
	return cache.ByObject{Namespaces: map[string]cache.Config{namespace: one}}
}

// lackingKeys finds the Tenants that wait for something about their keys.
func (r *Reconciler) lackingKeys() handler.MapFunc {
	return r.tenants(func(t *v1alpha1.Tenant, _ client.Object) bool {
		return meta.IsStatusConditionFalse(t.Status.Conditions, v1alpha1.ConditionKeyReady)
	})
}
