package tenant

import (
	"context"

	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/objectstore"
)

// bucket makes the tenant's bucket. That it was made is recorded together with the
// credentials, one step later; a cut between the two finds it by its tags.
func (r *Reconciler) bucket(ctx context.Context, s *scope) error {
	if s.fresh {
		return nil
	}
	if err := servers.Silent(s.objectStore.Generation, &s.objectStore.Status.ServerStatus); err != nil {
		return err
	}
	return s.store.EnsureBucket(ctx, s.row.Bucket, r.owner(s), s.row.BucketMade)
}

// undoBucket removes the bucket under Delete. Under Retain its credentials go with
// the namespace, and expire.
func (r *Reconciler) undoBucket(ctx context.Context, s *scope) error {
	if !s.drops() {
		return nil
	}
	return s.store.RemoveBucket(ctx, s.row.Bucket, r.owner(s))
}

func (r *Reconciler) bucketInventory(ctx context.Context, s *scope) ([]string, error) {
	return s.store.Inventory(ctx, s.row.Bucket)
}

// owner is whom the tenant's bucket is marked for.
func (r *Reconciler) owner(s *scope) objectstore.Owner {
	return objectstore.Owner{Installation: r.Installation, TenantID: s.id}
}
