package objectstore

import (
	"context"
	"strings"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// ProbeBucket is a bucket of the installation that no tenant's credentials may
// reach. It exists where credentials are static, to find those that reach too far.
func ProbeBucket(installation string) string { return installation + "-probe" }

// probeObject lies in the probe bucket; strangeVersion is one that no object has.
const (
	probeObject    = "probe"
	strangeVersion = "00000000-0000-0000-0000-000000000000"
)

// EnsureProbe makes the probe bucket with its one object.
func (s *Store) EnsureProbe(ctx context.Context, installation string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	bucket := ProbeBucket(installation)
	_, err := s.client.StatObject(ctx, bucket, probeObject, minio.StatObjectOptions{})
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchBucket, minio.NoSuchKey:
	default:
		return s.fault("look at the probe bucket", err)
	}
	err = s.client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: s.config.Region})
	switch minio.ToErrorResponse(err).Code {
	case "BucketAlreadyExists":
		return s.taken(bucket)
	case "BucketAlreadyOwnedByYou":
		err = nil
	}
	if err != nil {
		return s.fault("make the probe bucket "+bucket, err)
	}
	_, err = s.client.PutObject(ctx, bucket, probeObject, strings.NewReader("atrium\n"), 7, minio.PutObjectOptions{})
	return s.fault("fill the probe bucket "+bucket, err)
}

// CheckStatic says whether credentials that the store's administrator made reach
// the tenant's bucket (StaticRefused when not) and nothing more (StaticTooWide).
// It leaves nothing behind. From names the Secret that holds them.
func (s *Store) CheckStatic(ctx context.Context, c Credentials, bucket, installation, from string) error {
	client, err := s.as(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	doing, err := "", list(ctx, client, bucket)
	if err == nil {
		doing, err = "write to it", s.tryWrite(ctx, client, bucket)
	} else {
		doing = "list it"
	}
	switch {
	case refused(err), unknownKey(err):
		return fault.Blocked(v1alpha1.ReasonStaticRefused, err,
			"the credentials in %s do not reach bucket %s of ObjectStore %s: the attempt to %s was refused (%s); correct accessKey and secretKey, or let the store's administrator grant that user to get, put, delete and list objects of that bucket, with multipart uploads",
			from, bucket, s.config.Name, doing, minio.ToErrorResponse(err).Code)
	case err != nil:
		return s.fault(doing+" as the tenant: bucket "+bucket, err)
	}
	reach, err := s.tooWide(ctx, client, bucket, ProbeBucket(installation))
	if err != nil {
		return err
	}
	if reach != "" {
		return fault.Blocked(v1alpha1.ReasonStaticTooWide, nil,
			"the credentials in %s reach more than bucket %s of ObjectStore %s: they may %s; let the store's administrator limit that user to the objects of its bucket",
			from, bucket, s.config.Name, reach)
	}
	return nil
}

// tryWrite begins an upload and takes it back: that needs the right to put objects
// and leaves no version behind.
func (s *Store) tryWrite(ctx context.Context, client *minio.Client, bucket string) error {
	core := minio.Core{Client: client}
	upload, err := core.NewMultipartUpload(ctx, bucket, probeObject, minio.PutObjectOptions{})
	if err != nil {
		return err
	}
	return core.AbortMultipartUpload(ctx, bucket, probeObject, upload)
}

// attempt is something that credentials may do or not.
type attempt struct {
	what string
	call func() error
}

// tooWide names something that credentials of a tenant may do and should not.
func (s *Store) tooWide(ctx context.Context, client *minio.Client, bucket, probe string) (string, error) {
	for _, try := range []attempt{
		{"list bucket " + probe, func() error { return list(ctx, client, probe) }},
		{"read from bucket " + probe, func() error {
			_, err := client.StatObject(ctx, probe, probeObject, minio.StatObjectOptions{})
			return err
		}},
		{"remove former versions from its own bucket, so that nothing could be undone", func() error {
			return client.RemoveObject(ctx, bucket, probeObject, minio.RemoveObjectOptions{VersionID: strangeVersion})
		}},
	} {
		if may, err := s.may(try); err != nil {
			return "", err
		} else if may {
			return try.what, nil
		}
	}
	return "", nil
}

func (s *Store) may(try attempt) (bool, error) {
	err := try.call()
	if err == nil || minio.ToErrorResponse(err).Code == "NoSuchVersion" {
		return true, nil
	}
	if !refused(err) {
		return false, s.fault("find out whether a tenant's credentials may "+try.what, err)
	}
	return false, nil
}
