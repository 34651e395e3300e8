package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/tenant-app/contract"
)

// Annotations of the Secret with a bucket's credentials.
const (
	// annotationIssuer says with which issuer, at which store, they were made.
	annotationIssuer = "atrium.dev/issuer"
	// annotationRenew is when new ones are due, in RFC 3339; absent when they do not end.
	annotationRenew = "atrium.dev/renew-at"
)

// bucketKeys are credentials for the tenant's bucket and where they come from.
type bucketKeys struct {
	objectstore.Credentials
	issuer  string    // value of annotationIssuer
	renewAt time.Time // zero when they do not end
}

// bucketSecret makes bucket.json.
func (r *Reconciler) bucketSecret(ctx context.Context, s *scope, secrets map[string]*corev1.Secret) error {
	live := secrets[v1alpha1.SecretOfficeBucket]
	var now contract.Bucket
	read(live, contract.FileBucket, &now)
	have := bucketKeys{}
	if live != nil && now.Name == s.row.Bucket {
		have.Credentials = objectstore.Credentials{AccessKey: now.AccessKey, SecretKey: now.SecretKey, SessionToken: now.SessionToken, Expires: now.Expires}
		have.issuer = live.Annotations[annotationIssuer]
		have.renewAt, _ = time.Parse(time.RFC3339, live.Annotations[annotationRenew])
	}
	find := r.issuedKeys
	if s.objectStore.Spec.Credentials == v1alpha1.CredentialsStatic {
		find = r.staticKeys
	}
	keys, err := find(ctx, s, have)
	if err != nil {
		return err
	}
	s.renewAt, s.bucketUntil = keys.renewAt, keys.Expires
	store := s.objectStore.Spec
	raw, err := json.Marshal(contract.Bucket{
		Endpoint: store.Endpoint, Region: store.Region, Name: s.row.Bucket, PathStyle: store.PathStyle == nil || *store.PathStyle, CABundle: store.CABundle,
		AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, SessionToken: keys.SessionToken, Expires: keys.Expires,
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileBucket, err)
	}
	want := &corev1.Secret{ObjectMeta: s.meta(v1alpha1.SecretOfficeBucket), Data: map[string][]byte{contract.FileBucket: raw}}
	want.Annotations = map[string]string{annotationIssuer: keys.issuer}
	if !keys.renewAt.IsZero() {
		want.Annotations[annotationRenew] = keys.renewAt.Format(time.RFC3339)
	}
	return r.applySecret(ctx, s, live, want)
}

// issuedKeys are the credentials there, or new ones from the store's STS: when those
// are past half of their life, were made by another issuer or for another place, when
// a person asks, and when the store does not take them any more.
func (r *Reconciler) issuedKeys(ctx context.Context, s *scope, have bucketKeys) (bucketKeys, error) {
	digest := s.store.IssuerDigest()
	due := have.issuer != digest || !r.Now().Before(have.renewAt) || s.rotating
	revoked := false
	if !due && !s.fresh {
		taken, err := s.store.Accepts(ctx, have.Credentials, s.row.Bucket)
		if err != nil {
			return bucketKeys{}, err
		}
		revoked = !taken
	}
	if !due && !revoked {
		return have, nil
	}
	issued, err := s.store.Issue(ctx, s.row.Bucket)
	if err != nil {
		return bucketKeys{}, err
	}
	if revoked {
		// New ones that are refused as well would be made and written for ever.
		if taken, err := s.store.Accepts(ctx, issued, s.row.Bucket); err != nil {
			return bucketKeys{}, err
		} else if !taken {
			return bucketKeys{}, fault.Blocked(v1alpha1.ReasonStoreRefused, nil,
				"ObjectStore %s refuses the credentials for bucket %s that it issued a moment ago: give its issuer the rights that the operations manual lists (Object stores)", s.objectStore.Name, s.row.Bucket)
		}
	}
	return bucketKeys{issued, digest, r.Now().Add(halfLife(issued, r.Now())).UTC().Truncate(time.Second)}, nil
}

// halfLife is how long credentials are used. A store may give them a shorter life
// than was asked for; a clock that is far off must not make that nothing.
func halfLife(c objectstore.Credentials, now time.Time) time.Duration {
	life := c.Expires.Sub(now)
	if life <= 0 || life > objectstore.CredentialsLast {
		life = objectstore.CredentialsLast
	}
	return life / 2
}
