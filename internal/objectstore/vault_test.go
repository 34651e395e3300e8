package objectstore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

func vault(t *testing.T) *Vault {
	t.Helper()
	s, name := dial(t, nil)
	return s.Vault(name)
}

func TestVaultWritesOnce(t *testing.T) {
	v := vault(t)
	if err := v.Put(t.Context(), "a/1", []byte("x")); !fault.Is(err, v1alpha1.ReasonBucketMissing) {
		t.Fatalf("without its bucket: %v", err)
	}
	if got, err := v.Get(t.Context(), "a/1", 10); got != nil || err != nil {
		t.Fatalf("without its bucket it holds %q, %v", got, err)
	}
	for range 2 {
		if err := v.Ensure(t.Context(), "demo"); err != nil {
			t.Fatal(err)
		}
	}
	for _, content := range []string{"first", "second"} {
		if err := v.Put(t.Context(), "a/1", []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := v.Get(t.Context(), "a/1", 100); string(got) != "first" || err != nil {
		t.Errorf("it holds %q, %v; want what was written first", got, err)
	}
	if got, err := v.Get(t.Context(), "a/1", 2); string(got) != "fi" || err != nil {
		t.Errorf("two bytes of it are %q, %v", got, err)
	}
	if got, err := v.Get(t.Context(), "a/2", 100); got != nil || err != nil {
		t.Errorf("what is not there is %q, %v", got, err)
	}
	if err := v.Put(t.Context(), "ab/1", nil); err != nil {
		t.Fatal(err)
	}
	if names, err := v.List(t.Context(), "a/"); !slices.Equal(names, []string{"a/1"}) || err != nil {
		t.Errorf("List = %v, %v", names, err)
	}
}

func TestVaultOfAStrangerIsRefused(t *testing.T) {
	v := vault(t)
	full(t, v.store, v.bucket)
	if err := v.Ensure(t.Context(), "demo"); !fault.Is(err, v1alpha1.ReasonBucketTaken) {
		t.Errorf("Ensure = %v", err)
	}
}

func TestDestroyTakesEveryVersion(t *testing.T) {
	v := vault(t)
	if err := v.Ensure(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	c := v.store.client
	if err := c.EnableVersioning(t.Context(), v.bucket); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/1", "a/1", "a/2", "ab/1"} {
		if _, err := c.PutObject(t.Context(), v.bucket, name, strings.NewReader("x"), 1, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.RemoveObject(t.Context(), v.bucket, "a/2", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err) // leaves a marker, and the version behind it
	}
	if n, err := v.Destroy(t.Context(), "a/"); n != 4 || err != nil {
		t.Errorf("Destroy = %d, %v; want 4", n, err)
	}
	var left bytes.Buffer
	for o := range c.ListObjectsIter(t.Context(), v.bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		left.WriteString(o.Key + " ")
	}
	if left.String() != "ab/1 " {
		t.Errorf("there is %s", left.String())
	}
	if n, err := v.Destroy(t.Context(), "a/"); n != 0 || err != nil {
		t.Errorf("once more: %d, %v", n, err)
	}
}
