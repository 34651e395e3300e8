package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeProgram(t *testing.T) Program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(file, []byte("\x7fELF program"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Program{Name: "atrium.dev/test/hello:1", File: file}
}

func unpack(t *testing.T, archive io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchive(t *testing.T) {
	program := writeProgram(t)
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := program.Write(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program makes two different archives")
	}
	files := unpack(t, &first)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest) != 1 || !slices.Equal(manifest[0].RepoTags, []string{"atrium.dev/test/hello:1"}) {
		t.Fatalf("manifest %+v", manifest)
	}
	var config struct {
		OS     string
		Config struct {
			User       string
			Entrypoint []string
		}
	}
	if err := json.Unmarshal(files[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	if config.OS != "linux" || config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/hello"}) {
		t.Errorf("config %+v", config)
	}
	layer := unpack(t, bytes.NewReader(files[manifest[0].Layers[0]]))
	if string(layer["hello"]) != "\x7fELF program" || len(layer) != 1 {
		t.Errorf("the layer holds %q", slices.Collect(maps.Keys(layer)))
	}
}

func TestMissingProgramIsNamed(t *testing.T) {
	err := Program{Name: "x:1", File: "/nowhere/x"}.Write(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "write the image x:1") {
		t.Errorf("said %v", err)
	}
}

const listing = `REF                              TYPE                                       DIGEST             SIZE    PLATFORMS   LABELS
atrium.dev/app:1                 application/vnd.oci.image.manifest.v1+json sha256:aaa         1.4 MiB linux/amd64 -
atrium.dev/app@sha256:aaa        application/vnd.oci.image.manifest.v1+json sha256:aaa         1.4 MiB linux/amd64 -
localhost:5000/other:2           application/vnd.oci.image.manifest.v1+json sha256:bbb         1.4 MiB linux/amd64 -
localhost:5000/untagged          application/vnd.oci.image.manifest.v1+json sha256:ddd         1.4 MiB linux/amd64 -
sha256:ccc                       application/vnd.oci.image.manifest.v1+json sha256:bbb         1.4 MiB linux/amd64 -
`

func TestDigestsThatHaveNoName(t *testing.T) {
	images := parseList(listing)
	if len(images) != 5 || images["atrium.dev/app:1"] != "sha256:aaa" {
		t.Errorf("parsed %v", images)
	}
	want := [][2]string{{"localhost:5000/other:2", "localhost:5000/other@sha256:bbb"}}
	if got := unnamedDigests(images); !slices.Equal(got, want) {
		t.Errorf("would name %v, want %v", got, want)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add(listing)
	f.Add("")
	f.Fuzz(func(t *testing.T, table string) {
		for _, pair := range unnamedDigests(parseList(table)) {
			if !strings.Contains(pair[1], "@") {
				t.Errorf("would name %q", pair)
			}
		}
	})
}
