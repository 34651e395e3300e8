// Package comment keeps what people say about an object of any kind: an approval, a
// task, a document. The module that has the object says who may read and who may add.
package comment

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// FilesKind is the kind of object that files of comments belong to.
const FilesKind = "comment"

const (
	maxText  = 10_000 // characters
	maxBytes = 200 << 20
)

// Kind says who may do what with the comments on objects of a kind. An error of kind
// not found means that the person may not see the object.
type Kind struct {
	MayRead func(ctx context.Context, person, object kernel.ID) error
	MayAdd  func(ctx context.Context, person, object kernel.ID) error
	// Added is told of each new comment, in its transaction. May be nil.
	Added func(ctx context.Context, object kernel.ID, c Comment) error
}

// Comment is what people see of a comment.
type Comment struct {
	ID       kernel.ID    `json:"id"`
	AuthorID kernel.ID    `json:"authorId"`
	Author   string       `json:"author" doc:"Name"`
	Text     string       `json:"text"`
	At       time.Time    `json:"at"`
	Mine     bool         `json:"mine"`
	Deleted  bool         `json:"deleted,omitempty" doc:"Its text and files are gone"`
	Files    []files.File `json:"files,omitempty"`
}

// row is a row of the table comment.
type row struct {
	bun.BaseModel `bun:"table:comment,alias:comment"`

	ID        kernel.ID  `bun:"id,pk,type:uuid"`
	Kind      string     `bun:"kind"`
	OwnerID   kernel.ID  `bun:"owner_id,type:uuid"`
	AuthorID  kernel.ID  `bun:"author_id,type:uuid"`
	Text      string     `bun:"text"`
	CreatedAt time.Time  `bun:"created_at"`
	DeletedAt *time.Time `bun:"deleted_at"`

	Author string `bun:"author,scanonly"`
}

// Service keeps comments.
type Service struct {
	db    *store.DB
	clock kernel.Clock
	files *files.Service
	kinds map[string]Kind // complete before the first request
}

// New makes the service.
func New(db *store.DB, clock kernel.Clock, attached *files.Service) *Service {
	s := &Service{db: db, clock: clock, files: attached, kinds: map[string]Kind{}}
	attached.Own(FilesKind, files.Kind{MaxBytes: maxBytes, MayRead: s.mayRead})
	return s
}

// On registers a kind of object that can be commented.
func (s *Service) On(name string, kind Kind) {
	if _, taken := s.kinds[name]; taken || kind.MayRead == nil || kind.MayAdd == nil {
		panic("comments on kind " + name + ": registered twice, or without rights")
	}
	s.kinds[name] = kind
}

func errUnknown() error { return kernel.NotFound("comment_unknown") }

func (s *Service) kind(name string) (Kind, error) {
	kind, known := s.kinds[name]
	if !known {
		return Kind{}, kernel.NotFound("object_unknown")
	}
	return kind, nil
}

func (s *Service) read(ctx context.Context, id kernel.ID) (*row, error) {
	r := &row{ID: id}
	err := s.db.Q(ctx).NewSelect().Model(r).WherePK().Scan(ctx)
	if store.IsNoRows(err) {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, fmt.Errorf("read a comment: %w", err)
	}
	return r, nil
}

// mayRead says whether a person may see a comment's files.
func (s *Service) mayRead(ctx context.Context, person, id, _ kernel.ID) error {
	r, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	if r.DeletedAt != nil {
		return errUnknown()
	}
	kind, err := s.kind(r.Kind)
	if err != nil {
		return err
	}
	return kind.MayRead(ctx, person, r.OwnerID)
}

// Add says something about an object, in the name of the person behind ctx. With the
// same id again it changes nothing. Codes: those of the object's kind, text_empty,
// text_too_long, id_taken.
func (s *Service) Add(ctx context.Context, on files.Ref, id kernel.ID, text string, fileIDs []kernel.ID) (Comment, error) {
	kind, err := s.kind(on.Kind)
	if err != nil {
		return Comment{}, err
	}
	who, _ := kernel.PrincipalFrom(ctx)
	text = kernel.CleanText(text)
	if err := kind.MayAdd(ctx, who.PersonID, on.ID); err != nil {
		return Comment{}, err
	}
	switch {
	case text == "" && len(fileIDs) == 0:
		return Comment{}, kernel.Invalid("text_empty").OnField("body.text")
	case utf8.RuneCountInString(text) > maxText:
		return Comment{}, kernel.Invalid("text_too_long").With("max", maxText).OnField("body.text")
	}
	r := &row{ID: id, Kind: on.Kind, OwnerID: on.ID, AuthorID: who.PersonID, Text: text, CreatedAt: s.clock()}
	err = s.db.InTx(ctx, func(ctx context.Context) error { return s.insert(ctx, r, kind, who, fileIDs) })
	if err != nil {
		return Comment{}, err
	}
	return s.one(ctx, r, who)
}

