package objectstore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Issue asks the store for credentials that reach one bucket: its objects, lists
// and multipart uploads; no policy, no tags of the bucket, no versions.
func (s *Store) Issue(ctx context.Context, bucket string) (Credentials, error) {
	policy, err := sessionPolicy(bucket)
	if err != nil {
		return Credentials{}, err
	}
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
	if err != nil {
		return Credentials{}, s.fault("issue credentials for bucket "+bucket, err)
	}
	return Credentials{
		AccessKey: value.AccessKeyID, SecretKey: value.SecretAccessKey,
		SessionToken: value.SessionToken, Expires: value.Expiration.UTC(),
	}, nil
}

type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// sessionPolicy is what a tenant may do in S3. It is intersected with the issuer's
// own rights.
func sessionPolicy(bucket string) (string, error) {
	raw, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{
		Version: "2012-10-17",
		Statement: []statement{
			{"Allow", []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}, []string{"arn:aws:s3:::" + bucket}},
			{
				"Allow",
				[]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
				[]string{"arn:aws:s3:::" + bucket + "/*"},
			},
		},
	})
	if err != nil {
		return "", fmt.Errorf("write the session policy: %w", err)
	}
	return string(raw), nil
}
