package objectstore

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

var buckets atomic.Int64

// dial opens the test's store, after a change of its configuration, and names a
// bucket that nobody has.
func dial(t *testing.T, change func(*Config)) (*Store, string) {
	t.Helper()
	m := env.MinIO(t)
	config := Config{Name: "minio", Endpoint: m.Endpoint, Region: "us-east-1", PathStyle: true, AccessKey: m.AccessKey, SecretKey: m.SecretKey}
	if change != nil {
		change(&config)
	}
	s, err := Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, fmt.Sprintf("demo-abcdefgh%02d", buckets.Add(1))
}

func TestEnsureBucket(t *testing.T) {
	cases := map[string]struct {
		before   func(*testing.T, *Store, string)
		existing bool
		reason   string // empty: ours
	}{
		"new":                  {nil, false, ""},
		"lost":                 {nil, true, v1alpha1.ReasonBucketMissing},
		"ours, cut off":        {ours, false, ""},
		"ours":                 {ours, true, ""},
		"made, not marked":     {made, false, ""},
		"made empty by hand":   {made, true, ""},
		"a stranger's, full":   {full, false, v1alpha1.ReasonBucketTaken},
		"replaced, full":       {full, true, v1alpha1.ReasonBucketTaken},
		"of another tenant":    {others, false, v1alpha1.ReasonBucketTaken},
		"now another tenant's": {others, true, v1alpha1.ReasonBucketTaken},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, bucket := dial(t, nil)
			if c.before != nil {
				c.before(t, s, bucket)
			}
			for range 2 {
				err := s.EnsureBucket(t.Context(), bucket, "demo", "abcdefghij", c.existing)
				if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
					t.Fatalf("EnsureBucket = %v, want %q", err, c.reason)
				}
			}
		})
	}
}

func made(t *testing.T, s *Store, bucket string) {
	if err := s.client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
}

func full(t *testing.T, s *Store, bucket string) {
	made(t, s, bucket)
	if _, err := s.client.PutObject(t.Context(), bucket, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

func ours(t *testing.T, s *Store, bucket string) {
	if err := s.EnsureBucket(t.Context(), bucket, "demo", "abcdefghij", false); err != nil {
		t.Fatal(err)
	}
}

func others(t *testing.T, s *Store, bucket string) {
	if err := s.EnsureBucket(t.Context(), bucket, "demo", "zzzzzzzzzz", false); err != nil {
		t.Fatal(err)
	}
}

func TestRemoveBucketTakesEverything(t *testing.T) {
	s, bucket := dial(t, nil)
	full(t, s, bucket)
	if err := s.client.EnableVersioning(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.client.PutObject(t.Context(), bucket, "a/b", strings.NewReader("y"), 1, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.RemoveBucket(t.Context(), bucket); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := s.Inventory(t.Context(), bucket); err != nil || len(left) > 0 {
		t.Errorf("there is still %v, %v", left, err)
	}
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
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, bucket := dial(t, c.change)
			_, issue := s.Issue(t.Context(), bucket)
			for what, err := range map[string]error{"Check": s.Check(t.Context(), bucket), "Issue": issue} {
				if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
					t.Errorf("%s = %v, want %q", what, err, c.reason)
				}
				if err != nil && strings.Contains(err.Error(), "wrong-secret") {
					t.Errorf("%s shows the secret: %v", what, err)
				}
			}
		})
	}
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
