package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// company is an office with a kind of object, "note", that the people in readers see.
type company struct {
	*officetest.Office
	admin   *officetest.Browser
	zhang   *officetest.Browser
	zhangID kernel.ID
	readers map[kernel.ID]bool
}

func start(t *testing.T) *company {
	t.Helper()
	c := &company{Office: officetest.Start(t, officetest.WithBucket), readers: map[kernel.ID]bool{}}
	mayRead := func(_ context.Context, person, _, _ kernel.ID) error {
		if !c.readers[person] {
			return kernel.NotFound("note_unknown")
		}
		return nil
	}
	c.App.Files.Own("note", files.Kind{MaxBytes: 64 << 20, MayRead: mayRead})
	c.App.Files.Own("voice", files.Kind{MaxBytes: 1 << 20, Types: []string{"audio/"}, MayRead: mayRead})
	c.admin = c.Administrator(t)
	c.zhangID, c.zhang = c.admin.Staff(auth.NewPerson{Name: "张伟", Phone: "+8613800000002"})
	return c
}

type fileJSON struct {
	ID             kernel.ID
	Name, Type     string
	Size, Received int64
	PartSize       int64
	Width, Height  int
	URL, Preview   string
	Complete       bool
	Code           string         // of a problem
	Params         map[string]any // of a problem
}

func describe(kind, name, mediaType string, content []byte) map[string]any {
	sum := sha256.Sum256(content)
	return map[string]any{
		"id": kernel.NewID().String(), "kind": kind, "name": name, "type": mediaType, "size": len(content), "sha256": hex.EncodeToString(sum[:]),
	}
}

func put(b *officetest.Browser, id any, offset int64, part []byte) officetest.Reply {
	return b.Do(http.MethodPut, fmt.Sprintf("/files/%s?offset=%d", id, offset), part)
}

// send uploads a file as the page does.
func send(t *testing.T, b *officetest.Browser, kind, name, mediaType string, content []byte) fileJSON {
	t.Helper()
	var f fileJSON
	b.JSON(http.MethodPost, "/files", describe(kind, name, mediaType, content)).Want(http.StatusCreated).Into(&f)
	for done := false; !done; done = f.Complete {
		part := content[f.Received:min(f.Received+f.PartSize, int64(len(content)))]
		put(b, f.ID, f.Received, part).Want(http.StatusOK).Into(&f)
	}
	return f
}

func random(n int) []byte {
	out := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(out)
	return out
}

// as is a context of somebody's request.
func as(t *testing.T, person kernel.ID) context.Context {
	t.Helper()
	return kernel.WithPrincipal(t.Context(), kernel.Principal{PersonID: person})
}

func (c *company) attach(t *testing.T, person kernel.ID, kind string, object kernel.ID, ids ...kernel.ID) error {
	t.Helper()
	return c.DB.InTx(as(t, person), func(ctx context.Context) error {
		return c.App.Files.Attach(ctx, files.Ref{Kind: kind, ID: object}, ids)
	})
}

