package objectstore

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

func TestEnsureBucket(t *testing.T) {
	type before = func(*testing.T, *Store, string)
	cases := map[string]struct {
		before   before
		existing bool
		reason   string // empty: ours
	}{
		"new":                  {nil, false, ""},
		"lost":                 {nil, true, v1alpha1.ReasonBucketMissing},
		"ours, cut off":        {ours, false, ""},
		"ours":                 {ours, true, ""},
		"ours, no versions":    {suspended, true, ""},
		"made, not marked":     {made, false, ""},
		"made empty by hand":   {made, true, ""},
		"a stranger's, full":   {full, false, v1alpha1.ReasonBucketTaken},
		"replaced, full":       {full, true, v1alpha1.ReasonBucketTaken},
		"of another tenant":    {others, false, v1alpha1.ReasonBucketTaken},
		"now another tenant's": {others, true, v1alpha1.ReasonBucketTaken},
	}
	onBoth(t, func(t *testing.T, server server) {
		s := server.open(t, nil)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				bucket := bucket()
				if c.before != nil {
					c.before(t, s, bucket)
				}
				for range 2 {
					err := s.EnsureBucket(t.Context(), bucket, me, c.existing)
					if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
						t.Fatalf("EnsureBucket = %v, want %q", err, c.reason)
					}
					if c.reason != "" {
						continue
					}
					if v, err := s.client.GetBucketVersioning(t.Context(), bucket); err != nil || !v.Enabled() {
						t.Fatalf("versions are kept: %v, %v", v.Enabled(), err)
					}
				}
			})
		}
	})
}

// A bucket that another user of the store made under a name of ours is not ours,
// even when it is empty, and stays when the tenant goes.
func TestAStrangersBucketIsLeftAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, bucket := server.open(t, nil), bucket()
		root := server.Root(t)
		check(t, root.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
		put(t, root, bucket, "theirs", "x")
		if err := s.EnsureBucket(t.Context(), bucket, me, false); !fault.Is(err, v1alpha1.ReasonBucketTaken) {
			t.Errorf("EnsureBucket = %v, want BucketTaken", err)
		}
		if err := s.RemoveBucket(t.Context(), bucket, me); err == nil {
			t.Error("RemoveBucket removed it")
		}
		if _, err := root.StatObject(t.Context(), bucket, "theirs", minio.StatObjectOptions{}); err != nil {
			t.Errorf("the stranger's object: %v", err)
		}
	})
}

// Many tenants make sure of one bucket at once, for the first time: the wrapped keys'.
// One of them may mark and fill it while another looks.
func TestABucketMarkedMeanwhile(t *testing.T) {
	server := serve(t, env.MinIO(t))
	plain, name := server.open(t, nil), bucket()
	check(t, plain.client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}))
	looked := false
	slow, err := Open(plain.config, func(next http.RoundTripper) http.RoundTripper {
		return env.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("list-type") && !looked {
				looked = true
				check(t, plain.EnsureBucket(r.Context(), name, me, false))
				put(t, plain.client, name, "first", "x")
			}
			return next.RoundTrip(r)
		})
	})
	check(t, err, slow.EnsureBucket(t.Context(), name, me, false))
	if !looked {
		t.Error("nobody looked into the bucket, so nothing came between")
	}
}

// A store can lose the mark of a bucket that two operators make at once. What lies in
// the vault then must not lock the whole installation out.
func TestAVaultThatLostItsMarkIsMarkedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s := server.open(t, nil)
		installation := bucket()
		v := s.Vault(installation)
		check(t, v.Ensure(t.Context(), installation), v.Put(t.Context(), "t1/k1-0a"+WrappedKey, []byte("wrapped")))
		check(t, s.client.RemoveBucketTagging(t.Context(), v.Bucket()))
		check(t, v.Ensure(t.Context(), installation))
		if marked, err := s.markedFor(t.Context(), v.Bucket(), Owner{installation, vaultOwner}); err != nil || !marked {
			t.Errorf("it is marked: %t, %v", marked, err)
		}
		if err := v.Ensure(t.Context(), installation+"-other"); !fault.Is(err, v1alpha1.ReasonBucketTaken) {
			t.Errorf("another installation's vault: %v, want BucketTaken", err)
		}
	})
}

