// Package listing lists the versions of a bucket's objects in one order, whatever the
// store's: by key, and of each key the newest first.
//
// MinIO answers in that order. Versity's gateway puts, on each page, all delete markers
// before all other versions, ends a page with the version that begins the next one, and
// finds nothing more when that version was removed meanwhile. So each page is put in
// order, a repeated version is left out, and a page is handed out only when the next one
// is here: who removes what is listed does not disturb the list.
//
// That gateway also dates a delete marker by the object that it hides, and a former version
// by when it became one. So nothing is told to be older than what it replaced.
package listing

import (
	"cmp"
	"context"
	"iter"
	"net/http/httptrace"
	"slices"
	"sync/atomic"

	"github.com/minio/minio-go/v7"
)

// Versions gives the versions in a bucket. It holds two pages of them at most. The error is
// the store's, and the last that it gives.
func Versions(ctx context.Context, client *minio.Client, bucket string, options minio.ListObjectsOptions) iter.Seq2[minio.ObjectInfo, error] {
	options.Recursive, options.WithVersions = true, true
	return func(yield func(minio.ObjectInfo, error) bool) {
		var asked atomic.Int32 // how often the store was: a client does not tell where pages end
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { asked.Add(1) }})
		var page []minio.ObjectInfo
		var held minio.ObjectInfo // until it is known what it replaced
		hand := func() bool {
			slices.SortStableFunc(page, order)
			for _, v := range page {
				if v.Key == held.Key && v.VersionID == held.VersionID {
					continue
				}
				if v.Key == held.Key && v.LastModified.After(held.LastModified) {
					held.LastModified = v.LastModified
				}
				if held.Key != "" && !yield(held, nil) {
					return false
				}
				held = v
			}
			page = page[:0]
			return true
		}
		of := int32(0)
		for v := range client.ListObjectsIter(traced, bucket, options) {
			if n := asked.Load(); n != of {
				if !hand() {
					return
				}
				of = n
			}
			if v.Err != nil {
				yield(minio.ObjectInfo{}, v.Err)
				return
			}
			page = append(page, v)
		}
		if hand() && held.Key != "" {
			yield(held, nil)
		}
	}
}

// order of versions. Of those of one key and one time nobody knows more: Versity's gateway
// tells full seconds.
func order(a, b minio.ObjectInfo) int {
	switch {
	case a.Key != b.Key:
		return cmp.Compare(a.Key, b.Key)
	case a.IsLatest != b.IsLatest && a.IsLatest:
		return -1
	case a.IsLatest != b.IsLatest:
		return 1
	}
	return b.LastModified.Compare(a.LastModified)
}
