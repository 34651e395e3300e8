package tenant

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/internal/keys"
)

// KeyByID reads the root key of a company, also of one that left, from its Secret in the
// operator's namespace; nil when that is not there or holds another key than the one with
// this id.
func KeyByID(ctx context.Context, live client.Reader, namespace, id, keyID string) (*keys.Key, error) {
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
	if err != nil || key.ID() != keyID {
		return nil, nil //nolint:nilerr // who asked says what to do
	}
	return &key, nil
}
