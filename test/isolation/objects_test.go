package isolation

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"
	"github.com/minio/minio-go/v7/pkg/notification"
	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/minio/minio-go/v7/pkg/sse"
	"github.com/minio/minio-go/v7/pkg/tags"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// file is an object that each company has.
const file = "people/avatar"

// visitor is what a company's credentials are to the store.
type visitor struct {
	*minio.Client
	core minio.Core
	own  string // bucket
}

// onBucket are calls that the credentials of one company make on another bucket.
var onBucket = map[string]func(context.Context, visitor, string) error{
	"read a file": func(ctx context.Context, c visitor, b string) error {
		_, _, _, err := c.core.GetObject(ctx, b, file, minio.GetObjectOptions{})
		return err
	},
	"look at a file": func(ctx context.Context, c visitor, b string) error {
		_, err := c.StatObject(ctx, b, file, minio.StatObjectOptions{})
		return err
	},
	"write a file": func(ctx context.Context, c visitor, b string) error { return put(ctx, c.Client, b, "stranger") },
	"write over a file": func(ctx context.Context, c visitor, b string) error {
		return put(ctx, c.Client, b, file)
	},
	"remove a file": func(ctx context.Context, c visitor, b string) error {
		return c.RemoveObject(ctx, b, file, minio.RemoveObjectOptions{})
	},
	"copy a file to itself": func(ctx context.Context, c visitor, b string) error {
		_, err := c.CopyObject(ctx, minio.CopyDestOptions{Bucket: c.own, Object: "stolen"}, minio.CopySrcOptions{Bucket: b, Object: file})
		return err
	},
	"copy a file there": func(ctx context.Context, c visitor, b string) error {
		_, err := c.CopyObject(ctx, minio.CopyDestOptions{Bucket: b, Object: "planted"}, minio.CopySrcOptions{Bucket: c.own, Object: file})
		return err
	},
	"begin an upload": func(ctx context.Context, c visitor, b string) error {
		_, err := c.core.NewMultipartUpload(ctx, b, "large", minio.PutObjectOptions{})
		return err
	},
	"list uploads": func(ctx context.Context, c visitor, b string) error {
		_, err := c.core.ListMultipartUploads(ctx, b, "", "", "", "", 10)
		return err
	},
	"list files": func(ctx context.Context, c visitor, b string) error {
		return first(ctx, c, b, minio.ListObjectsOptions{})
	},
	"ask for the bucket": func(ctx context.Context, c visitor, b string) error {
		_, err := c.BucketExists(ctx, b)
		return err
	},
	"read a file's tags": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetObjectTagging(ctx, b, file, minio.GetObjectTaggingOptions{})
		return err
	},
}

// versions are calls that MinIO takes for listing and reading: it grants them with
// those, so a company sees the versions in its own bucket. It may remove none.
var versions = map[string]func(context.Context, visitor, string) error{
	"list versions": func(ctx context.Context, c visitor, b string) error {
		return first(ctx, c, b, minio.ListObjectsOptions{WithVersions: true})
	},
	"read a version": func(ctx context.Context, c visitor, b string) error {
		_, _, _, err := c.core.GetObject(ctx, b, file, minio.GetObjectOptions{VersionID: "00000000-0000-0000-0000-000000000001"})
		return err
	},
}

