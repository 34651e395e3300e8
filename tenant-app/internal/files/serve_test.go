package files_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func TestADownloadCanBeResumedAndAsksAgain(t *testing.T) {
	c := start(t)
	content := random(300_000)
	f := send(t, c.zhang, "note", "录像.bin", "", content)
	got := c.zhang.Get(f.URL, officetest.H("Range", "bytes=100000-199999")).Want(http.StatusPartialContent)
	if got.Body != string(content[100_000:200_000]) || got.Header.Get("Content-Range") != "bytes 100000-199999/300000" {
		t.Errorf("the middle is %d bytes, %s", len(got.Body), got.Header.Get("Content-Range"))
	}
	if got := c.zhang.Get(f.URL, officetest.H("Range", "bytes=-10")).Want(http.StatusPartialContent); got.Body != string(content[299_990:]) {
		t.Errorf("the end is %q", got.Body)
	}
	c.zhang.Get(f.URL, officetest.H("Range", "bytes=300000-")).Want(http.StatusRequestedRangeNotSatisfiable)
	whole := c.zhang.Get(f.URL).Want(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Length": "300000",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
	} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(whole.Header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || params["filename"] != "录像.bin" || !strings.Contains(whole.Header.Get("Content-Disposition"), "filename*=utf-8''%E5%BD%95") {
		t.Errorf("Content-Disposition %q (%v)", whole.Header.Get("Content-Disposition"), err)
	}
	tag := officetest.H("If-None-Match", whole.Header.Get("ETag"))
	c.zhang.Get(f.URL, tag).Want(http.StatusNotModified)
	// Who may not read it any more does not learn that it is still the same.
	if err := c.attach(t, c.zhangID, "note", kernel.NewID(), f.ID); err != nil {
		t.Fatal(err)
	}
	c.zhang.Get(f.URL, tag).Want(http.StatusNotFound)
	head := c.admin.Do(http.MethodHead, f.URL, nil)
	if head.Status != http.StatusNotFound {
		t.Errorf("HEAD answers %d to somebody else", head.Status)
	}
}

// photo is a JPEG in which a phone was held upright: stored lying, EXIF 6.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.SetRGBA(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, nil); err != nil {
		t.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	return append([]byte("\xff\xd8"+exif), out.Bytes()[2:]...)
}

func TestAPhotoHasAPreviewThatForgetsWhereItWasTaken(t *testing.T) {
	c := start(t)
	raw := photo(t, 2000, 1000)
	f := send(t, c.zhang, "note", "IMG_0001.JPG", "image/jpeg", raw)
	if f.Type != "image/jpeg" || f.Width != 1000 || f.Height != 2000 || f.Preview == "" {
		t.Fatalf("the photo is %+v", f)
	}
	got := c.zhang.Get(f.Preview).Want(http.StatusOK)
	small, err := jpeg.DecodeConfig(strings.NewReader(got.Body))
	if err != nil || small.Width != 640 || small.Height != 1280 || strings.Contains(got.Body, "Exif") || got.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the preview is %+v, %s (%v)", small, got.Header.Get("Content-Type"), err)
	}
	original := c.zhang.Get(f.URL).Want(http.StatusOK)
	if original.Body != string(raw) || !strings.HasPrefix(original.Header.Get("Content-Disposition"), "inline") || original.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the photo comes back as %s", original.Header.Get("Content-Disposition"))
	}
	if original.Header.Get("ETag") == got.Header.Get("ETag") {
		t.Error("photo and preview have the same ETag")
	}
	tiny := send(t, c.zhang, "note", "smile.png", "image/png", asPNG(t, 40, 30))
	if tiny.Width != 40 || tiny.Height != 30 || tiny.Preview != tiny.URL {
		t.Errorf("a small picture is its own preview: %+v", tiny)
	}
}

func asPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Browsers show pictures and save everything else, whatever it calls itself.
func TestOnlyPicturesAreShown(t *testing.T) {
	c := start(t)
	tall := asPNG(t, 1, 1)
	copy(tall[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // says that it is 65536 by 65536; its sum is wrong
	for name, want := range map[string]struct {
		content   []byte
		mediaType string
		shown     bool
	}{
		"page.html":  {[]byte("<!doctype html><script>alert(1)</script>"), "application/octet-stream", false},
		"vector.svg": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "application/octet-stream", false},
		"photo.heic": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + strings.Repeat("x", 600)), "image/heic", false},
		"paper.pdf":  {[]byte("%PDF-1.7\n"), "application/pdf", false},
		"cut.jpg":    {photo(t, 64, 64)[:60], "application/octet-stream", false},
		"bomb.png":   {tall, "application/octet-stream", false},
		"empty":      {nil, "application/octet-stream", false},
		"ok.png":     {asPNG(t, 3, 3), "image/png", true},
	} {
		said := "image/jpeg"
		if name == "photo.heic" {
			said = "image/heic"
		}
		f := send(t, c.zhang, "note", name, said, want.content)
		got := c.zhang.Get(f.URL).Want(http.StatusOK)
		inline := strings.HasPrefix(got.Header.Get("Content-Disposition"), "inline")
		if f.Type != want.mediaType || got.Header.Get("Content-Type") != want.mediaType || inline != want.shown || got.Body != string(want.content) {
			t.Errorf("%s: %s, served as %s %s", name, f.Type, got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"))
		}
	}
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("很", 200)
	for in, want := range map[string]string{
		"季度报告 2026.docx":                "季度报告 2026.docx",
		`..\..\C:\x.txt`:                "x.txt",
		"/etc/passwd":                   "passwd",
		"gpj.\u202eexe":                 "gpj.exe",
		"a\x00\r\nb":                    "ab",
		"..":                            "file",
		"":                              "file",
		"a<b>|c?.txt":                   "a_b__c_.txt",
		"阿卜杜拉·买买提㛃.pdf":                 "阿卜杜拉·买买提㛃.pdf",
		long + ".xlsx":                  strings.Repeat("很", 78) + ".xlsx",
		strings.Repeat("a", 300):        strings.Repeat("a", 120),
		"\xff\xfe.txt":                  ".txt",
		"a." + strings.Repeat("b", 300): "a." + strings.Repeat("b", 118),
	} {
		if got := files.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}
