package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"

	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/go-chi/chi/v5"
)

// What the built page writes where the server knows better.
const (
	markRelease = "__RELEASE__"
	markNonce   = "__NONCE__"
)

// assetsPrefix stands before the release in the address of an immutable file, and
// in the key of its copy in the bucket.
const assetsPrefix = "assets/"

// Pages are the files of the built page. Those of other releases come from the
// bucket, so that a page which is open during a rollout finds its files on any
// replica.
type Pages struct {
	files   fs.FS
	release string
	bucket  *blob.Bucket

	mu     sync.Mutex
	packed map[string][]byte // gzip of files that were asked for
}

// NewPages takes the built page, whose top holds index.html. bucket may be nil.
func NewPages(files fs.FS, release string, bucket *blob.Bucket) *Pages {
	return &Pages{files: files, release: release, bucket: bucket, packed: map[string][]byte{}}
}

// ServePages adds the page: its files, and index.html for every path that belongs
// to nothing else.
func (s *Server) ServePages(p *Pages) {
	both := func(pattern string, handler http.HandlerFunc) {
		s.Router.Get(pattern, handler)
		s.Router.Head(pattern, handler)
	}
	both("/assets/{release}/*", func(w http.ResponseWriter, r *http.Request) {
		if err := p.serveAsset(w, r); err != nil {
			WriteProblem(w, r, s.toProblem(r.Context(), err))
		}
	})
	both("/*", func(w http.ResponseWriter, r *http.Request) {
		if err := p.serveTop(w, r); err != nil {
			WriteProblem(w, r, s.toProblem(r.Context(), err))
		}
	})
}

// serveAsset answers /assets/<release>/<file>.
func (p *Pages) serveAsset(w http.ResponseWriter, r *http.Request) error {
	release, name := chi.URLParam(r, "release"), chi.URLParam(r, "*")
	if !validAsset(release, name) {
		return kernel.NotFound("file_unknown")
	}
	var packed []byte
	var err error
	if release == p.release {
		packed, err = p.pack(name)
	}
	if packed == nil && err == nil {
		packed, err = p.fromBucket(r.Context(), release, name)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return writePacked(w, r, name, packed)
}

var releaseForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$`)

func validAsset(release, name string) bool {
	return releaseForm.MatchString(release) && fs.ValidPath(name) && name != "." && !strings.HasSuffix(name, ".html")
}

// pack gives a file of this release as gzip; nil if there is none.
func (p *Pages) pack(name string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if packed, ok := p.packed[name]; ok {
		return packed, nil
	}
	raw, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil, nil // no such file, or a folder
	}
	packed, err := compress(raw)
	if err == nil {
		p.packed[name] = packed
	}
	return packed, err
}

func compress(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(raw); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// maxAsset bounds what is read from the bucket for one file.
const maxAsset = 16 << 20

func (p *Pages) fromBucket(ctx context.Context, release, name string) ([]byte, error) {
	if p.bucket == nil {
		return nil, kernel.NotFound("file_unknown")
	}
	body, _, err := p.bucket.Get(ctx, bucketKey(release, name))
	if kernel.IsKind(err, kernel.KindNotFound) {
		return nil, kernel.NotFound("file_unknown")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	return io.ReadAll(io.LimitReader(body, maxAsset))
}

func bucketKey(release, name string) string { return assetsPrefix + release + "/" + name + ".gz" }

// Upload puts this release's files into the bucket, compressed; those that are there stay.
func (p *Pages) Upload(ctx context.Context) (files int, err error) {
	err = fs.WalkDir(p.files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !validAsset(p.release, name) || path.Base(name)[0] == '.' {
			return err
		}
		raw, err := fs.ReadFile(p.files, name)
		if err != nil {
			return err
		}
		packed, err := compress(raw)
		if err != nil {
			return err
		}
		files++
		return p.bucket.PutNew(ctx, bucketKey(p.release, name), "application/gzip", bytes.NewReader(packed), int64(len(packed)))
	})
	if err != nil {
		return files, fmt.Errorf("upload the page's files: %w", err)
	}
	return files, nil
}

// writePacked sends a compressed file, unpacked to the rare client that asks so.
func writePacked(w http.ResponseWriter, r *http.Request, name string, packed []byte) error {
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", contentType(name))
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed) // the client is gone if this fails
		return nil
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	_, _ = io.Copy(w, zip)
	return nil
}

// WriteCompressed answers with a page made for this request.
func WriteCompressed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if packed, err := compress(body); err == nil {
			w.Header().Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails
}

// contentTypes do not depend on what the machine has in /etc/mime.types.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml",
	".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

func contentType(name string) string {
	if known, ok := contentTypes[path.Ext(name)]; ok {
		return known
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// serveTop answers every GET that nothing else does.
func (p *Pages) serveTop(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	for _, prefix := range []string{"api/", "auth/", "files/", "assets/"} {
		if strings.HasPrefix(name, prefix) {
			return kernel.NotFound("path_unknown")
		}
	}
	if path.Ext(name) != "" {
		return p.serveTopFile(w, r, name)
	}
	if _, signedIn := kernel.PrincipalFrom(r.Context()); !signedIn {
		http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		return nil
	}
	return p.servePage(w, r, "index.html")
}

// serveTopFile answers for icons, the service worker, the manifest and the page
// that the service worker keeps for when there is no network.
func (p *Pages) serveTopFile(w http.ResponseWriter, r *http.Request, name string) error {
	if !fs.ValidPath(name) || name == "index.html" {
		return kernel.NotFound("path_unknown")
	}
	switch path.Ext(name) {
	case ".html":
		return p.servePage(w, r, name)
	case ".js", ".webmanifest":
		raw, err := fs.ReadFile(p.files, name)
		if err != nil {
			return kernel.NotFound("path_unknown")
		}
		packed, err := compress([]byte(strings.ReplaceAll(string(raw), markRelease, p.release)))
		if err != nil {
			return err
		}
		return writePacked(w, r, name, packed) // no-store: a service worker is never cached
	}
	packed, err := p.pack(name)
	if err != nil {
		return err
	}
	if packed == nil {
		return kernel.NotFound("path_unknown")
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	return writePacked(w, r, name, packed)
}

// servePage answers with an HTML file of the page.
func (p *Pages) servePage(w http.ResponseWriter, r *http.Request, name string) error {
	raw, err := fs.ReadFile(p.files, name)
	if err != nil {
		return p.notBuilt(w)
	}
	nonce := PagePolicy(w)
	page := strings.NewReplacer(markRelease, p.release, markNonce, nonce).Replace(string(raw))
	w.Header().Set("Content-Type", contentTypes[".html"])
	w.Header().Set("Cache-Control", "no-cache")
	WriteCompressed(w, r, http.StatusOK, []byte(page))
	return nil
}

// notBuilt is what developers see who started the program without the page.
func (p *Pages) notBuilt(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, "The page is not built into this program.\n\nBuild it:  cd tenant-app/web && npm ci && npm run build\nThen build the program again: go build ./tenant-app\n")
	return nil
}

var assetLink = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+\.(?:js|css))"`)

// Warm are the files that the page loads first, for the sign-in page to fetch
// while the person types.
func (p *Pages) Warm() []string {
	raw, err := fs.ReadFile(p.files, "index.html")
	if err != nil {
		return nil
	}
	var links []string
	for _, match := range assetLink.FindAllStringSubmatch(strings.ReplaceAll(string(raw), markRelease, p.release), -1) {
		links = append(links, match[1])
	}
	return links
}