func TestAnUploadGoesOnWhereItStopped(t *testing.T) {
	c := start(t)
	content := random(2*files.PartSize + 12345)
	about := describe("note", "季度报告.docx", "", content)
	var f fileJSON
	c.zhang.JSON(http.MethodPost, "/files", about).Want(http.StatusCreated).Into(&f)
	if f.Received != 0 || f.PartSize != files.PartSize || f.Complete {
		t.Fatalf("a new upload is %+v", f)
	}
	first, second, last := content[:files.PartSize], content[files.PartSize:2*files.PartSize], content[2*files.PartSize:]
	put(c.zhang, f.ID, 0, first[:100]).Want(http.StatusUnprocessableEntity)
	put(c.zhang, f.ID, files.PartSize, second).Want(http.StatusConflict)
	c.cutOff(t, f.ID, first)
	put(c.zhang, f.ID, 0, first).Want(http.StatusOK).Into(&f)
	// The browser was closed: it asks again with the same id.
	c.zhang.JSON(http.MethodPost, "/files", about).Want(http.StatusCreated).Into(&f)
	if f.Received != files.PartSize {
		t.Fatalf("after one part %d bytes are safe", f.Received)
	}
	put(c.zhang, f.ID, 0, first).Want(http.StatusConflict).Into(&f) // its reply was lost
	if f.Code != "offset_other" || f.Params["received"] != float64(files.PartSize) {
		t.Errorf("a part that came twice: %+v", f)
	}
	put(c.zhang, f.ID, files.PartSize, second).Want(http.StatusOK)
	put(c.zhang, f.ID, 2*files.PartSize, last).Want(http.StatusOK).Into(&f)
	put(c.zhang, f.ID, 2*files.PartSize, last).Want(http.StatusOK) // again
	if !f.Complete || f.Received != int64(len(content)) {
		t.Fatalf("at the end it is %+v", f)
	}
	if got := c.zhang.Get(f.URL).Want(http.StatusOK); got.Body != string(content) {
		t.Errorf("downloaded %d other bytes", len(got.Body))
	}
}

