package objectstore

import (
	"context"
	"regexp"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// TenantBuckets lists the buckets that have the name of a tenant's bucket in an
// installation, with the ids in their names. The issuer may see fewer than there are.
func (s *Store) TenantBuckets(ctx context.Context, installation string) (map[string]string, error) {
	return s.named(ctx, installation+"-")
}

// BackupBuckets lists those that have the name of a tenant's bucket of backups.
func (s *Store) BackupBuckets(ctx context.Context, installation string) (map[string]string, error) {
	return s.named(ctx, installation+"-b-")
}

// named lists the buckets whose names are a prefix and the id of a tenant.
func (s *Store) named(ctx context.Context, prefix string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, err := s.client.ListBuckets(ctx)
	if err != nil {
		return nil, s.fault("list buckets", err)
	}
	ours := regexp.MustCompile("^" + regexp.QuoteMeta(prefix) + "([a-z][a-z2-7]{9})$")
	ids := map[string]string{}
	for _, bucket := range all {
		if match := ours.FindStringSubmatch(bucket.Name); match != nil {
			ids[bucket.Name] = match[1]
		}
	}
	return ids, nil
}

// Belongs says whether a bucket is marked for its owner, or for nobody and empty:
// what RemoveBucket would remove.
func (s *Store) Belongs(ctx context.Context, bucket string, owner Owner) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := s.marked(ctx, bucket, owner)
	if fault.Is(err, v1alpha1.ReasonBucketTaken) || fault.Is(err, v1alpha1.ReasonBucketMissing) {
		return false, nil
	}
	return err == nil, err
}
