// Package objectstore is the operator's way to an S3 store with STS: one bucket per
// tenant, and credentials that reach that bucket alone. It reads and writes no
// object of a tenant, except to remove them all in a confirmed deletion.
package objectstore

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// callTimeout bounds one call; none carries more than a list of names.
const callTimeout = 10 * time.Second

// CredentialsLast is how long credentials of a bucket are valid. They are renewed at
// half of it, so a store may be away for the other half.
const CredentialsLast = 24 * time.Hour

// Tags on a bucket. They are hints for people: its owner could forge them.
const (
	tagInstallation = "atrium-installation"
	tagTenant       = "atrium-tenant-id"
)

// Config says how to reach a store as its issuer.
type Config struct {
	Name      string // of the ObjectStore, for messages
	Endpoint  string // URL
	Region    string
	PathStyle bool
	CABundle  string
	AccessKey string
	SecretKey string
}

// Credentials reach one bucket until they expire.
type Credentials struct {
	AccessKey    string
	SecretKey    string
	SessionToken string
	Expires      time.Time
}

// Store is an S3 store seen by its issuer. It holds no connection open for long.
type Store struct {
	config    Config
	client    *minio.Client
	transport http.RoundTripper
}

// Open checks a configuration and prepares a Store without calling it. Wrap, which
// may be nil, sees each request.
func Open(config Config, wrap func(http.RoundTripper) http.RoundTripper) (*Store, error) {
	endpoint, err := url.Parse(config.Endpoint)
	if err != nil || endpoint.Host == "" {
		return nil, invalid(config, errors.New("its endpoint is not a URL"))
	}
	base, err := minio.DefaultTransport(endpoint.Scheme == "https")
	if err != nil {
		return nil, invalid(config, err)
	}
	base.MaxIdleConnsPerHost, base.IdleConnTimeout, base.ResponseHeaderTimeout = 2, 20*time.Second, callTimeout
	if config.CABundle != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(config.CABundle)) {
			return nil, invalid(config, errors.New("spec.caBundle holds no certificate in PEM form"))
		}
		base.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	var transport http.RoundTripper = base
	if wrap != nil {
		transport = wrap(transport)
	}
	lookup := minio.BucketLookupDNS
	if config.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(config.AccessKey, config.SecretKey, ""),
		Secure: endpoint.Scheme == "https", Transport: transport, Region: config.Region,
		BucketLookup: lookup, MaxRetries: 1, // the controllers try again, and say so meanwhile
	})
	if err != nil {
		return nil, invalid(config, err)
	}
	return &Store{config, client, transport}, nil
}

func invalid(config Config, err error) error {
	return fault.Blocked(v1alpha1.ReasonSettingsInvalid, err,
		"ObjectStore %s cannot be used: %v; correct its spec or its issuer Secret", config.Name, err)
}

// Close gives idle connections back.
func (s *Store) Close() {
	if t, ok := s.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// IssuerDigest changes when the issuer or the place changes: credentials that were
// issued before are then worth nothing.
func (s *Store) IssuerDigest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{s.config.Endpoint, s.config.AccessKey, s.config.SecretKey}))
	return hex.EncodeToString(sum[:8])
}

// Check asks the store whether it takes the issuer's key. It makes nothing.
func (s *Store) Check(ctx context.Context, probe string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := s.client.BucketExists(ctx, probe)
	return s.fault("ask for a bucket", err)
}

// EnsureBucket makes the tenant's bucket and marks it. With existing true a missing
// bucket is a fault: its files are gone, and an empty one would hide that. A bucket
// that belongs to somebody else is a fault as well.
func (s *Store) EnsureBucket(ctx context.Context, bucket, installation, tenantID string, existing bool) error {
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
			return s.mark(ctx, bucket, installation, tenantID)
		}
	}
	found, err := s.client.GetBucketTagging(ctx, bucket)
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchBucket:
		return s.missing(bucket)
	case "NoSuchTagSet": // MinIO says so of a bucket that is not there as well
		return s.markUnmarked(ctx, bucket, installation, tenantID)
	}
	if err != nil {
		return s.fault("look at bucket "+bucket, err)
	}
	have := found.ToMap()
	if have[tagInstallation] != installation || have[tagTenant] != tenantID {
		return s.taken(bucket)
	}
	return nil
}

func (s *Store) missing(bucket string) error {
	return fault.Blocked(v1alpha1.ReasonBucketMissing, nil,
		"bucket %s is gone from ObjectStore %s: restore it from a backup, or create it empty by hand to go on without the files", bucket, s.config.Name)
}

// markUnmarked marks a bucket that is empty: we made it and were stopped, or a
// person made it at our request.
func (s *Store) markUnmarked(ctx context.Context, bucket, installation, tenantID string) error {
	for object := range s.client.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Recursive: true, MaxKeys: 1}) {
		if minio.ToErrorResponse(object.Err).Code == minio.NoSuchBucket {
			return s.missing(bucket)
		}
		if object.Err != nil {
			return s.fault("list bucket "+bucket, object.Err)
		}
		return s.taken(bucket)
	}
	return s.mark(ctx, bucket, installation, tenantID)
}

func (s *Store) mark(ctx context.Context, bucket, installation, tenantID string) error {
	set, err := tags.MapToBucketTags(map[string]string{tagInstallation: installation, tagTenant: tenantID})
	if err != nil {
		return fmt.Errorf("make tags of bucket %s: %w", bucket, err)
	}
	return s.fault("tag bucket "+bucket, s.client.SetBucketTagging(ctx, bucket, set))
}

func (s *Store) taken(bucket string) error {
	return fault.Blocked(v1alpha1.ReasonBucketTaken, nil,
		"bucket %s on ObjectStore %s belongs to somebody else: it is not marked for this tenant; look at what it holds, then rename or remove it", bucket, s.config.Name)
}

// RemoveBucket removes the bucket and all that is in it. It is for a confirmed
// deletion alone. A bucket that is not there is fine.
func (s *Store) RemoveBucket(ctx context.Context, bucket string) error {
	list := minio.ListObjectsOptions{Recursive: true, WithVersions: true}
	for object := range s.client.ListObjectsIter(ctx, bucket, list) {
		if minio.ToErrorResponse(object.Err).Code == minio.NoSuchBucket {
			return nil
		}
		if object.Err != nil {
			return s.fault("list bucket "+bucket, object.Err)
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

// fault classes an error of the client; nil stays nil.
func (s *Store) fault(attempt string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	var code string
	if sts, ok := errors.AsType[credentials.ErrorResponse](err); ok {
		code = sts.STSError.Code
	} else {
		code = minio.ToErrorResponse(err).Code
	}
	where := fmt.Sprintf("ObjectStore %s (%s)", s.config.Name, s.config.Endpoint)
	switch code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidClientTokenId":
		return fault.New(v1alpha1.ReasonStoreRefused, err,
			"%s refuses the issuer (%s) on the attempt to %s: correct accessKey and secretKey in the Secret that spec.issuerSecretRef names, and the rights of that user", where, code, attempt)
	case "", "SlowDown", "ServiceUnavailable", "InternalError", "XMinioServerNotInitialized":
		return fault.New(v1alpha1.ReasonStoreUnreachable, err,
			"%s does not answer the attempt to %s: check that it runs, its endpoint and the network policies between", where, attempt)
	}
	return fault.New(v1alpha1.ReasonStoreFailed, err, "%s: the attempt to %s failed (%s)", where, attempt, code)
}
