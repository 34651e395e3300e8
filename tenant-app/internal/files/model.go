// Package files keeps what people hand in: uploads in parts that can be resumed,
// downloads for whoever may read the object that a file belongs to, and previews of
// pictures. A file belongs to nothing until a module attaches it to one of its objects;
// the module says who may read those. What is never attached is deleted.
package files

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// PartSize is how much of a file one request brings, in bytes; the last one brings the
// rest. A phone that loses its network loses no more.
const PartSize = blob.MinPart

const (
	previewSize  = 1280     // pixels of the longer side
	previewMost  = 24 << 20 // bytes of a picture of which one is made
	smallPicture = 128 << 10
	maxName      = 120 // characters
	maxNameBytes = 240
)

// Ref names the object that files belong to.
type Ref struct {
	Kind string // "message": as registered by Own
	ID   kernel.ID
}

// Kind says what files of a kind of object may be, and who reads them.
type Kind struct {
	MaxBytes int64
	Types    []string // beginnings of allowed types, such as "image/"; empty: any
	Right    string   // must be held to hand them in and to read them; empty: none
	// MayRead says whether a person may see a file of an object. If not, it gives an
	// error of kind not found, as for an object that is not there.
	MayRead func(ctx context.Context, person, object, file kernel.ID) error
}

// File is what people see of a file.
type File struct {
	ID      kernel.ID `json:"id"`
	Name    string    `json:"name"`
	Size    int64     `json:"size" doc:"Bytes"`
	Type    string    `json:"type" doc:"Media type as its content shows; application/octet-stream for what browsers should not open"`
	Width   int       `json:"width,omitempty" doc:"Of a picture that can be shown: pixels, upright"`
	Height  int       `json:"height,omitempty"`
	URL     string    `json:"url" doc:"Where its content is, for those who may read its object"`
	Preview string    `json:"preview,omitempty" doc:"Where a picture of at most 1280 pixels is"`
}

// Upload is a file that may still be on its way.
type Upload struct {
	File
	Complete bool  `json:"complete"`
	Received int64 `json:"received" doc:"Bytes that are safe: go on from there"`
	PartSize int64 `json:"partSize" doc:"Bytes of each part but the last"`
}

// fileRow is a row of the table file.
type fileRow struct {
	bun.BaseModel `bun:"table:file,alias:file"`

	ID          kernel.ID  `bun:"id,pk,type:uuid"`
	ContentID   kernel.ID  `bun:"content_id,type:uuid"` // names the content in the bucket; copies share it
	Kind        string     `bun:"kind"`
	OwnerID     *kernel.ID `bun:"owner_id,type:uuid"`
	Sort        int        `bun:"sort"`
	Name        string     `bun:"name"`
	Type        string     `bun:"type"`
	Size        int64      `bun:"size"`
	SHA256      []byte     `bun:"sha256,type:bytea"`
	Width       int        `bun:"width"`
	Height      int        `bun:"height"`
	Preview     bool       `bun:"preview"`
	UploadedBy  kernel.ID  `bun:"uploaded_by,type:uuid"`
	Received    int64      `bun:"received"`
	Progress    *progress  `bun:"progress,type:json"`
	CreatedAt   time.Time  `bun:"created_at"`
	CompletedAt *time.Time `bun:"completed_at"`
	LooseSince  time.Time  `bun:"loose_since"` // since when it belongs to nothing
}

// progress is what an upload needs to go on.
type progress struct {
	UploadID string   `json:"uploadId,omitempty"` // of the bucket; empty before the first part
	Tags     []string `json:"tags,omitempty"`     // of the parts
	Hash     []byte   `json:"hash,omitempty"`     // SHA-256 so far, as the library writes it
}

func (r *fileRow) key() string { return "files/" + r.ContentID.String() }

func (r *fileRow) previewKey() string { return "previews/" + r.ContentID.String() + ".jpg" }

func (r *fileRow) file() File {
	f := File{ID: r.ID, Name: r.Name, Size: r.Size, Type: r.Type, Width: r.Width, Height: r.Height}
	f.URL = "/files/" + r.ID.String() + "/" + url.PathEscape(r.Name)
	switch {
	case r.Preview:
		f.Preview = f.URL + "?preview"
	case r.Width > 0 && r.Size <= smallPicture && max(r.Width, r.Height) <= previewSize:
		f.Preview = f.URL
	}
	return f
}

func (r *fileRow) upload() Upload {
	return Upload{File: r.file(), Complete: r.CompletedAt != nil, Received: r.Received, PartSize: PartSize}
}

// CleanName gives a file's name as it is kept: without folders, characters that nobody
// sees (they can make "exe.doc" of "cod.exe") and those that file systems refuse; at
// most 120 characters, of which the ending stays.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name))
	if strings.Trim(name, ".") == "" {
		return "file"
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || len(name)-dot > 20 {
		dot = len(name)
	}
	stem, ending := []rune(name[:dot]), name[dot:]
	room := maxName - utf8.RuneCountInString(ending)
	stem = stem[:min(len(stem), room)]
	for len(string(stem))+len(ending) > maxNameBytes {
		stem = stem[:len(stem)-1]
	}
	return string(stem) + ending
}
