// Package objectstore is the operator's way to an S3 store: one bucket per tenant,
// and credentials that reach that bucket alone, asked of STS or made by the store's
// administrator. It reads and writes no object of a tenant, except to remove former
// versions by age, and all of them in a confirmed deletion.
package objectstore

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Limits. A store may be far away (500 ms a call) but not silent.
const (
	callTimeout   = 10 * time.Second // of one function here, which makes few calls
	answerTimeout = 5 * time.Second  // until a connection stands, and until an answer begins
)

// CredentialsLast is how long credentials of a bucket are valid. They are renewed at
// half of it, so a store may be away for the other half.
const CredentialsLast = 24 * time.Hour

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
	host      string
	options   minio.Options // of clients, but for their credentials
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
	base.MaxIdleConnsPerHost, base.IdleConnTimeout, base.ResponseHeaderTimeout = 2, 20*time.Second, answerTimeout
	base.DialContext = (&net.Dialer{Timeout: answerTimeout}).DialContext
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
	options := minio.Options{
		Secure: endpoint.Scheme == "https", Transport: transport, Region: config.Region,
		BucketLookup: lookup, MaxRetries: 1, // the controllers try again, and say so meanwhile
	}
	s := &Store{config: config, host: endpoint.Host, options: options, transport: transport}
	if s.client, err = s.as(Credentials{AccessKey: config.AccessKey, SecretKey: config.SecretKey}); err != nil {
		return nil, err
	}
	return s, nil
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
