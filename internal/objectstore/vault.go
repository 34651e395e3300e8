package objectstore

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/listing"
)

// vaultOwner stands in the tag of a vault's bucket where a tenant's id stands in
// that of others.
const vaultOwner = "keys"

// WrappedKey is how the name of each file in a vault ends.
const WrappedKey = ".age"

// Vault keeps small files that are written once: the wrapped keys of an installation,
// and what the operator reads and writes of a tenant's backups. They are made under
// names that nobody uses twice, so none is ever written over.
type Vault struct {
	store  *Store
	bucket string
}

// Vault of an installation in this store. Nothing is asked yet.
func (s *Store) Vault(installation string) *Vault { return &Vault{s, installation + "-keys"} }

// Backups are the small files in a tenant's bucket of backups. Nothing is asked yet.
func (s *Store) Backups(bucket string) *Vault { return &Vault{s, bucket} }

// Bucket is the bucket that holds the vault.
func (v *Vault) Bucket() string { return v.bucket }

// Ensure makes the bucket, or sees that the one there is this installation's.
func (v *Vault) Ensure(ctx context.Context, installation string) error {
	return v.store.EnsureBucket(ctx, v.bucket, Owner{installation, vaultOwner}, false)
}

// Put writes a file unless one of that name is there, which is fine: whoever calls
// reads it back.
func (v *Vault) Put(ctx context.Context, name string, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	options.SetMatchETagExcept("*")
	_, err := v.store.client.PutObject(ctx, v.bucket, name, bytes.NewReader(content), int64(len(content)), options)
	switch minio.ToErrorResponse(err).Code {
	case minio.PreconditionFailed:
		return nil
	case minio.NoSuchBucket:
		return fault.New(v1alpha1.ReasonBucketMissing, err, "bucket %s is gone from ObjectStore %s: it is made anew", v.bucket, v.store.config.Name)
	}
	return v.store.fault("write "+v.bucket+"/"+name, err)
}

// Get reads a file of at most limit bytes; nil without an error when there is none.
func (v *Vault) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	object, err := v.store.client.GetObject(ctx, v.bucket, name, minio.GetObjectOptions{})
	if err != nil {
		return nil, v.store.fault("read "+v.bucket+"/"+name, err)
	}
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(io.LimitReader(object, limit))
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchKey, minio.NoSuchBucket:
		return nil, nil
	}
	if err != nil {
		return nil, v.store.fault("read "+v.bucket+"/"+name, err)
	}
	return content, nil
}

// List names the files whose names begin so, in order: also those of which only
// former versions are left, which Get does not find.
func (v *Vault) List(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	err := v.walk(ctx, prefix, func(object minio.ObjectInfo) error {
		names = append(names, object.Key)
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// Destroy removes each version of the files whose names begin so, and says how many
// there were. It looks again: nothing is left when it ends without an error.
func (v *Vault) Destroy(ctx context.Context, prefix string) (versions int, err error) {
	remove := func(object minio.ObjectInfo) error {
		versions++
		err := v.store.client.RemoveObject(ctx, v.bucket, object.Key, minio.RemoveObjectOptions{VersionID: object.VersionID})
		return v.store.fault("remove "+v.bucket+"/"+object.Key, err)
	}
	if err := v.walk(ctx, prefix, remove); err != nil {
		return versions, err
	}
	return versions, v.walk(ctx, prefix, func(object minio.ObjectInfo) error {
		return fault.Blocked(v1alpha1.ReasonStoreFailed, nil,
			"%s/%s is still in ObjectStore %s after it was removed: see whether the bucket is locked against removal or replicated into", v.bucket, object.Key, v.store.config.Name)
	})
}

// Clear removes each version of what lies under a prefix, however much that is, until
// the context ends: the next call goes on from there. It says how many there were.
func (v *Vault) Clear(ctx context.Context, prefix string) (versions int, err error) {
	err = v.each(ctx, prefix, func(object minio.ObjectInfo) error {
		versions++
		err := v.store.client.RemoveObject(ctx, v.bucket, object.Key, minio.RemoveObjectOptions{VersionID: object.VersionID})
		return v.store.fault("remove "+v.bucket+"/"+object.Key, err)
	})
	return versions, err
}

func (v *Vault) walk(ctx context.Context, prefix string, each func(minio.ObjectInfo) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return v.each(ctx, prefix, each)
}

func (v *Vault) each(ctx context.Context, prefix string, each func(minio.ObjectInfo) error) error {
	for object, err := range listing.Versions(ctx, v.store.client, v.bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if minio.ToErrorResponse(err).Code == minio.NoSuchBucket {
			return nil
		}
		if err != nil {
			return v.store.fault("list "+v.bucket+"/"+prefix, err)
		}
		if err := each(object); err != nil {
			return err
		}
	}
	return nil
}
