package objectstore

import (
	"context"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Use is what an agent needs credentials for.
type Use int

// Uses.
const (
	// UseSource reads the objects of a tenant's bucket, former versions too.
	UseSource Use = iota
	// UseBackups reads and adds to a tenant's bucket of backups, and takes nothing
	// away but the locks of its repositories.
	UseBackups
	// UseTarget reads and adds to a tenant's bucket: objects come back.
	UseTarget
	// UseCopies reads a tenant's bucket of backups, and tells there how far it is.
	UseCopies
)

// IssueAgent asks the store for credentials that reach one bucket for one use.
func (s *Store) IssueAgent(ctx context.Context, bucket string, use Use) (Credentials, error) {
	policy, err := policyOf(agentStatements(bucket, use))
	if err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, bucket, policy)
}

// agentStatements is what an agent may do. A repository's locks are the one thing that
// restic itself deletes.
func agentStatements(bucket string, use Use) []statement {
	at, in := []string{"arn:aws:s3:::" + bucket}, []string{"arn:aws:s3:::" + bucket + "/*"}
	adds := []statement{
		{"Allow", []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"}, at},
		{"Allow", []string{"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, in},
	}
	switch use {
	case UseSource:
		return []statement{
			{"Allow", []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"}, at},
			{"Allow", []string{"s3:GetObject", "s3:GetObjectVersion"}, in},
		}
	case UseTarget:
		return adds
	case UseCopies:
		return []statement{
			{"Allow", []string{"s3:GetBucketLocation", "s3:ListBucket"}, at},
			{"Allow", []string{"s3:GetObject"}, in},
			{"Allow", []string{"s3:PutObject"}, []string{"arn:aws:s3:::" + bucket + "/p/*"}},
		}
	}
	return append(adds,
		statement{"Allow", []string{"s3:DeleteObject"}, []string{"arn:aws:s3:::" + bucket + "/g/*/locks/*"}},
		statement{"Deny", []string{"s3:DeleteObjectVersion"}, in})
}

// CheckAgent says whether credentials that the store's administrator made for an agent
// reach its bucket (StaticRefused when not) and nothing more (StaticTooWide). It leaves
// nothing behind. From names the Secret that holds them.
func (s *Store) CheckAgent(ctx context.Context, c Credentials, bucket string, use Use, installation, from string) error {
	client, err := s.as(c)
	if err != nil {
		return err
	}
	if err := s.EnsureProbe(ctx, installation); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	write := attempt{"write to bucket " + bucket, func() error { return s.tryWrite(ctx, client, bucket) }}
	needs := []attempt{{"list bucket " + bucket, func() error { return list(ctx, client, bucket) }}}
	if use == UseBackups || use == UseTarget {
		needs = append(needs, write)
	}
	for _, need := range needs {
		if err := need.call(); refused(err) || unknownKey(err) {
			return fault.Blocked(v1alpha1.ReasonStaticRefused, err,
				"the credentials in %s may not %s on ObjectStore %s (%s): correct accessKey and secretKey, or let the store's administrator grant what the operations manual lists (Backups)",
				from, need.what, s.config.Name, minio.ToErrorResponse(err).Code)
		} else if err != nil {
			return s.fault(need.what+" as the agent", err)
		}
	}
	reach, err := s.tooWide(ctx, client, bucket, ProbeBucket(installation))
	if reach == "" && err == nil && use == UseSource {
		var may bool
		if may, err = s.may(write); may {
			reach = write.what
		}
	}
	if err != nil {
		return err
	}
	if reach != "" {
		return fault.Blocked(v1alpha1.ReasonStaticTooWide, nil,
			"the credentials in %s reach more than a backup needs: on ObjectStore %s they may %s; let the store's administrator limit that user to what the operations manual lists (Backups)",
			from, s.config.Name, reach)
	}
	return nil
}
