package objectstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/listing"
)

// Tags on a bucket. They are hints for people: its owner could forge them.
const (
	tagInstallation = "atrium-installation"
	tagTenant       = "atrium-tenant-id"
)

// Owner is whom a bucket is marked for.
type Owner struct {
	Installation string
	TenantID     string
}

// EnsureBucket makes the tenant's bucket, keeps former versions of its objects and
// marks it. With existing true a missing bucket is a fault: its files are gone, and
// an empty one would hide that. A bucket that belongs to somebody else is a fault
// as well.
func (s *Store) EnsureBucket(ctx context.Context, bucket string, owner Owner, existing bool) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if !existing {
		err := s.client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: s.config.Region})
		switch minio.ToErrorResponse(err).Code {
		case "BucketAlreadyOwnedByYou":
		case "BucketAlreadyExists":
			return s.taken(bucket)
		default:
			if err != nil {
				return s.fault("make bucket "+bucket, err)
			}
			return s.mark(ctx, bucket, owner)
		}
	}
	marked, err := s.marked(ctx, bucket, owner)
	if err != nil {
		return err
	}
	if !marked {
		return s.mark(ctx, bucket, owner)
	}
	versions, err := s.client.GetBucketVersioning(ctx, bucket)
	if err != nil {
		return s.fault("ask whether bucket "+bucket+" keeps versions", err)
	}
	if versions.Enabled() {
		return nil
	}
	return s.keepVersions(ctx, bucket)
}

// marked says whether a bucket is marked for its owner. One that is not marked at
// all but empty is ours as well: we made it and were stopped, or a person made it
// at our request. Any other one is a fault, but for a vault with wrapped keys: two
// operators may make it at once, and a store that sets versions for one while it sets
// the mark for the other may lose the mark.
func (s *Store) marked(ctx context.Context, bucket string, owner Owner) (bool, error) {
	marked, err := s.markedFor(ctx, bucket, owner)
	if err != nil || marked {
		return marked, err
	}
	first, err := s.first(ctx, bucket)
	if err != nil || first == "" || owner.TenantID == vaultOwner && strings.HasSuffix(first, WrappedKey) {
		return false, err
	}
	// Whoever makes a bucket marks it before its first object: if another worker of
	// ours did both since the first look, the mark is there now.
	if marked, err = s.markedFor(ctx, bucket, owner); err == nil && !marked {
		err = s.taken(bucket)
	}
	return marked, err
}

// markedFor is false without an error for a bucket without any mark.
func (s *Store) markedFor(ctx context.Context, bucket string, owner Owner) (bool, error) {
	found, err := s.client.GetBucketTagging(ctx, bucket)
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchBucket:
		return false, s.missing(bucket)
	case "NoSuchTagSet", "NoSuchTagSetError": // MinIO says so of a bucket that is not there as well
		return false, nil
	}
	if err != nil {
		return false, s.fault("look at bucket "+bucket, err)
	}
	have := found.ToMap()
	if have[tagInstallation] != owner.Installation || have[tagTenant] != owner.TenantID {
		return false, s.taken(bucket)
	}
	return true, nil
}

// first names an object of a bucket; empty: it holds none.
func (s *Store) first(ctx context.Context, bucket string) (string, error) {
	for object := range s.client.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Recursive: true, MaxKeys: 1}) {
		if minio.ToErrorResponse(object.Err).Code == minio.NoSuchBucket {
			return "", s.missing(bucket)
		}
		return object.Key, s.fault("list bucket "+bucket, object.Err)
	}
	return "", nil
}

// mark comes last: a bucket that is marked keeps versions.
func (s *Store) mark(ctx context.Context, bucket string, owner Owner) error {
	if err := s.keepVersions(ctx, bucket); err != nil {
		return err
	}
	set, err := tags.MapToBucketTags(map[string]string{tagInstallation: owner.Installation, tagTenant: owner.TenantID})
	if err != nil {
		return fmt.Errorf("make tags of bucket %s: %w", bucket, err)
	}
	return s.fault("tag bucket "+bucket, s.client.SetBucketTagging(ctx, bucket, set))
}

// keepVersions makes an overwrite or a delete by a stolen credential something that
// the issuer can undo.
func (s *Store) keepVersions(ctx context.Context, bucket string) error {
	return s.fault("keep versions in bucket "+bucket, s.client.EnableVersioning(ctx, bucket))
}

func (s *Store) missing(bucket string) error {
	return fault.Blocked(v1alpha1.ReasonBucketMissing, nil,
		"bucket %s is gone from ObjectStore %s: restore it from a backup, or create it empty by hand to go on without the files", bucket, s.config.Name)
}

func (s *Store) taken(bucket string) error {
	return fault.Blocked(v1alpha1.ReasonBucketTaken, nil,
		"bucket %s on ObjectStore %s belongs to somebody else: it is not marked for this tenant; look at what it holds, then rename or remove it", bucket, s.config.Name)
}

// RemoveBucket removes the bucket and all that is in it, if it is marked for its
// owner or empty. It is for a confirmed deletion alone. A bucket that is not there
// is fine.
func (s *Store) RemoveBucket(ctx context.Context, bucket string, owner Owner) error {
	if _, err := s.marked(ctx, bucket, owner); fault.Is(err, v1alpha1.ReasonBucketMissing) {
		return nil
	} else if err != nil {
		return err
	}
	for object, err := range listing.Versions(ctx, s.client, bucket, minio.ListObjectsOptions{}) {
		if err != nil {
			return s.fault("list bucket "+bucket, err)
		}
		if err := s.client.RemoveObject(ctx, bucket, object.Key, minio.RemoveObjectOptions{VersionID: object.VersionID}); err != nil {
			return s.fault("empty bucket "+bucket, err)
		}
	}
	err := s.client.RemoveBucket(ctx, bucket)
	if minio.ToErrorResponse(err).Code == minio.NoSuchBucket {
		return nil
	}
	return s.fault("remove bucket "+bucket, err)
}

// Inventory lists what exists for a bucket's name, as "bucket/<name>".
func (s *Store) Inventory(ctx context.Context, bucket string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	exists, err := s.client.BucketExists(ctx, bucket)
	if err != nil || !exists {
		return nil, s.fault("ask for bucket "+bucket, err)
	}
	return []string{"bucket/" + bucket}, nil
}
