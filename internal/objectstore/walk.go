package objectstore

import (
	"context"
	"time"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/listing"
)

// walkLimit bounds the time that one call of Walk takes.
const walkLimit = time.Minute

// Walked is what one call of Walk found.
type Walked struct {
	// Next is where to go on; empty when the end of the bucket was reached.
	Next string
	// Bytes of all versions that stay, current and former.
	Bytes int64
	// Removed is how many versions were removed.
	Removed int
}

// Walk looks at a page of a bucket's versions, from after a key on and to the end of
// the key that fills the page, and removes those that a newer one replaced, or a delete hid, before a time. An age counts
// from when a version was replaced, not from when it was written. Current objects
// always stay. A bucket that is not there is empty.
func (s *Store) Walk(ctx context.Context, bucket, after string, page int, before time.Time) (Walked, error) {
	ctx, cancel := context.WithTimeout(ctx, walkLimit)
	defer cancel()
	var w Walked
	var key []minio.ObjectInfo // versions of one key, the newest first
	seen := 0
	for version, err := range listing.Versions(ctx, s.client, bucket, minio.ListObjectsOptions{StartAfter: after, MaxKeys: page}) {
		if minio.ToErrorResponse(err).Code == minio.NoSuchBucket {
			return Walked{}, nil
		}
		if err != nil {
			return Walked{}, s.fault("list the versions in bucket "+bucket, err)
		}
		if version.Key == after {
			continue // some stores begin with the key itself
		}
		if len(key) > 0 && key[0].Key != version.Key {
			if err := s.sweep(ctx, bucket, key, before, &w); err != nil {
				return Walked{}, err
			}
			if seen >= page {
				w.Next = key[0].Key
				return w, nil
			}
			key = key[:0]
		}
		key = append(key, version)
		seen++
	}
	return w, s.sweep(ctx, bucket, key, before, &w)
}

// sweep removes the versions of one key that were replaced before a time, the
// oldest first, and then a delete marker of that age that hides nothing any more.
func (s *Store) sweep(ctx context.Context, bucket string, key []minio.ObjectInfo, before time.Time, w *Walked) error {
	for i := len(key) - 1; i >= 0; i-- {
		version := key[i]
		// The one before it in the list replaced it. A delete marker that came last
		// replaced all below it, so these are gone when its turn comes.
		since := version.LastModified
		if i > 0 {
			since = key[i-1].LastModified
		}
		old := since.Before(before) && (!version.IsLatest || version.IsDeleteMarker)
		if !old {
			w.Bytes += version.Size
			continue
		}
		if err := s.client.RemoveObject(ctx, bucket, version.Key, minio.RemoveObjectOptions{VersionID: version.VersionID}); err != nil {
			return s.fault("remove former versions from bucket "+bucket, err)
		}
		w.Removed++
	}
	return nil
}
