package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

const (
	keepLoose = 3 * 24 * time.Hour
	maxLoose  = 200 // files of one person that belong to nothing
)

// Service keeps files.
type Service struct {
	db     *store.DB
	bucket *blob.Bucket
	clock  kernel.Clock
	log    *slog.Logger
	kinds  map[string]Kind // complete before the first request

	previewing chan struct{} // one at a time: the whole picture is in memory
}

// New makes the service; sweeping is one of the jobs.
func New(db *store.DB, bucket *blob.Bucket, clock kernel.Clock, jobs *store.Jobs, log *slog.Logger) *Service {
	s := &Service{db: db, bucket: bucket, clock: clock, log: log, kinds: map[string]Kind{}, previewing: make(chan struct{}, 1)}
	jobs.Every("files.sweep", time.Hour, s.Sweep)
	return s
}

// Own registers a kind of object that files can belong to.
func (s *Service) Own(name string, kind Kind) {
	if _, taken := s.kinds[name]; taken || kind.MaxBytes < 1 || kind.MayRead == nil {
		panic("files of kind " + name + ": registered twice, or without a limit or rights")
	}
	s.kinds[name] = kind
}

// NewFile is what a client tells of a file before it sends it.
type NewFile struct {
	ID     kernel.ID
	Kind   string // of the object that it is for
	Name   string
	Type   string
	Size   int64
	SHA256 []byte
}

// Create makes room for an upload. The same file from the same person again is the
// same upload. Codes: file_kind_unknown, file_too_large, files_waiting, id_taken.
func (s *Service) Create(ctx context.Context, who kernel.ID, f NewFile) (Upload, error) {
	kind, known := s.kinds[f.Kind]
	switch {
	case !known || !kind.open(ctx):
		return Upload{}, kernel.Invalid("file_kind_unknown").OnField("body.kind")
	case f.Size > kind.MaxBytes:
		return Upload{}, kernel.Invalid("file_too_large").With("max", kind.MaxBytes).OnField("body.size")
	case f.ID == kernel.NoID || len(f.SHA256) != sha256.Size || f.Size < 0:
		return Upload{}, kernel.Invalid("value_invalid").OnField("body.sha256")
	}
	now := s.clock()
	row := &fileRow{
		ID: f.ID, ContentID: kernel.NewID(), Kind: f.Kind, Name: CleanName(f.Name), Type: declared(f.Type), Size: f.Size, SHA256: f.SHA256,
		UploadedBy: who, Progress: &progress{}, CreatedAt: now, LooseSince: now,
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.checkWaiting(ctx, who); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewInsert().Model(row).On("CONFLICT (id) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("make room for a file: %w", err)
		}
		kept, err := s.read(ctx, f.ID)
		if err != nil {
			return err
		}
		if kept.UploadedBy != who || kept.Kind != f.Kind || kept.Size != f.Size || !slices.Equal(kept.SHA256, f.SHA256) {
			return kernel.Conflict("id_taken")
		}
		row = kept
		return nil
	})
	if err != nil {
		return Upload{}, err
	}
	return row.upload(), nil
}

// checkWaiting keeps one person from filling the bucket with what nobody can see.
func (s *Service) checkWaiting(ctx context.Context, who kernel.ID) error {
	n, err := s.db.Q(ctx).NewSelect().Model((*fileRow)(nil)).Where("uploaded_by = ?", who).Where("owner_id IS NULL").Count(ctx)
	if err != nil {
		return fmt.Errorf("count a person's files: %w", err)
	}
	if n >= maxLoose {
		return kernel.TooMany("files_waiting").With("max", maxLoose)
	}
	return nil
}

// read gives a file's row; code file_unknown if there is none.
func (s *Service) read(ctx context.Context, id kernel.ID) (*fileRow, error) {
	row := &fileRow{ID: id}
	err := s.db.Q(ctx).NewSelect().Model(row).WherePK().Scan(ctx)
	if store.IsNoRows(err) {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, fmt.Errorf("read a file's row: %w", err)
	}
	return row, nil
}

// errUnknown is the answer for what is not there and for what is not one's own.
func errUnknown() error { return kernel.NotFound("file_unknown") }

// readable gives the row of a file that a person may see.
func (s *Service) readable(ctx context.Context, who, id kernel.ID) (*fileRow, error) {
	row, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if row.OwnerID == nil {
		if row.UploadedBy != who {
			return nil, errUnknown()
		}
		return row, nil
	}
	kind, known := s.kinds[row.Kind]
	if !known || !kind.open(ctx) {
		return nil, errUnknown()
	}
	if err := kind.MayRead(ctx, who, *row.OwnerID, row.ID); kernel.IsKind(err, kernel.KindNotFound) || kernel.IsKind(err, kernel.KindForbidden) {
		return nil, errUnknown()
	} else if err != nil {
		return nil, err
	}
	return row, nil
}

// State tells how far an upload is, to whoever sends it or may read it.
func (s *Service) State(ctx context.Context, who, id kernel.ID) (Upload, error) {
	row, err := s.readable(ctx, who, id)
	if err != nil {
		return Upload{}, err
	}
	return row.upload(), nil
}

// open says whether files of a kind are there for the person behind ctx at all.
func (k Kind) open(ctx context.Context) bool {
	who, _ := kernel.PrincipalFrom(ctx)
	return k.Right == "" || who.May(k.Right)
}

// allowed says whether a kind of object takes a type.
func (k Kind) allowed(mediaType string) bool {
	return len(k.Types) == 0 || slices.ContainsFunc(k.Types, func(begin string) bool { return strings.HasPrefix(mediaType, begin) })
}

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }

func hexSum(text string) []byte {
	sum, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return sum
}
