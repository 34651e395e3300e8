package objectstore

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

// A tenant's credentials reach the objects of its bucket, and nothing else.
func TestTenantCredentials(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s := server.open(t, nil)
		own, credentials := server.tenant(t, s)
		foreign, _ := server.tenant(t, s)
		put(t, s.client, foreign, "a/b", "theirs")
		c := server.Client(t, credentials.AccessKey, credentials.SecretKey, credentials.SessionToken)
		t.Run("may", func(t *testing.T) { may(t, c, own) })
		former := put(t, c, own, "a/b", "before").VersionID
		put(t, c, own, "a/b", "after")
		calls := closed(t, c, own, foreign, former)
		if server.STS { // MinIO: who may read and list objects may do so with their versions
			delete(calls, "read a former version")
			delete(calls, "list versions")
		}
		for name, call := range calls {
			if err := call(); !refused(err) {
				t.Errorf("the app may %s: %v", name, err)
			}
		}
		check(t, c.RemoveObject(t.Context(), own, "a/b", minio.RemoveObjectOptions{}))
		back, err := s.client.GetObject(t.Context(), own, "a/b", minio.GetObjectOptions{VersionID: former})
		check(t, err)
		if content, err := io.ReadAll(back); string(content) != "before" {
			t.Errorf("what a stolen credential replaced and deleted is %q, %v", content, err)
		}
	})
}

// may does all that the app does.
func may(t *testing.T, c *minio.Client, bucket string) {
	put(t, c, bucket, "files/王芳.txt", "0123456789")
	ranged := minio.GetObjectOptions{}
	check(t, ranged.SetRange(2, 4))
	o, err := c.GetObject(t.Context(), bucket, "files/王芳.txt", ranged)
	check(t, err)
	if part, err := io.ReadAll(o); string(part) != "234" {
		t.Errorf("a range is %q, %v", part, err)
	}
	check(t, list(t.Context(), c, bucket))
	large := bytes.Repeat([]byte("x"), 6<<20)
	_, err = c.PutObject(t.Context(), bucket, "large", bytes.NewReader(large), int64(len(large)), minio.PutObjectOptions{PartSize: 5 << 20})
	check(t, err)
	core := minio.Core{Client: c}
	upload, err := core.NewMultipartUpload(t.Context(), bucket, "cut-off", minio.PutObjectOptions{})
	check(t, err, core.AbortMultipartUpload(t.Context(), bucket, "cut-off", upload))
	check(t, c.RemoveObject(t.Context(), bucket, "large", minio.RemoveObjectOptions{}))
	if _, err := c.StatObject(t.Context(), bucket, "large", minio.StatObjectOptions{}); minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		t.Errorf("a deleted object is %v", err)
	}
}

// closed are calls that must be refused.
func closed(t *testing.T, c *minio.Client, own, foreign, former string) map[string]func() error {
	ctx := t.Context()
	set, err := tags.MapToBucketTags(map[string]string{"a": "b"})
	check(t, err)
	all := map[string]func() error{
		"read a former version": func() error {
			_, err := c.StatObject(ctx, own, "a/b", minio.StatObjectOptions{VersionID: former})
			return err
		},
		"remove a former version": func() error {
			return c.RemoveObject(ctx, own, "a/b", minio.RemoveObjectOptions{VersionID: former})
		},
		"list versions": func() error {
			for o := range c.ListObjectsIter(ctx, own, minio.ListObjectsOptions{WithVersions: true}) {
				return o.Err
			}
			return nil
		},
		"stop versions": func() error { return c.SuspendVersioning(ctx, own) },
		"make a bucket": func() error { return c.MakeBucket(ctx, bucket(), minio.MakeBucketOptions{}) },
	}
	for whose, bucket := range map[string]string{"its own": own, "another": foreign} {
		all["see the policy of "+whose+" bucket"] = func() error { _, err := c.GetBucketPolicy(ctx, bucket); return err }
		all["set a policy on "+whose+" bucket"] = func() error {
			return c.SetBucketPolicy(ctx, bucket, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+bucket+`/*"]}]}`)
		}
		all["see the tags of "+whose+" bucket"] = func() error { _, err := c.GetBucketTagging(ctx, bucket); return err }
		all["tag "+whose+" bucket"] = func() error { return c.SetBucketTagging(ctx, bucket, set) }
		all["take the tags of "+whose+" bucket"] = func() error { return c.RemoveBucketTagging(ctx, bucket) }
		all["remove "+whose+" bucket"] = func() error { return c.RemoveBucket(ctx, bucket) }
	}
	all["list another bucket"] = func() error { return list(ctx, c, foreign) }
	all["read from another bucket"] = func() error {
		_, err := c.StatObject(ctx, foreign, "a/b", minio.StatObjectOptions{})
		return err
	}
	all["write to another bucket"] = func() error {
		_, err := c.PutObject(ctx, foreign, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{})
		return err
	}
	all["copy from another bucket"] = func() error {
		_, err := c.CopyObject(ctx, minio.CopyDestOptions{Bucket: own, Object: "stolen"}, minio.CopySrcOptions{Bucket: foreign, Object: "a/b"})
		return err
	}
	all["delete in another bucket"] = func() error { return c.RemoveObject(ctx, foreign, "a/b", minio.RemoveObjectOptions{}) }
	all["begin an upload to another bucket"] = func() error {
		_, err := (&minio.Core{Client: c}).NewMultipartUpload(ctx, foreign, "a/b", minio.PutObjectOptions{})
		return err
	}
	return all
}

