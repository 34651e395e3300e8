package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
)

// Keys of a Secret with static credentials, as in an issuer's.
const (
	staticAccessKey = "accessKey"
	staticSecretKey = "secretKey"
)

// staticKeys are the credentials that the store's administrator put into a Secret
// of the operator's namespace. They are tried when they changed and at each
// verification; while they are not good the app keeps what it has.
func (r *Reconciler) staticKeys(ctx context.Context, s *scope, have bucketKeys) (bucketKeys, error) {
	name := s.objectStore.Name + "-" + s.id
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, &secret)
	if err != nil && !apierrors.IsNotFound(err) {
		return bucketKeys{}, fmt.Errorf("read Secret %s of namespace %s: %w", name, r.Namespace, err)
	}
	keys := bucketKeys{Credentials: objectstore.Credentials{AccessKey: string(secret.Data[staticAccessKey]), SecretKey: string(secret.Data[staticSecretKey])}}
	if keys.AccessKey == "" || keys.SecretKey == "" {
		return bucketKeys{}, fault.Blocked(v1alpha1.ReasonStaticMissing, err,
			"ObjectStore %s gives static credentials, and Secret %s in namespace %s is not there or lacks accessKey or secretKey: let the store's administrator make a user that may get, put, delete and list the objects of bucket %s, with multipart uploads, and nothing else, and create the Secret with that user's keys",
			s.objectStore.Name, name, r.Namespace, s.row.Bucket)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{s.objectStore.Spec.Endpoint, s.row.Bucket, keys.AccessKey, keys.SecretKey}))
	keys.issuer = "static-" + hex.EncodeToString(sum[:8])
	if s.fresh && keys.issuer == have.issuer {
		return keys, nil
	}
	return keys, s.store.CheckStatic(ctx, keys.Credentials, s.row.Bucket, r.Installation, "Secret "+name+" of namespace "+r.Namespace)
}
