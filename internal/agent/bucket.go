package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/internal/listing"
	"atrium.dev/atrium/tenant-app/contract"
)

const (
	answerLimit = 30 * time.Second // until an answer of a store begins
	// Objects up to minPart go in one request; what a client of the store holds in
	// memory is a part for each worker.
	minPart  = 5 << 20 // the smallest that S3 takes
	maxParts = 10_000
)

// bucket is one bucket of an S3 store.
type bucket struct {
	client *minio.Client
	name   string
	clock  *storeClock
}

func openBucket(s contract.Bucket) (*bucket, error) {
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil {
		return nil, errors.New("open a bucket: its endpoint is not a URL")
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2 * workers, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: answerLimit, DisableCompression: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if s.CABundle != "" {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(s.CABundle)) {
			return nil, errors.New("open a bucket: its caBundle holds no certificate in PEM form")
		}
	}
	lookup := minio.BucketLookupDNS
	if s.PathStyle {
		lookup = minio.BucketLookupPath
	}
	region := s.Region
	if region == "" {
		region = "us-east-1" // what stores without regions expect; asking would need another right
	}
	clock := &storeClock{next: transport}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(s.AccessKey, s.SecretKey, s.SessionToken),
		Secure: endpoint.Scheme == "https", Region: region, BucketLookup: lookup, Transport: clock, MaxRetries: 4,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", s.Name, err)
	}
	return &bucket{client, s.Name, clock}, nil
}

// storeClock reads the store's own clock off its answers: clocks of database and store
// may differ.
type storeClock struct {
	next http.RoundTripper
	last atomic.Int64 // Unix seconds
}

// RoundTrip makes a request.
func (c *storeClock) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		c.last.Store(at.Unix())
	}
	return answer, nil
}

// seen is a time of the store's clock that has passed.
func (c *storeClock) seen() time.Time { return time.Unix(c.last.Load(), 0) }

// read gives a small object whole.
func (b *bucket) read(ctx context.Context, key string, limit int64) ([]byte, error) {
	body, _, err := b.open(ctx, key, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", key, limit)
	}
	return raw, err
}

// open reads an object, of a version or (empty) the newest; the caller closes it.
func (b *bucket) open(ctx context.Context, key, version string) (io.ReadCloser, minio.ObjectInfo, error) {
	core := minio.Core{Client: b.client}
	body, info, _, err := core.GetObject(ctx, b.name, key, minio.GetObjectOptions{VersionID: version})
	return body, info, err
}

// write stores exactly size bytes, or nothing.
func (b *bucket) write(ctx context.Context, key, contentType string, r io.Reader, size int64) error {
	part := max(minPart, (size/maxParts>>20+1)<<20)
	_, err := b.client.PutObject(ctx, b.name, key, r, size, minio.PutObjectOptions{ContentType: contentType, PartSize: uint64(part)})
	return err
}

func (b *bucket) writeAll(ctx context.Context, key string, raw []byte) error {
	return b.write(ctx, key, "application/octet-stream", bytes.NewReader(raw), int64(len(raw)))
}

// versions lists, by key, what the bucket held at some moment since deleted or later:
// for each key its newest version, also when it was deleted after that.
func (b *bucket) versions(ctx context.Context, deleted time.Time) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		decided := ""
		first := true
		for v, err := range listing.Versions(ctx, b.client, b.name, minio.ListObjectsOptions{}) {
			if err != nil {
				yield(v, err)
				return
			}
			if !first && v.Key == decided {
				continue
			}
			if v.IsDeleteMarker && !v.LastModified.Before(deleted) {
				continue // it was there: an older version is what it was
			}
			decided, first = v.Key, false
			if v.IsDeleteMarker {
				continue
			}
			if v.VersionID == "null" && v.IsLatest {
				v.VersionID = "" // the bucket keeps no versions
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}
