package image

import (
	"archive/tar"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func archiveOf(t *testing.T, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	archive := tar.NewWriter(out)
	for name, content := range files {
		if err := add(archive, name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDescribedNamesAnArchivesImages(t *testing.T) {
	oci := archiveOf(t, map[string]string{"index.json": `{"manifests":[
		{"digest":"sha256:a","annotations":{"io.containerd.image.name":"x:1"}},
		{"digest":"sha256:a","annotations":{"io.containerd.image.name":"x@sha256:a"}},
		{"digest":"sha256:b"}]}`})
	got, err := Described(oci)
	if want := map[string]string{"x:1": "sha256:a", "x@sha256:a": "sha256:a"}; err != nil || !maps.Equal(got, want) {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
	if got, err := Described(archiveOf(t, map[string]string{"manifest.json": "[]"})); err != nil || len(got) != 0 {
		t.Fatalf("a docker-archive describes %v, %v", got, err)
	}
	if _, err := Described(archiveOf(t, map[string]string{"index.json": "{"})); err == nil {
		t.Fatal("a broken index is no error")
	}
}

func TestHoldsWantsEachNameWithItsDigest(t *testing.T) {
	described := map[string]string{"x:1": "a", "x@a": "a"}
	cases := map[string]struct {
		images, described map[string]string
		want              bool
	}{
		"all":                {map[string]string{"x:1": "a", "x@a": "a", "y:1": "b"}, described, true},
		"one name":           {map[string]string{"x:1": "a"}, described, false},
		"tag of another one": {map[string]string{"x:1": "b", "x@a": "a"}, described, false},
		"nothing described":  {map[string]string{"x:1": "a"}, nil, false},
	}
	for name, c := range cases {
		if got := Holds(c.images, c.described); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
