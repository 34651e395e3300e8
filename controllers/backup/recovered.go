package backup

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
)

// recovered brings the root key of a company back that the store alone knows, while a
// person supplies the recovery identity. Whoever writes to the store can put a key there
// that he made, so the right one is that which signed the company's backups, and none is
// taken when several did. Nil: the key stays away.
func (c *Catalogue) recovered(ctx context.Context, at *v1alpha1.ObjectStore, store *objectstore.Store, id string, manifests []string) (*backup.Keys, error) {
	r := c.Backups
	identity, err := tenant.RecoveryIdentity(ctx, r.Live, r.Namespace)
	if f, ok := fault.As(err); ok {
		r.Events.Eventf(at, nil, corev1.EventTypeWarning, f.Reason, "Recover", "the root key of company %s stays away: %s", id, f.Message)
		return nil, nil
	}
	if err != nil || identity == nil {
		return nil, err
	}
	vault, files := store.Vault(r.Installation), store.Backups(backup.Bucket(r.Installation, id))
	copies, err := vault.List(ctx, id+"/")
	if err != nil {
		return nil, err
	}
	signers := map[string]keys.Key{}
	for _, name := range copies {
		wrapped, err := vault.Get(ctx, name, keys.MaxWrapped)
		if err != nil {
			return nil, err
		}
		key, err := identity.Unwrap(wrapped)
		if err != nil {
			continue // for another recipient, or removed; it is counted below
		}
		if signed, err := c.signed(ctx, files, id, manifests, key); err != nil {
			return nil, err
		} else if signed {
			signers[key.ID()] = key
		}
	}
	if len(signers) != 1 {
		r.Events.Eventf(at, nil, corev1.EventTypeWarning, v1alpha1.ReasonKeyWrong, "Recover",
			"of %d wrapped copies of the root key of company %s in %s, %d give a key that signed its backups, and one should: supply the identity that was in use, or apply Secret key-%s from a copy of your own",
			len(copies), id, vault.Bucket(), len(signers), id)
		return nil, nil
	}
	for _, key := range signers {
		if err := tenant.BringBack(ctx, r.Client, r.Namespace, id, key); err != nil {
			return nil, err
		}
		r.Events.Eventf(at, nil, corev1.EventTypeNormal, v1alpha1.ReasonDone, "Recover", "the root key %s of company %s is back in Secret key-%s", key.ID(), id, id)
	}
	return r.keysOf(ctx, id)
}

// signed says whether a key signed a backup of the company.
func (c *Catalogue) signed(ctx context.Context, files *objectstore.Vault, id string, manifests []string, key keys.Key) (bool, error) {
	verifier := backup.KeysOf(key.Derive(keys.Backup)).Verifier()
	for _, file := range manifests {
		name, ok := manifestName(file)
		if !ok {
			continue
		}
		found, err := agentjob.Manifest(ctx, files, name, id, verifier)
		if err != nil {
			return false, err
		}
		if found != nil && found.Wrong == nil {
			return true, nil
		}
	}
	return false, nil
}

// all looks through each store when the recovery identity comes.
func (c *Catalogue) all(ctx context.Context, _ client.Object) (requests []reconcile.Request) {
	var list v1alpha1.ObjectStoreList
	if err := c.Backups.Client.List(ctx, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list ObjectStores that may hold root keys")
		return nil
	}
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