// What is asked of STS is what the manual tells administrators to grant.
func TestTheManualGrantsWhatIsIssued(t *testing.T) {
	issued, err := sessionPolicy("BUCKET")
	check(t, err)
	var want, got any
	check(t, json.Unmarshal([]byte(env.Manual(t, "tenant")), &want), json.Unmarshal([]byte(issued), &got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/operations.md and the session policy differ (-manual +issued):\n%s", diff)
	}
}

func TestAcceptsKnowsRevokedCredentials(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s := server.open(t, nil)
		name, credentials := server.tenant(t, s)
		if ok, err := s.Accepts(t.Context(), credentials, name); err != nil || !ok {
			t.Fatalf("Accepts = %v, %v; want true", ok, err)
		}
		for what, c := range map[string]Credentials{
			"another secret": {credentials.AccessKey, "nonsense", credentials.SessionToken, credentials.Expires},
			"unknown key":    {"nobody", credentials.SecretKey, credentials.SessionToken, credentials.Expires},
		} {
			if ok, err := s.Accepts(t.Context(), c, name); err != nil || ok {
				t.Errorf("%s: Accepts = %v, %v; want false", what, ok, err)
			}
		}
		away := server.open(t, func(c *Config) { c.Endpoint = "http://127.0.0.1:1" })
		if _, err := away.Accepts(t.Context(), credentials, name); !fault.Is(err, v1alpha1.ReasonStoreUnreachable) {
			t.Errorf("Accepts of a store that is away = %v, want StoreUnreachable", err)
		}
		if !server.STS {
			return
		}
		// Who removes an issuer revokes what it issued.
		issuer := env.User{Name: "short-lived", Secret: "short-lived-secret", Policy: strings.ReplaceAll(env.Manual(t, "issuer"), "INSTALLATION", installation)}
		server.SetUser(t, issuer)
		c, err := server.open(t, func(c *Config) { c.AccessKey, c.SecretKey = issuer.Name, issuer.Secret }).Issue(t.Context(), name)
		check(t, err)
		before, err := s.Accepts(t.Context(), c, name)
		check(t, err)
		server.RemoveUser(t, issuer.Name)
		after, err := s.Accepts(t.Context(), c, name)
		check(t, err)
		if !before || after {
			t.Errorf("taken before the issuer was removed: %v, after: %v", before, after)
		}
	})
}

func TestCheckStatic(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s := server.open(t, nil)
		check(t, s.EnsureProbe(t.Context(), installation), s.EnsureProbe(t.Context(), installation))
		name, foreign := bucket(), bucket()
		ours(t, s, name)
		ours(t, s, foreign)
		access, secret := server.Grant(t, name, name, server.access)
		elsewhere, itsSecret := server.Grant(t, foreign, foreign, server.access)
		for what, c := range map[string]struct {
			credentials Credentials
			reason      string // empty: fine
			words       string
		}{
			"its own":      {Credentials{AccessKey: access, SecretKey: secret}, "", ""},
			"wrong secret": {Credentials{AccessKey: access, SecretKey: "nonsense"}, v1alpha1.ReasonStaticRefused, "attempt to list it was refused"},
			"no such user": {Credentials{AccessKey: "nobody", SecretKey: "nonsense"}, v1alpha1.ReasonStaticRefused, "attempt to list it was refused"},
			"of another":   {Credentials{AccessKey: elsewhere, SecretKey: itsSecret}, v1alpha1.ReasonStaticRefused, "attempt to list it was refused"},
			"the issuer's": {Credentials{AccessKey: server.access, SecretKey: server.secret}, v1alpha1.ReasonStaticTooWide, "may list bucket demo-probe"},
			"root's":       {Credentials{AccessKey: server.AccessKey, SecretKey: server.SecretKey}, v1alpha1.ReasonStaticTooWide, "may list bucket demo-probe"},
		} {
			err := s.CheckStatic(t.Context(), c.credentials, name, installation, "Secret x")
			if c.reason == "" && err != nil || c.reason != "" && (!fault.Is(err, c.reason) || !strings.Contains(err.Error(), c.words)) {
				t.Errorf("%s: %v, want %q with %q", what, err, c.reason, c.words)
			}
		}
		if left := versions(t, s.client, name); len(left) > 0 {
			t.Errorf("the checks left %d versions behind", len(left))
		}
	})
}

// Rights that are a little too narrow or too wide are found as well.
func TestCheckStaticSeesEachRight(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		if !server.STS {
			return // policies of users are MinIO's
		}
		s, name := server.open(t, nil), bucket()
		check(t, s.EnsureProbe(t.Context(), installation))
		ours(t, s, name)
		policy := strings.ReplaceAll(env.Manual(t, "tenant"), "BUCKET", name)
		for what, c := range map[string]struct{ from, to, reason, words string }{
			"reads only":       {`"s3:PutObject", `, ``, v1alpha1.ReasonStaticRefused, "attempt to write to it was refused"},
			"removes versions": {`"Effect": "Deny"`, `"Effect": "Allow"`, v1alpha1.ReasonStaticTooWide, "remove former versions"},
			"reads the probe":  {name + `/*"`, name + `/*", "arn:aws:s3:::demo-probe/*"`, v1alpha1.ReasonStaticTooWide, "read from bucket demo-probe"},
			"lists the probe":  {name + `"]`, name + `", "arn:aws:s3:::demo-probe"]`, v1alpha1.ReasonStaticTooWide, "list bucket demo-probe"},
		} {
			u := env.User{Name: "narrow", Secret: "narrow-secret", Policy: strings.Replace(policy, c.from, c.to, 1)}
			if u.Policy == policy {
				t.Fatalf("%s: the manual's policy has no %s", what, c.from)
			}
			server.SetUser(t, u)
			err := s.CheckStatic(t.Context(), Credentials{AccessKey: u.Name, SecretKey: u.Secret}, name, installation, "Secret x")
			if !fault.Is(err, c.reason) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %v, want %q with %q", what, err, c.reason, c.words)
			}
		}
	})
}