func (s *Service) insert(ctx context.Context, r *row, kind Kind, who kernel.Principal, fileIDs []kernel.ID) error {
	result, err := s.db.Q(ctx).NewInsert().Model(r).On("CONFLICT (id) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep a comment: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return fmt.Errorf("keep a comment: %w", err)
	} else if n == 0 {
		kept, err := s.read(ctx, r.ID)
		if err != nil {
			return err
		}
		if kept.AuthorID != r.AuthorID || kept.Kind != r.Kind || kept.OwnerID != r.OwnerID {
			return kernel.Conflict("id_taken")
		}
		*r = *kept
		return nil
	}
	if err := s.files.Attach(ctx, files.Ref{Kind: FilesKind, ID: r.ID}, fileIDs); err != nil || kind.Added == nil {
		return err
	}
	made, err := s.one(ctx, r, who)
	if err != nil {
		return err
	}
	return kind.Added(ctx, r.OwnerID, made)
}

// one is a comment of the person behind the request.
func (s *Service) one(ctx context.Context, r *row, who kernel.Principal) (Comment, error) {
	r.Author = who.Name
	all, err := s.shown(ctx, []row{*r}, who.PersonID)
	if err != nil {
		return Comment{}, err
	}
	return all[0], nil
}

// List gives the comments on an object, oldest first.
func (s *Service) List(ctx context.Context, on files.Ref, query kernel.PageQuery) (kernel.Page[Comment], error) {
	kind, err := s.kind(on.Kind)
	if err != nil {
		return kernel.Page[Comment]{}, err
	}
	who, _ := kernel.PrincipalFrom(ctx)
	if err := kind.MayRead(ctx, who.PersonID, on.ID); err != nil {
		return kernel.Page[Comment]{}, err
	}
	keys, err := kernel.DecodeCursor(query.Cursor, 2)
	if err != nil {
		return kernel.Page[Comment]{}, err
	}
	var rows []row
	q := s.db.Q(ctx).NewSelect().Model(&rows).ColumnExpr("comment.*").ColumnExpr("p.name AS author").
		Join("JOIN person AS p ON p.id = comment.author_id").Where("comment.kind = ?", on.Kind).Where("comment.owner_id = ?", on.ID).
		Order("comment.created_at", "comment.id").Limit(int64(query.Size()) + 1)
	if keys != nil {
		at, timeErr := time.Parse(time.RFC3339Nano, keys[0])
		id, idErr := kernel.ParseID(keys[1])
		if timeErr != nil || idErr != nil {
			return kernel.Page[Comment]{}, kernel.Malformed("cursor_malformed")
		}
		q = q.Where("(comment.created_at, comment.id) > (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return kernel.Page[Comment]{}, fmt.Errorf("list comments: %w", err)
	}
	cut := kernel.NewPage(rows, query.Size(), func(r row) []string {
		return []string{r.CreatedAt.UTC().Format(time.RFC3339Nano), r.ID.String()}
	})
	items, err := s.shown(ctx, cut.Items, who.PersonID)
	return kernel.Page[Comment]{Items: items, Next: cut.Next}, err
}

// shown makes rows what a person sees.
func (s *Service) shown(ctx context.Context, rows []row, person kernel.ID) ([]Comment, error) {
	ids := make([]kernel.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	attached, err := s.files.Of(ctx, FilesKind, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Comment, len(rows))
	for i, r := range rows {
		out[i] = Comment{ID: r.ID, AuthorID: r.AuthorID, Author: r.Author, At: r.CreatedAt, Mine: r.AuthorID == person, Deleted: r.DeletedAt != nil}
		if r.DeletedAt == nil {
			out[i].Text, out[i].Files = r.Text, attached[r.ID]
		}
	}
	return out, nil
}

// Delete takes back a comment of the person behind ctx: that there was one stays.
func (s *Service) Delete(ctx context.Context, id kernel.ID) error {
	who, _ := kernel.PrincipalFrom(ctx)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		r, err := s.read(ctx, id)
		if err != nil {
			return err
		}
		kind, err := s.kind(r.Kind)
		if err != nil {
			return err
		}
		if err := kind.MayRead(ctx, who.PersonID, r.OwnerID); err != nil {
			return errUnknown()
		}
		if r.AuthorID != who.PersonID {
			return kernel.Forbidden("not_your_own")
		}
		_, err = s.db.Q(ctx).NewUpdate().Model(r).Set("deleted_at = coalesce(deleted_at, ?)", s.clock()).Set("text = ''").WherePK().Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete a comment: %w", err)
		}
		return s.files.Drop(ctx, files.Ref{Kind: FilesKind, ID: id})
	})
}
