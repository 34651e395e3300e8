package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// shop is a workshop with an empty shelf and one tiny image of one Go program.
func shop(t *testing.T) (*workshop, *bytes.Buffer) {
	t.Helper()
	var progress bytes.Buffer
	w := &workshop{root: t.TempDir(), shelf: t.TempDir(), version: "0.1.0", progress: &progress, recipes: map[string]recipe{
		tiny: {programs: map[string]string{"program": "."}, sources: []string{"go.mod", "main.go"}},
	}}
	for file, content := range map[string]string{
		"go.mod":                 "module tiny\n\ngo 1.26\n",
		"main.go":                "package main\n\nvar release string\n\nfunc main() { println(release) }\n",
		"hack/images/layer.go":   "package main\n",
		"images/tiny/Dockerfile": "FROM scratch\nCOPY program /\nUSER 65532:65532\nENTRYPOINT [\"/program\"]\n",
	} {
		put(t, w, file, content)
	}
	return w, &progress
}

func put(t *testing.T, w *workshop, file, content string) {
	t.Helper()
	file = filepath.Join(w.root, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func buildOne(t *testing.T, w *workshop, image string) built {
	t.Helper()
	made, err := w.build(t.Context(), []string{image})
	if err != nil {
		t.Fatal(err)
	}
	return made[0]
}

const tiny = "tiny"

func TestSameSourcesGiveTheSameArchive(t *testing.T) {
	first, _ := shop(t)
	second, _ := shop(t)
	one, two := buildOne(t, first, tiny), buildOne(t, second, tiny)
	if one.Digest != two.Digest {
		t.Fatalf("digests %s and %s", one.Digest, two.Digest)
	}
	if !bytes.Equal(read(t, one.Archive), read(t, two.Archive)) {
		t.Fatal("the archives differ")
	}
}

func TestBuildSkipsWhatIsUnchanged(t *testing.T) {
	w, progress := shop(t)
	first := buildOne(t, w, tiny)
	progress.Reset()
	if again := buildOne(t, w, tiny); again != first {
		t.Fatalf("got %+v, want %+v", again, first)
	}
	if !strings.Contains(progress.String(), "unchanged") {
		t.Fatalf("progress says %q, want unchanged", progress)
	}
	if err := os.Remove(first.Archive); err != nil {
		t.Fatal(err)
	}
	if again := buildOne(t, w, tiny); again != first || len(read(t, again.Archive)) == 0 {
		t.Fatalf("a lost archive came back as %+v, want %+v", again, first)
	}
}

func TestKeyFollowsEachSource(t *testing.T) {
	w, _ := shop(t)
	r := recipe{sources: []string{"main.go", "app"}}
	put(t, w, "app/app.go", "package app")
	key := func() string {
		t.Helper()
		k, err := w.key(tiny, r, "")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	former := key()
	for _, same := range []string{"app/app_test.go", "app/web/node_modules/x/index.js", "README.md"} {
		put(t, w, same, "changed")
		if key() != former {
			t.Errorf("the key follows %s, which is no part of the image", same)
		}
	}
	for _, other := range []string{"main.go", "app/app.go", "app/new.sql", "images/tiny/Dockerfile", "hack/images/layer.go"} {
		put(t, w, other, "changed")
		if key() == former {
			t.Errorf("the key does not follow %s", other)
		}
		former = key()
	}
	w.version = "0.2.0"
	if key() == former {
		t.Error("the key does not follow the version")
	}
}

// TestArchivesHoldWhatTheDockerfilesCopy compares each image that is here with a
// reading of its Dockerfile that shares nothing with the one that built it.
func TestArchivesHoldWhatTheDockerfilesCopy(t *testing.T) {
	w, err := newWorkshop(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]built{}
	for image, b := range w.readIndex() {
		if current(t, w, b) {
			made[image] = b
		}
	}
	w.shelf = t.TempDir()
	made["minio"] = buildOne(t, w, "minio")
	for image, b := range made {
		t.Run(image, func(t *testing.T) {
			raw := string(read(t, filepath.Join(w.root, "images", image, "Dockerfile")))
			var want []string
			for _, line := range regexp.MustCompile(`(?m)^COPY (.*) /$`).FindAllStringSubmatch(raw, -1) {
				for source := range strings.FieldsSeq(line[1]) {
					want = append(want, copied(t, w, source, recipes[image])...)
				}
			}
			slices.Sort(want)
			if got := filesOf(t, b); !slices.Equal(got, want) {
				t.Fatalf("only in the archive: %.500q\nonly copied by the Dockerfile: %.500q", without(got, want), without(want, got))
			}
		})
	}
}

// current says whether an image on the shelf is what this checkout gives.
func current(t *testing.T, w *workshop, b built) bool {
	t.Helper()
	r := recipes[b.Name]
	var parts []string
	if r.part != "" {
		parts = append(parts, r.part)
	}
	dirs, err := w.parts(t.Context(), parts)
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.key(b.Name, r, dirs[r.part])
	if err != nil {
		t.Fatal(err)
	}
	return key == b.Key
}

// without lists what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// maxApp is how large the app may be, in bytes: a company's pod starts on a node
// that has to fetch it first.
const maxApp = 50_000_000

func TestTheAppIsSmall(t *testing.T) {
	w, err := newWorkshop(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	b, ok := w.readIndex()["atrium-office"]
	if !ok || !current(t, w, b) {
		t.Skip("the image is not built from this state; make demo builds it")
	}
	layers, err := open(t, b).Layers()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	size, err := io.Copy(io.Discard, content)
	if err != nil {
		t.Fatal(err)
	}
	if size > maxApp {
		t.Fatalf("the app's image has %d bytes, may have %d", size, maxApp)
	}
	t.Logf("%d bytes", size)
}

func copied(t *testing.T, w *workshop, source string, r recipe) []string {
	t.Helper()
	inside, isPart := strings.CutPrefix(source, "part/")
	if !isPart || inside != "" {
		return []string{filepath.Base(source)}
	}
	dirs, err := w.parts(t.Context(), []string{r.part})
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = fs.WalkDir(os.DirFS(dirs[r.part]), ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && (d.Type().IsRegular() || d.Type() == fs.ModeSymlink) {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// filesOf lists files and links in all layers of an archive.
func filesOf(t *testing.T, b built) []string {
	t.Helper()
	var files []string
	layers, err := open(t, b).Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = content.Close() }()
		for reader := tar.NewReader(content); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if header.Typeflag != tar.TypeDir {
				files = append(files, header.Name)
			}
		}
	}
	slices.Sort(files)
	return files
}

func open(t *testing.T, b built) v1.Image {
	t.Helper()
	folder := t.TempDir()
	if err := unpack(b.Archive, folder); err != nil {
		t.Fatal(err)
	}
	digest, err := v1.NewHash(b.Digest)
	if err != nil {
		t.Fatal(err)
	}
	image, err := layout.Path(folder).Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestArchiveNamesTheImageByTagAndDigest(t *testing.T) {
	w, _ := shop(t)
	b := buildOne(t, w, tiny)
	folder := t.TempDir()
	if err := unpack(b.Archive, folder); err != nil {
		t.Fatal(err)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(read(t, filepath.Join(folder, "index.json")), &index); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, manifest := range index.Manifests {
		got = append(got, manifest.Annotations["io.containerd.image.name"])
	}
	if want := []string{"atrium.dev/tiny:0.1.0", "atrium.dev/tiny@" + b.Digest}; !slices.Equal(got, want) {
		t.Fatalf("names %q, want %q", got, want)
	}
}

func TestPushKeepsTheDigest(t *testing.T) {
	w, _ := shop(t)
	b := buildOne(t, w, tiny)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://") + "/team"
	ref, err := push(t.Context(), b, host)
	if err != nil {
		t.Fatal(err)
	}
	if want := host + "/tiny@" + b.Digest; ref != want {
		t.Fatalf("reference %s, want %s", ref, want)
	}
	tag, err := name.ParseReference(host + "/tiny:0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	there, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	if there.Digest.String() != b.Digest {
		t.Fatalf("the registry has %s, want %s", there.Digest, b.Digest)
	}
}

func TestPushSaysWhatToDo(t *testing.T) {
	w, _ := shop(t)
	b := buildOne(t, w, tiny)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	server.Close()
	_, err := push(t.Context(), b, strings.TrimPrefix(server.URL, "http://"))
	if err == nil || !strings.Contains(err.Error(), "choose another REGISTRY") {
		t.Fatalf("error %v, want it to say what to do", err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
