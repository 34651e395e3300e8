// Package blob is the company's bucket: files are written once under a key and
// read back. It keeps to what every S3 store has (put, get, delete), follows
// renewed credentials, also when the store refuses those it has, and knows nothing of
// who may read what.
package blob

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is the company's bucket. It is safe for concurrent use and stays valid
// when credentials change.
type Bucket struct {
	target atomic.Pointer[target]
	// again reads the settings as they are now.
	again func() (contract.Bucket, error)
}

type target struct {
	settings contract.Bucket
	client   minio.Core
}

// Info describes a stored file.
type Info struct {
	Size        int64
	ContentType string
	ETag        string
	StoredAt    time.Time
}

// Open prepares the way to the bucket and makes no connection. Again reads the
// settings as they are now: it is called when the store refuses.
func Open(settings contract.Bucket, again func() (contract.Bucket, error)) (*Bucket, error) {
	b := &Bucket{again: again}
	return b, b.Follow(settings)
}

// Follow takes changed settings: the next call uses them.
func (b *Bucket) Follow(settings contract.Bucket) error {
	if now := b.target.Load(); now != nil && now.settings == settings {
		return nil
	}
	client, err := newClient(settings)
	if err != nil {
		return err
	}
	b.target.Store(&target{settings: settings, client: minio.Core{Client: client}})
	return nil
}

func newClient(s contract.Bucket) (*minio.Client, error) {
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("prepare the bucket: endpoint in bucket.json: %w", err)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if s.CABundle != "" {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(s.CABundle)) {
			return nil, errors.New("prepare the bucket: caBundle in bucket.json holds no PEM certificate")
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
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(s.AccessKey, s.SecretKey, s.SessionToken),
		Secure: endpoint.Scheme == "https", Region: region, BucketLookup: lookup, Transport: transport, MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the bucket: %w", err)
	}
	return client, nil
}

// Put stores the first size bytes of r under key, replacing what was there.
func (b *Bucket) Put(ctx context.Context, key, contentType string, r io.ReaderAt, size int64) error {
	return b.put(ctx, key, r, size, minio.PutObjectOptions{ContentType: contentType})
}

// PutNew is Put for what never changes: what is there already stays, without a further
// version of it that each backup would have to copy.
func (b *Bucket) PutNew(ctx context.Context, key, contentType string, r io.ReaderAt, size int64) error {
	options := minio.PutObjectOptions{ContentType: contentType}
	options.SetMatchETagExcept("*")
	return b.put(ctx, key, r, size, options)
}

func (b *Bucket) put(ctx context.Context, key string, r io.ReaderAt, size int64, options minio.PutObjectOptions) error {
	err := b.call(func(t *target) error {
		whole := io.NewSectionReader(r, 0, size) // each try begins at the beginning
		_, err := t.client.Client.PutObject(ctx, t.settings.Name, key, whole, size, options)
		if minio.ToErrorResponse(err).Code == minio.PreconditionFailed {
			return nil // only PutNew asks for one
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store %s in the bucket: %w", key, classify(err))
	}
	return nil
}

// Get opens a file; the caller closes it. Code file_unknown if there is none.
func (b *Bucket) Get(ctx context.Context, key string) (body io.ReadCloser, about Info, err error) {
	var info minio.ObjectInfo
	err = b.call(func(t *target) (err error) {
		body, info, _, err = t.client.GetObject(ctx, t.settings.Name, key, minio.GetObjectOptions{})
		return err
	})
	if err != nil {
		return nil, Info{}, fmt.Errorf("read %s from the bucket: %w", key, classify(err))
	}
	return body, Info{Size: info.Size, ContentType: info.ContentType, ETag: info.ETag, StoredAt: info.LastModified}, nil
}

// Delete removes a file; that there is none is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.call(func(t *target) error {
		return t.client.RemoveObject(ctx, t.settings.Name, key, minio.RemoveObjectOptions{})
	})
	if err != nil {
		return fmt.Errorf("delete %s from the bucket: %w", key, classify(err))
	}
	return nil
}

// call makes a call, and once more with other credentials when the store refused
// the first: a renewed file may be there before it was followed.
func (b *Bucket) call(try func(*target) error) error {
	used := b.target.Load()
	err := try(used)
	if err == nil || !refused(err) {
		return err
	}
	settings, readErr := b.again()
	if readErr != nil || b.Follow(settings) != nil {
		return err // what is there cannot be used; whoever follows the files says so
	}
	if now := b.target.Load(); now != used {
		return try(now)
	}
	return err
}

// refused says whether a store turned a call down because of its credentials.
func refused(err error) bool {
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case "ExpiredToken", "InvalidToken", "InvalidTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return true
	}
	return answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized
}

// classify tells what is missing from what may come back: everything else, also
// credentials that are refused, is mended by the platform and not by the person.
func classify(err error) error {
	answer := minio.ToErrorResponse(err)
	if answer.StatusCode == http.StatusNotFound && answer.Code != "NoSuchBucket" {
		return kernel.NotFound("file_unknown").Because(err)
	}
	return kernel.Unavailable("files_unavailable").Because(err)
}