// cutOff sends a part whose connection breaks in the middle.
func (c *company) cutOff(t *testing.T, id kernel.ID, part []byte) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	_, err := c.App.Files.Receive(ctx, c.zhangID, id, 0, int64(len(part)), io.MultiReader(bytes.NewReader(part[:len(part)/2]), broken{}))
	if !kernel.HasCode(err, "part_cut_off") {
		t.Errorf("a broken connection gives %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWhatArrivesOtherwiseThanSaidBeginsAnew(t *testing.T) {
	c := start(t)
	for name, size := range map[string]int{"one part": 1000, "two parts": files.PartSize + 1000} {
		content := random(size)
		var f fileJSON
		c.zhang.JSON(http.MethodPost, "/files", describe("note", "a.bin", "", content)).Want(http.StatusCreated).Into(&f)
		wrong := bytes.Clone(content)
		wrong[10]++
		for _, attempt := range []struct {
			content []byte
			code    string
		}{{wrong, "file_damaged"}, {content, ""}} {
			f.Code, f.Received = "", 0
			for f.Code == "" && !f.Complete {
				put(c.zhang, f.ID, f.Received, attempt.content[f.Received:min(f.Received+files.PartSize, int64(size))]).Into(&f)
			}
			if f.Code != attempt.code {
				t.Errorf("%s: %q, want %q", name, f.Code, attempt.code)
			}
		}
		if got := c.zhang.Get(f.URL).Want(http.StatusOK); got.Body != string(content) {
			t.Errorf("%s: another content was kept", name)
		}
	}
}

// What is not one's own is as if it was not there.
func TestFilesAreReadByThoseWhoReadTheirObject(t *testing.T) {
	c := start(t)
	liID, li := c.admin.Staff(auth.NewPerson{Name: "李娜", Phone: "+8613800000003"})
	f := send(t, c.zhang, "note", "工资.xlsx", "", []byte("salaries"))
	note := kernel.NewID()
	hidden := func(b *officetest.Browser, when string) {
		t.Helper()
		missing := kernel.NewID().String()
		for _, request := range []struct{ method, path string }{
			{http.MethodGet, "/api/v1/files/ID"}, {http.MethodGet, "/files/ID/a"}, {http.MethodGet, "/files/ID/a?preview"}, {http.MethodHead, "/files/ID/a"}, {http.MethodPut, "/files/ID?offset=0"},
		} {
			theirs := b.Do(request.method, strings.ReplaceAll(request.path, "ID", f.ID.String()), nil)
			none := b.Do(request.method, strings.ReplaceAll(request.path, "ID", missing), nil)
			if theirs.Status != http.StatusNotFound || none.Status != http.StatusNotFound || (theirs.Body != "" && theirs.Code() != none.Code()) {
				t.Errorf("%s: %s %s answers %d, for a missing one %d", when, request.method, request.path, theirs.Status, none.Status)
			}
		}
	}
	hidden(li, "before it belongs to anything")
	if err := c.attach(t, liID, "note", note, f.ID); !kernel.HasCode(err, "file_unknown") {
		t.Errorf("attaching somebody else's file: %v", err)
	}
	for range 2 {
		if err := c.attach(t, c.zhangID, "note", note, f.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.attach(t, c.zhangID, "note", kernel.NewID(), f.ID); !kernel.HasCode(err, "file_unknown") {
		t.Errorf("attaching it to a second object: %v", err)
	}
	hidden(li, "without a right to the note")
	hidden(c.zhang, "to its sender, who lost the right to the note")
	c.readers[liID] = true
	if got := li.Get(f.URL).Want(http.StatusOK); got.Body != "salaries" {
		t.Errorf("got %q", got.Body)
	}
	c.Browser(t).Get(f.URL).Want(http.StatusUnauthorized)
	c.Browser(t).Do(http.MethodPut, "/files/"+f.ID.String()+"?offset=0", nil).Want(http.StatusUnauthorized)
	if err := c.DB.InTx(t.Context(), func(ctx context.Context) error {
		return c.App.Files.Drop(ctx, files.Ref{Kind: "note", ID: note})
	}); err != nil {
		t.Fatal(err)
	}
	hidden(li, "after it was taken from the note")
}

func TestOnlyFilesOfTheKindAreTaken(t *testing.T) {
	c := start(t)
	recording := append([]byte("OggS\x00"), make([]byte, 500)...)
	if f := send(t, c.zhang, "voice", "v.ogg", "audio/ogg", recording); f.Type != "audio/ogg" {
		t.Errorf("a recording is %s", f.Type)
	}
	about := func(change func(map[string]any)) map[string]any {
		d := describe("voice", "v.ogg", "audio/ogg", recording)
		change(d)
		return d
	}
	for name, c2 := range map[string]struct {
		about  map[string]any
		status int
		code   string
	}{
		"unknown kind": {about(func(d map[string]any) { d["kind"] = "nothing" }), 422, "file_kind_unknown"},
		"too large":    {about(func(d map[string]any) { d["size"] = 1<<20 + 1 }), 422, "file_too_large"},
		"negative":     {about(func(d map[string]any) { d["size"] = -1 }), 422, "values_invalid"},
		"no sum":       {about(func(d map[string]any) { d["sha256"] = "abc" }), 422, "values_invalid"},
	} {
		if got := c.zhang.JSON(http.MethodPost, "/files", c2.about).Want(c2.status); got.Code() != c2.code {
			t.Errorf("%s: %s, want %s", name, got.Code(), c2.code)
		}
	}
	page := []byte("<html><script>alert(1)</script>")
	var f fileJSON
	c.zhang.JSON(http.MethodPost, "/files", describe("voice", "v.ogg", "audio/ogg", page)).Want(http.StatusCreated).Into(&f)
	if got := put(c.zhang, f.ID, 0, page).Want(http.StatusUnprocessableEntity); got.Code() != "file_type_refused" {
		t.Errorf("a page as a recording: %s", got.Code())
	}
	_, li := c.admin.Staff(auth.NewPerson{Name: "李娜", Phone: "+8613800000003"})
	taken := describe("voice", "x.ogg", "", recording)
	taken["id"] = f.ID.String()
	if got := li.JSON(http.MethodPost, "/files", taken).Want(http.StatusConflict); got.Code() != "id_taken" {
		t.Errorf("somebody else's id: %s", got.Code())
	}
}

func TestWhatIsNeverAttachedIsDeleted(t *testing.T) {
	c := start(t)
	loose := send(t, c.zhang, "note", "loose.txt", "", []byte("loose"))
	kept := send(t, c.zhang, "note", "kept.txt", "", []byte("kept"))
	source := send(t, c.zhang, "note", "source.txt", "", []byte("forwarded"))
	half := random(files.PartSize + 10)
	var f fileJSON
	c.zhang.JSON(http.MethodPost, "/files", describe("note", "half", "", half)).Want(http.StatusCreated).Into(&f)
	put(c.zhang, f.ID, 0, half[:files.PartSize]).Want(http.StatusOK)
	note, copied := kernel.NewID(), kernel.NewID()
	c.readers[c.zhangID] = true
	if err := c.attach(t, c.zhangID, "note", note, kept.ID); err != nil {
		t.Fatal(err)
	}
	err := c.DB.InTx(as(t, c.zhangID), func(ctx context.Context) error {
		return c.App.Files.Share(ctx, files.Ref{Kind: "note", ID: copied}, []kernel.ID{source.ID})
	})
	if err != nil {
		t.Fatal(err)
	}
	before := c.contents(t)
	c.Wait(71 * time.Hour)
	c.Settle(t)
	c.zhang.Get(loose.URL).Want(http.StatusOK)
	c.Wait(3 * time.Hour)
	c.Settle(t)
	for _, gone := range []fileJSON{loose, source, f} {
		c.zhang.JSON(http.MethodGet, "/files/"+gone.ID.String(), nil).Want(http.StatusNotFound)
	}
	c.zhang.Get(kept.URL).Want(http.StatusOK)
	attached, err := c.App.Files.Of(t.Context(), "note", []kernel.ID{note, copied})
	if err != nil || len(attached[note]) != 1 || len(attached[copied]) != 1 {
		t.Fatalf("attached are %v, %v", attached, err)
	}
	if got := c.zhang.Get(attached[copied][0].URL).Want(http.StatusOK); got.Body != "forwarded" {
		t.Errorf("the copy holds %q", got.Body)
	}
	after := c.contents(t)
	for id := range before {
		body, _, err := c.Bucket.Get(t.Context(), "files/"+id)
		if err == nil {
			_ = body.Close()
		}
		if _, kept := after[id]; kept != (err == nil) {
			t.Errorf("of content %s a row is left: %v; reading it: %v", id, kept, err)
		}
	}
	if _, err := c.Bucket.PutPart(t.Context(), "files/"+onItsWay(before), before[onItsWay(before)], 2, strings.NewReader("x"), 1); !kernel.IsKind(err, kernel.KindNotFound) {
		t.Errorf("the parts of what was never finished are still there: %v", err)
	}
}

// contents are the contents that rows speak of, with the bucket's upload of those that
// are on their way.
func (c *company) contents(t *testing.T) map[string]string {
	t.Helper()
	var rows []struct {
		ID     string `bun:"id"`
		Upload string `bun:"upload"`
	}
	err := c.DB.Q(t.Context()).NewRaw("SELECT content_id::text AS id, coalesce(progress->>'uploadId', '') AS upload FROM file").Scan(t.Context(), &rows)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range rows {
		out[r.ID] = r.Upload
	}
	return out
}

// onItsWay is the content that is on its way.
func onItsWay(contents map[string]string) string {
	for id, upload := range contents {
		if upload != "" {
			return id
		}
	}
	return ""
}

// allocations are the bytes that fn allocates, freed or not.
func allocations(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// An upload passes through: what it needs does not grow with the part.
func TestAPartIsNotKeptInMemory(t *testing.T) {
	c := start(t)
	const size = 4 * files.PartSize
	content := random(size)
	var f fileJSON
	c.zhang.JSON(http.MethodPost, "/files", describe("note", "film.bin", "", content)).Want(http.StatusCreated).Into(&f)
	allocated := allocations(func() {
		for at := int64(0); at < size; at += files.PartSize {
			_, err := c.App.Files.Receive(t.Context(), c.zhangID, f.ID, at, files.PartSize, bytes.NewReader(content[at:at+files.PartSize]))
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Logf("%d bytes allocated for %d", allocated, size)
	if allocated > size/4 {
		t.Errorf("%d bytes were allocated for an upload of %d", allocated, size)
	}
}
