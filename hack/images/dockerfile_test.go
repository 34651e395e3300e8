package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseDockerfile(t *testing.T) {
	raw := `# what it is
FROM scratch
LABEL org.opencontainers.image.version="17"
COPY operator gateway /
COPY part/ /usr/

ENV PATH=/usr/bin
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/operator"]
CMD ["serve", "--x"]
`
	got, err := parseDockerfile([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	want := dockerfile{
		copies:     []copyLine{{[]string{"operator", "gateway"}, "/"}, {[]string{"part/"}, "/usr/"}},
		user:       "65532:65532",
		entrypoint: []string{"/operator"},
		cmd:        []string{"serve", "--x"},
		env:        []string{"PATH=/usr/bin"},
		ports:      []string{"8080/tcp", "8081/tcp"},
		labels:     map[string]string{"org.opencontainers.image.version": "17"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseDockerfileRefusesWhatDockerWouldReadDifferently(t *testing.T) {
	cases := map[string]struct{ raw, want string }{
		"base image":      {"FROM debian\nCOPY a /\nENTRYPOINT [\"/a\"]", "line 1"},
		"no base":         {"COPY a /", "line 1"},
		"run":             {"FROM scratch\nRUN make", "line 2: RUN is not supported"},
		"shell form":      {"FROM scratch\nCOPY a /\nENTRYPOINT /a", "line 3"},
		"relative target": {"FROM scratch\nCOPY a b", "must start with /"},
		"one word":        {"FROM scratch\nCOPY a", "sources and a target"},
		"no folder":       {"FROM scratch\nCOPY a b /c", "ends with /"},
		"out of context":  {"FROM scratch\nCOPY ../a /", "inside the context"},
		"absolute source": {"FROM scratch\nCOPY /etc/passwd /", "inside the context"},
		"flag":            {"FROM scratch\nCOPY --from=x a /", "inside the context"},
		"old env":         {"FROM scratch\nENV A B", "NAME=value"},
		"two labels":      {"FROM scratch\nLABEL a=b c=d", "name=value"},
		"nothing":         {"", "needs FROM scratch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := parseDockerfile([]byte(c.raw)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want it to say %q", err, c.want)
			}
		})
	}
}

func FuzzParseDockerfile(f *testing.F) {
	for _, name := range names() {
		raw, err := os.ReadFile(filepath.Join("..", "..", "images", name, "Dockerfile"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := parseDockerfile(raw)
		if err != nil {
			return
		}
		for _, line := range file.copies {
			for _, source := range line.sources {
				if !filepath.IsLocal(filepath.Clean(source)) {
					t.Fatalf("COPY %q leaves the context", source)
				}
			}
		}
	})
}

func TestEachImageHasDockerfileAndRecipe(t *testing.T) {
	folders, err := filepath.Glob("../../images/*/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, folder := range folders {
		found = append(found, filepath.Base(filepath.Dir(folder)))
	}
	listed := slices.Sorted(slices.Values(names()))
	if !slices.Equal(found, listed) {
		t.Fatalf("images/ holds %v, names() lists %v", found, listed)
	}
	if made := slices.Sorted(maps.Keys(recipes)); !slices.Equal(found, made) {
		t.Fatalf("images/ holds %v, recipes are for %v", found, made)
	}
}

func TestNoImageRunsAsRoot(t *testing.T) {
	for _, name := range names() {
		raw, err := os.ReadFile(filepath.Join("..", "..", "images", name, "Dockerfile"))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parseDockerfile(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// Kubernetes checks runAsNonRoot by number alone.
		if first := strings.Trim(file.user, "0:"); first == "" || strings.Trim(file.user, "0123456789:") != "" {
			t.Errorf("%s: USER %q must be a number other than 0", name, file.user)
		}
	}
}
