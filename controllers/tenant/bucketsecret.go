package tenant

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/tenant-app/contract"
)

// annotationIssuer says with which issuer, at which store, a bucket's credentials
// were made.
const annotationIssuer = "atrium.dev/issuer"

// bucketSecret makes bucket.json, with new credentials when those there are past
// half of their life, or were made by another issuer or for another place.
func (r *Reconciler) bucketSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	live := secrets[v1alpha1.SecretOfficeBucket]
	var now contract.Bucket
	read(live, contract.FileBucket, &now)
	s.renewAt = now.Expires.Add(-objectstore.CredentialsLast / 2)
	store := s.objectStore.Spec
	if live == nil || !r.Now().Before(s.renewAt) || live.Annotations[annotationIssuer] != s.store.IssuerDigest() || now.Name != s.row.Bucket {
		issued, err := s.store.Issue(ctx, s.row.Bucket)
		if err != nil {
			return err
		}
		now = contract.Bucket{AccessKey: issued.AccessKey, SecretKey: issued.SecretKey, SessionToken: issued.SessionToken, Expires: issued.Expires}
		s.renewAt = now.Expires.Add(-objectstore.CredentialsLast / 2)
	}
	now.Endpoint, now.Region, now.Name = store.Endpoint, store.Region, s.row.Bucket
	now.PathStyle, now.CABundle = store.PathStyle == nil || *store.PathStyle, store.CABundle
	raw, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileBucket, err)
	}
	want := &corev1.Secret{ObjectMeta: s.meta(v1alpha1.SecretOfficeBucket), Data: map[string][]byte{contract.FileBucket: raw}}
	want.Annotations = map[string]string{annotationIssuer: s.store.IssuerDigest()}
	return r.applySecret(ctx, s, live, want)
}
