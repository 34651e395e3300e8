package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

var page = fstest.MapFS{
	"index.html": {Data: []byte(`<!doctype html><html><head><meta property="csp-nonce" nonce="__NONCE__">
<script type="module" crossorigin src="/assets/__RELEASE__/main-1.js"></script>
<link rel="stylesheet" href="/assets/__RELEASE__/main-1.css"></head><body><div id="root"></div></body></html>`)},
	"main-1.js":            {Data: []byte("console.log('__RELEASE__ stays in scripts')" + strings.Repeat("\n//", 2000))},
	"main-1.css":           {Data: []byte("body{}")},
	"sw.js":                {Data: []byte(`const files = ["/assets/__RELEASE__/main-1.js"]`)},
	"manifest.webmanifest": {Data: []byte(`{"start_url":"/"}`)},
	"offline.html":         {Data: []byte(`<style nonce="__NONCE__"></style>离线`)},
	"icons/icon.svg":       {Data: []byte(`<svg/>`)},
	".gitkeep":             {Data: []byte{}},
}

func TestThePageGetsItsReleaseAndANonceOfItsOwn(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	b := o.Administrator(t)
	nonce := regexp.MustCompile(`nonce="([^"]+)"`)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/people", "/people/0193", "/offline.html"} {
		reply := b.Get(path).Want(http.StatusOK)
		match := nonce.FindStringSubmatch(reply.Body)
		if match == nil || seen[match[1]] || !strings.Contains(reply.Header.Get("Content-Security-Policy"), "'nonce-"+match[1]+"'") {
			t.Errorf("%s: nonce %v, policy %s", path, match, reply.Header.Get("Content-Security-Policy"))
			continue
		}
		seen[match[1]] = true
		if strings.Contains(reply.Body, "__") || !strings.HasPrefix(reply.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s", path, reply.Body)
		}
	}
	if body := b.Get("/").Body; !strings.Contains(body, `src="/assets/0.1.0/main-1.js"`) {
		t.Errorf("the page: %s", body)
	}
}

func TestSignedOutPeopleAreAskedToSignInAndComeBack(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	reply := o.Browser(t).Get("/people?q=%E7%8E%8B").Want(http.StatusSeeOther)
	if got := reply.Header.Get("Location"); got != "/login?next=%2Fpeople%3Fq%3D%25E7%258E%258B" {
		t.Errorf("leads to %q", got)
	}
}

func TestTheLoginPageWarmsTheFirstFiles(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	body := o.Browser(t).Get("/login").Body
	for _, want := range []string{`rel="prefetch" href="/assets/0.1.0/main-1.js"`, `rel="prefetch" href="/assets/0.1.0/main-1.css"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the login page lacks %s", want)
		}
	}
}

func TestFilesOfTheReleaseAreImmutableAndPacked(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	b := o.Browser(t)
	packed := b.Get("/assets/0.1.0/main-1.js", officetest.H("Accept-Encoding", "gzip")).Want(http.StatusOK)
	if packed.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || packed.Header.Get("Content-Encoding") != "gzip" ||
		!strings.HasPrefix(packed.Header.Get("Content-Type"), "text/javascript") || len(packed.Body) > 500 {
		t.Errorf("%v, %d bytes", packed.Header, len(packed.Body))
	}
	plain := b.Get("/assets/0.1.0/main-1.js", officetest.H("Accept-Encoding", "identity")).Want(http.StatusOK)
	if plain.Body != string(page["main-1.js"].Data) || plain.Header.Get("Content-Encoding") != "" {
		t.Error("without gzip the file differs")
	}
	for _, path := range []string{
		"/assets/0.1.0/none.js", "/assets/0.1.0/", "/assets/0.1.0/icons", "/assets/0.1.0/index.html", "/assets/0.0.9/main-1.js",
		"/assets/0.1.0/../../main.go", "/assets/0.1.0/%2e%2e/sw.js", "/assets/../0.1.0/main-1.js", "/index.html", "/none.js", "/.gitkeep.txt",
	} {
		if reply := b.Get(path); reply.Status != http.StatusNotFound && reply.Status != http.StatusSeeOther {
			t.Errorf("%s answers %d", path, reply.Status)
		}
	}
}

func TestTheServiceWorkerIsNeverCached(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	b := o.Browser(t)
	reply := b.Get("/sw.js").Want(http.StatusOK)
	if reply.Header.Get("Cache-Control") != "no-store" || !strings.Contains(reply.Body, "/assets/0.1.0/main-1.js") {
		t.Errorf("%s: %s", reply.Header.Get("Cache-Control"), reply.Body)
	}
	if got := b.Get("/manifest.webmanifest").Want(http.StatusOK).Header.Get("Content-Type"); got != "application/manifest+json" {
		t.Errorf("manifest: %s", got)
	}
	if got := b.Get("/icons/icon.svg").Want(http.StatusOK).Header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("icon: %s", got)
	}
}

// During a rollout an open page asks any replica for its own release's files.
func TestFilesOfAnotherReleaseComeFromTheBucket(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page), officetest.WithBucket)
	old := fstest.MapFS{"main-0.js": {Data: []byte("// of 0.0.9")}, "index.html": page["index.html"], ".gitkeep": page[".gitkeep"]}
	// A repeated Job, such as that of a restore, writes nothing over: a backup would copy it all again.
	again := fstest.MapFS{"main-0.js": {Data: []byte("// written over")}, "index.html": page["index.html"]}
	for _, files := range []fstest.MapFS{old, again} {
		if n, err := httpapi.NewPages(files, "0.0.9", o.Bucket).Upload(t.Context()); err != nil || n != 1 {
			t.Fatalf("Upload = %d, %v", n, err)
		}
	}
	b := o.Browser(t)
	reply := b.Get("/assets/0.0.9/main-0.js").Want(http.StatusOK)
	if reply.Body != "// of 0.0.9" || !strings.Contains(reply.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v: %s", reply.Header, reply.Body)
	}
	b.Get("/assets/0.0.8/main-0.js").Want(http.StatusNotFound)
	b.Get("/assets/0.0.9/none.js").Want(http.StatusNotFound)
}

func TestWithoutABuiltPageItSaysHowToBuildIt(t *testing.T) {
	o := officetest.Start(t)
	reply := o.Administrator(t).Get("/").Want(http.StatusServiceUnavailable)
	if !strings.Contains(reply.Body, "npm ci && npm run build") {
		t.Errorf("%s", reply.Body)
	}
}
