package tenant

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/tenant-app/contract"
)

// keysSecret makes keys.json: what the app seals secrets with, and what several pods know
// each other by. Both are derived from the root key, which stays in the operator's
// namespace. Without a root key that can be used it leaves what is there.
func (r *Reconciler) keysSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	live := secrets[v1alpha1.SecretOfficeKeys]
	var now contract.Keys
	read(live, contract.FileKeys, &now)
	seals := 1
	if s.row.Source != "" {
		seals = 2
	}
	complete := len(now.Seal) == seals && now.Seal[0].ID == s.row.Key && len(now.Peers) > 0
	if s.keyless || s.key == nil && complete {
		return nil
	}
	key, err := r.rootKey(ctx, s)
	if err != nil || key == nil {
		return err
	}
	want := contract.Keys{Seal: []contract.SealKey{{ID: key.ID(), Key: key.Derive(keys.Seal)}}, Peers: key.Derive(keys.Peers)}
	source, err := r.sourceKey(ctx, s)
	if err != nil {
		return err
	}
	if source != nil && source.ID() != key.ID() {
		want.Seal = append(want.Seal, contract.SealKey{ID: source.ID(), Key: source.Derive(keys.Seal)})
	}
	raw, err := json.Marshal(want)
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileKeys, err)
	}
	return r.applySecret(ctx, s, live, &corev1.Secret{ObjectMeta: s.meta(v1alpha1.SecretOfficeKeys), Data: map[string][]byte{contract.FileKeys: raw}})
}

// sourceKey is the root key of the company that this one is a copy of, with which the
// app opens what came along and seals it anew; nil for a company that is no copy, and
// once that key is gone.
func (r *Reconciler) sourceKey(ctx context.Context, s *scope) (*keys.Key, error) {
	if s.row.Source == "" {
		return nil, nil
	}
	return readRootKey(ctx, r.Live, r.Namespace, s.row.Source)
}

// rootKey is the key that this pass has seen or, when it looked at none, the one in its
// Secret; nil while that is not the tenant's, which the next look at keys tells.
func (r *Reconciler) rootKey(ctx context.Context, s *scope) (*keys.Key, error) {
	if s.key != nil {
		return s.key, nil
	}
	return RootKey(ctx, r.Live, r.Namespace, s.id, s.row.KeyCheck)
}

// RootKey reads a tenant's root key from its Secret in the operator's namespace; nil
// when that is not there, or holds another key than the one that gave the check.
func RootKey(ctx context.Context, live client.Reader, namespace, id string, check []byte) (*keys.Key, error) {
	key, err := readRootKey(ctx, live, namespace, id)
	if err != nil || key == nil || !key.Is(check) {
		return nil, err
	}
	return key, nil
}

// readRootKey reads what a Secret of a root key holds; nil when it is not there or holds
// none, which the step Key says of the company whose it is.
func readRootKey(ctx context.Context, live client.Reader, namespace, id string) (*keys.Key, error) {
	var secret corev1.Secret
	name := keySecretOfID + id
	err := live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	key, err := keys.Parse(secret.Data[keyField])
	if err != nil {
		return nil, nil //nolint:nilerr // said by the step Key, which looks again within minutes
	}
	return &key, nil
}
