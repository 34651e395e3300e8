package objectstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Issue asks the store for credentials that reach one bucket: its objects, lists
// and multipart uploads; no policy, no tags of the bucket, no versions.
func (s *Store) Issue(ctx context.Context, bucket string) (Credentials, error) {
	policy, err := sessionPolicy(bucket)
	if err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, bucket, policy)
}

func (s *Store) issue(ctx context.Context, bucket, policy string) (Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	sts := credentials.STSAssumeRole{
		STSEndpoint: s.config.Endpoint,
		Options: credentials.STSAssumeRoleOptions{
			AccessKey: s.config.AccessKey, SecretKey: s.config.SecretKey, Location: s.config.Region,
			Policy: policy, DurationSeconds: int(CredentialsLast / time.Second),
		},
	}
	value, err := sts.RetrieveWithCredContext(&credentials.CredContext{
		Client: &http.Client{Transport: s.transport}, Context: ctx,
	})
	if noSTS(err) {
		return Credentials{}, fault.Blocked(v1alpha1.ReasonStoreRefusesSTS, err,
			"ObjectStore %s (%s) has no STS that gives credentials for bucket %s: set its spec.credentials to static and let the store's administrator make a Secret for each tenant",
			s.config.Name, s.config.Endpoint, bucket)
	}
	if err != nil {
		return Credentials{}, s.fault("issue credentials for bucket "+bucket, err)
	}
	return Credentials{
		AccessKey: value.AccessKeyID, SecretKey: value.SecretAccessKey,
		SessionToken: value.SessionToken, Expires: value.Expiration.UTC(),
	}, nil
}

// noSTS says whether a store answered that it does not know the question.
func noSTS(err error) bool {
	answer, ok := errors.AsType[credentials.ErrorResponse](err)
	if !ok {
		return false
	}
	switch answer.STSError.Code {
	case "MethodNotAllowed", "NotImplemented", "InvalidAction", "NoSuchBucket", "InvalidRequest", "STSNotInitialized":
		return true
	}
	return false
}

type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// sessionPolicy is what a tenant may do in S3. It is intersected with the issuer's
// own rights. MinIO lets who may delete an object also remove its versions, unless
// that is denied.
func sessionPolicy(bucket string) (string, error) {
	return policyOf([]statement{
		{"Allow", []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}, []string{"arn:aws:s3:::" + bucket}},
		{
			"Allow",
			[]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
			[]string{"arn:aws:s3:::" + bucket + "/*"},
		},
		{"Deny", []string{"s3:DeleteObjectVersion"}, []string{"arn:aws:s3:::" + bucket + "/*"}},
	})
}

func policyOf(statements []statement) (string, error) {
	raw, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		return "", fmt.Errorf("write the session policy: %w", err)
	}
	return string(raw), nil
}

// Accepts says whether the store still takes a tenant's credentials for its bucket:
// it may have forgotten them with a changed root key. Errors are those of a store
// that does not answer.
func (s *Store) Accepts(ctx context.Context, c Credentials, bucket string) (bool, error) {
	client, err := s.as(c)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = list(ctx, client, bucket)
	if refused(err) || unknownKey(err) {
		return false, nil
	}
	return err == nil, s.fault("list bucket "+bucket+" with the tenant's credentials", err)
}

// unknownKey says whether a store does not know a key or a token: some answer so
// with a status that is not 403.
func unknownKey(err error) bool {
	switch minio.ToErrorResponse(err).Code {
	case "InvalidAccessKeyId", "InvalidTokenId", "InvalidToken", "ExpiredToken", "SignatureDoesNotMatch":
		return true
	}
	return false
}

// as is a client with the credentials of a tenant.
func (s *Store) as(c Credentials) (*minio.Client, error) {
	options := s.options
	options.Creds = credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken)
	client, err := minio.New(s.host, &options)
	if err != nil {
		return nil, invalid(s.config, err)
	}
	return client, nil
}

// list asks for the first key of a bucket.
func list(ctx context.Context, client *minio.Client, bucket string) error {
	for object := range client.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		return object.Err
	}
	return nil
}