// onAnyBucket are calls that a company may make on no bucket, its own included.
var onAnyBucket = map[string]func(context.Context, visitor, string) error{
	"remove a version": func(ctx context.Context, c visitor, b string) error {
		return c.RemoveObject(ctx, b, file, minio.RemoveObjectOptions{VersionID: "00000000-0000-0000-0000-000000000001"})
	},
	"turn versions on": func(ctx context.Context, c visitor, b string) error { return c.EnableVersioning(ctx, b) },
	"turn versions off": func(ctx context.Context, c visitor, b string) error {
		return c.SuspendVersioning(ctx, b)
	},
	"ask for versions": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetBucketVersioning(ctx, b)
		return err
	},
	"read the policy": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetBucketPolicy(ctx, b)
		return err
	},
	"open to the world": func(ctx context.Context, c visitor, b string) error {
		return c.SetBucketPolicy(ctx, b, fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/*"]}]}`, b))
	},
	"read the tags": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetBucketTagging(ctx, b)
		return err
	},
	"forge the tags": func(ctx context.Context, c visitor, b string) error {
		set, err := tags.MapToBucketTags(map[string]string{"atrium-tenant-id": "forged"})
		if err != nil {
			return err
		}
		return c.SetBucketTagging(ctx, b, set)
	},
	"let files expire": func(ctx context.Context, c visitor, b string) error {
		rules := lifecycle.NewConfiguration()
		rules.Rules = []lifecycle.Rule{{ID: "x", Status: "Enabled", Expiration: lifecycle.Expiration{Days: 1}}}
		return c.SetBucketLifecycle(ctx, b, rules)
	},
	"encrypt": func(ctx context.Context, c visitor, b string) error {
		return c.SetBucketEncryption(ctx, b, sse.NewConfigurationSSES3())
	},
	"listen": func(ctx context.Context, c visitor, b string) error {
		return c.SetBucketNotification(ctx, b, notification.Configuration{})
	},
	"ask what it tells": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetBucketNotification(ctx, b)
		return err
	},
	"ask where it goes": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetBucketReplication(ctx, b)
		return err
	},
	"ask what is locked": func(ctx context.Context, c visitor, b string) error {
		_, _, _, _, err := c.GetObjectLockConfig(ctx, b)
		return err
	},
	"remove the bucket": func(ctx context.Context, c visitor, b string) error { return c.RemoveBucket(ctx, b) },
	"remove all by force": func(ctx context.Context, c visitor, b string) error {
		return c.RemoveBucketWithOptions(ctx, b, minio.RemoveBucketOptions{ForceDelete: true})
	},
	"hold a file for ever": func(ctx context.Context, c visitor, b string) error {
		on := minio.LegalHoldEnabled
		return c.PutObjectLegalHold(ctx, b, file, minio.PutObjectLegalHoldOptions{Status: &on})
	},
	"tag a file": func(ctx context.Context, c visitor, b string) error { return tagFile(ctx, c, b) },
	"make a public picture": func(ctx context.Context, c visitor, b string) error {
		_, err := c.GetObjectACL(ctx, b, file)
		return err
	},
}

func tagFile(ctx context.Context, c visitor, b string) error {
	set, err := tags.MapToObjectTags(map[string]string{"x": "y"})
	if err != nil {
		return err
	}
	return c.PutObjectTagging(ctx, b, file, set, minio.PutObjectTaggingOptions{})
}

func put(ctx context.Context, c *minio.Client, bucket, name string) error {
	_, err := c.PutObject(ctx, bucket, name, strings.NewReader("x"), 1, minio.PutObjectOptions{})
	return err
}

func first(ctx context.Context, c visitor, bucket string, o minio.ListObjectsOptions) error {
	for object := range c.ListObjectsIter(ctx, bucket, o) {
		return object.Err
	}
	return nil
}

// objects tries S3: buckets of others, of the platform and of strangers.
func (w *world) objects() {
	w.t.Helper()
	foreign := []string{w.rig.Installation + "-keys", w.rig.Installation + "-stranger"}
	for _, bucket := range foreign {
		if !w.rig.BucketExists(bucket) {
			rig.Check(w.t, w.rig.Root().MakeBucket(w.t.Context(), bucket, minio.MakeBucketOptions{}))
			w.t.Cleanup(func() {
				_ = w.rig.Root().RemoveBucketWithOptions(context.WithoutCancel(w.t.Context()), bucket, minio.RemoveBucketOptions{ForceDelete: true})
			})
		}
		rig.Check(w.t, put(w.t.Context(), w.rig.Root(), bucket, file))
	}
	for _, o := range w.tenants {
		c := w.visits(o.files)
		w.works("s3", o.name+" writes a file", put(w.t.Context(), c.Client, o.bucket, file))
		w.works("s3", o.name+" lists its files", first(w.t.Context(), c, o.bucket, minio.ListObjectsOptions{}))
	}
	for _, o := range w.tenants {
		c, buckets := w.visits(o.files), foreign
		for _, other := range w.others(o) {
			buckets = append(buckets, other.bucket)
		}
		for _, bucket := range buckets {
			for _, calls := range []map[string]func(context.Context, visitor, string) error{onBucket, versions, onAnyBucket} {
				for what, call := range calls {
					w.denied(o, what+" in "+bucket, call(w.t.Context(), c, bucket))
				}
			}
		}
		for what, call := range onAnyBucket {
			w.denied(o, what+" in its own bucket", call(w.t.Context(), c, o.bucket))
		}
		w.store(o, c)
	}
}

// store tries what concerns no bucket that is there.
func (w *world) store(o *tenant, c visitor) {
	w.t.Helper()
	ctx := w.t.Context()
	w.denied(o, "make a bucket", c.MakeBucket(ctx, w.rig.Installation+"-made", minio.MakeBucketOptions{}))
	buckets, err := c.ListBuckets(ctx)
	if err == nil {
		for _, b := range buckets {
			if b.Name != o.bucket {
				w.t.Errorf("crossed: s3: %s sees bucket %s in a list", o.name, b.Name)
			}
		}
		err = minio.ErrorResponse{Code: "AccessDenied"} // the list tells of nothing but its own
	}
	w.denied(o, "list buckets of others", err)

	further := credentials.STSAssumeRole{STSEndpoint: o.files.Endpoint, Options: credentials.STSAssumeRoleOptions{
		AccessKey: o.files.AccessKey, SecretKey: o.files.SecretKey, SessionToken: o.files.SessionToken, DurationSeconds: 86400,
	}}
	_, err = further.RetrieveWithCredContext(&credentials.CredContext{Client: http.DefaultClient})
	w.refused("s3", o.name+" issues credentials from its own", err, func(err error) bool {
		return strings.Contains(err.Error(), "AccessDenied") || strings.Contains(err.Error(), "Access Denied") || strings.Contains(err.Error(), "InvalidParameterValue")
	})
	bare := o.files
	bare.SessionToken = ""
	w.refused("s3", o.name+" leaves the session token out", first(ctx, w.visits(bare), o.bucket, minio.ListObjectsOptions{}), func(err error) bool {
		return strings.HasPrefix(minio.ToErrorResponse(err).Code, "InvalidAccessKeyId") || denied(err)
	})
	for _, other := range w.others(o) {
		mixed := o.files
		mixed.SessionToken = other.files.SessionToken
		w.refused("s3", o.name+" uses the session token of "+other.name, first(ctx, w.visits(mixed), other.bucket, minio.ListObjectsOptions{}), func(err error) bool {
			code := minio.ToErrorResponse(err).Code
			return code == "InvalidTokenId" || code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || denied(err)
		})
		anonymous, err := http.Get(other.files.Endpoint + "/" + other.bucket + "/" + file)
		rig.Check(w.t, err)
		w.refusedBy(anonymous, o.name+" reads a file of "+other.name+" without credentials")
	}
	for _, path := range []string{"/minio/admin/v3/info", "/minio/admin/v3/list-users", "/minio/admin/v3/list-canned-policies", "/minio/admin/v3/list-service-accounts?user=atrium-root"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.files.Endpoint+path, nil)
		rig.Check(w.t, err)
		request.Header.Set("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		answer, err := http.DefaultClient.Do(signer.SignV4(*request, o.files.AccessKey, o.files.SecretKey, o.files.SessionToken, "us-east-1"))
		rig.Check(w.t, err)
		w.refusedBy(answer, o.name+" asks "+path)
	}
}

func (w *world) denied(o *tenant, what string, err error) {
	w.t.Helper()
	w.refused("s3", o.name+" may "+what, err, denied)
}

func denied(err error) bool {
	answer := minio.ToErrorResponse(err)
	return answer.Code == "AccessDenied" || answer.StatusCode == http.StatusForbidden
}

// refusedBy is a cell of an answer: 401 or 403.
func (w *world) refusedBy(answer *http.Response, what string) {
	w.t.Helper()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 200))
	rig.Check(w.t, err, answer.Body.Close())
	if err = fmt.Errorf("%s: %s", answer.Status, said); answer.StatusCode/100 == 2 {
		err = nil
	}
	w.refused("s3", what, err, func(error) bool {
		return answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized
	})
}

// visits makes a client of a company's credentials.
func (w *world) visits(b contract.Bucket) visitor {
	w.t.Helper()
	c, err := minio.New(strings.TrimPrefix(b.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, b.SessionToken), Region: b.Region, BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	rig.Check(w.t, err)
	return visitor{c, minio.Core{Client: c}, b.Name}
}