func made(t *testing.T, s *Store, bucket string) {
	check(t, s.client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
}

func full(t *testing.T, s *Store, bucket string) {
	made(t, s, bucket)
	put(t, s.client, bucket, "a/b", "x")
}

func ours(t *testing.T, s *Store, bucket string) {
	check(t, s.EnsureBucket(t.Context(), bucket, me, false))
}

func suspended(t *testing.T, s *Store, bucket string) {
	ours(t, s, bucket)
	check(t, s.client.SetBucketVersioning(t.Context(), bucket, minio.BucketVersioningConfiguration{Status: minio.Suspended}))
}

func others(t *testing.T, s *Store, bucket string) {
	check(t, s.EnsureBucket(t.Context(), bucket, other, false))
}

func TestRemoveBucketTakesEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		s, bucket := server.open(t, nil), bucket()
		ours(t, s, bucket)
		for _, content := range []string{"x", "y"} {
			put(t, s.client, bucket, "a/b", content)
			put(t, s.client, bucket, "a/c", content)
		}
		check(t, s.client.RemoveObject(t.Context(), bucket, "a/c", minio.RemoveObjectOptions{}))
		if _, err := (&minio.Core{Client: s.client}).NewMultipartUpload(t.Context(), bucket, "a/d", minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveBucket(t.Context(), bucket, other); !fault.Is(err, v1alpha1.ReasonBucketTaken) {
			t.Fatalf("RemoveBucket for another tenant = %v, want BucketTaken", err)
		}
		for range 2 {
			check(t, s.RemoveBucket(t.Context(), bucket, me))
		}
		if left, err := s.Inventory(t.Context(), bucket); err != nil || len(left) > 0 {
			t.Errorf("there is still %v, %v", left, err)
		}
	})
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		change func(*Config)
		reason string
	}{
		"fine":         {nil, ""},
		"wrong secret": {func(c *Config) { c.SecretKey = "wrong-secret" }, v1alpha1.ReasonStoreRefused},
		"wrong key":    {func(c *Config) { c.AccessKey = "nobody" }, v1alpha1.ReasonStoreRefused},
		"nobody there": {func(c *Config) { c.Endpoint = "http://127.0.0.1:1" }, v1alpha1.ReasonStoreUnreachable},
		"no TLS there": {func(c *Config) { c.Endpoint = strings.Replace(c.Endpoint, "http://", "https://", 1) }, v1alpha1.ReasonStoreUnreachable},
	}
	onBoth(t, func(t *testing.T, server server) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				s, bucket := server.open(t, c.change), bucket()
				errs := map[string]error{"Check": s.Check(t.Context(), bucket), "EnsureProbe": s.EnsureProbe(t.Context(), installation)}
				if server.STS {
					_, errs["Issue"] = s.Issue(t.Context(), bucket)
				}
				for what, err := range errs {
					if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
						t.Errorf("%s = %v, want %q", what, err, c.reason)
					}
					if err != nil && strings.Contains(err.Error(), "wrong-secret") {
						t.Errorf("%s shows the secret: %v", what, err)
					}
				}
			})
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"no endpoint":   {Endpoint: ""},
		"not a URL":     {Endpoint: "minio:9000"},
		"broken bundle": {Endpoint: "https://minio", CABundle: "nonsense"},
	} {
		if _, err := Open(config, nil); !fault.Is(err, v1alpha1.ReasonSettingsInvalid) {
			t.Errorf("%s: %v, want SettingsInvalid", name, err)
		}
	}
}

func TestAStoreWithoutSTSSaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		if server.STS {
			return
		}
		_, err := server.open(t, nil).Issue(t.Context(), bucket())
		if !fault.Is(err, v1alpha1.ReasonStoreRefusesSTS) || !strings.Contains(err.Error(), "spec.credentials to static") {
			t.Errorf("Issue = %v, want StoreRefusesSTS and what to do", err)
		}
	})
}

func TestUnlimitedKnowsRoot(t *testing.T) {
	onBoth(t, func(t *testing.T, server server) {
		check(t, server.open(t, nil).EnsureBucket(t.Context(), bucket(), me, false))
		stranger := strings.Replace(bucket(), installation, "stranger", 1)
		check(t, server.Root(t).MakeBucket(t.Context(), stranger, minio.MakeBucketOptions{}))
		root := func(c *Config) { c.AccessKey, c.SecretKey = server.AccessKey, server.SecretKey }
		for want, s := range map[bool]*Store{false: server.open(t, nil), true: server.open(t, root)} {
			if got, err := s.Unlimited(t.Context(), installation, !server.STS); err != nil || got != want {
				t.Errorf("Unlimited = %v, %v; want %v", got, err, want)
			}
		}
		if !server.STS {
			return
		}
		// Also while the store holds no bucket of others.
		check(t, server.Root(t).RemoveBucket(t.Context(), stranger))
		if got, err := server.open(t, root).Unlimited(t.Context(), installation, false); err != nil || !got {
			t.Errorf("Unlimited without buckets of others = %v, %v; want true", got, err)
		}
	})
}
