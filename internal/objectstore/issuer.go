package objectstore

import (
	"context"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// outside is a bucket that no installation has: names of installations end in a
// letter or a digit, and then comes a tenant's id.
const outside = "atrium--outside"

// Unlimited says whether the issuer reaches buckets that are not an installation's:
// it sees others in the list of buckets, or may ask for one of any name. It makes
// nothing.
//
// A store with STS weighs rights before it looks whether a bucket is there (MinIO
// does); others say of every bucket that is not there that it is not there, so with
// static credentials only the list counts.
func (s *Store) Unlimited(ctx context.Context, installation string, static bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	buckets, err := s.client.ListBuckets(ctx)
	if err != nil && !refused(err) {
		return false, s.fault("list buckets", err)
	}
	for _, bucket := range buckets {
		if !strings.HasPrefix(bucket.Name, installation+"-") {
			return true, nil
		}
	}
	if static {
		return false, nil
	}
	_, err = s.client.BucketExists(ctx, outside)
	if refused(err) {
		return false, nil
	}
	return err == nil, s.fault("ask for a bucket of others", err)
}

// refused says whether a store turned a call down because of who asked.
func refused(err error) bool {
	answer := minio.ToErrorResponse(err)
	return err != nil && (answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized)
}
