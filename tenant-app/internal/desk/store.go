package desk

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// row is a suggestion as it is kept.
type row struct {
	bun.BaseModel `bun:"table:suggestion,alias:s"`

	ID        kernel.ID  `bun:"id,pk,type:uuid"`
	AuthorID  *kernel.ID `bun:"author_id,type:uuid"` // nil: anonymous
	CodeHash  []byte     `bun:"code_hash,type:bytea,nullzero"`
	Title     string     `bun:"title"`
	Text      string     `bun:"text"`
	State     State      `bun:"state"`
	HandlerID *kernel.ID `bun:"handler_id,type:uuid"`
	Due       *time.Time `bun:"due"`
	CreatedAt time.Time  `bun:"created_at"`
	UpdatedAt time.Time  `bun:"updated_at"`
	Revision  int64      `bun:"revision"`
}

// read gives a suggestion, whoever asks; code suggestion_unknown.
func (s *Service) read(ctx context.Context, id kernel.ID, lock bool) (*row, error) {
	r := &row{}
	q := s.DB.Q(ctx).NewSelect().Model(r).Where("s.id = ?", id)
	if lock {
		q.For("NO KEY UPDATE OF s")
	}
	err := q.Scan(ctx)
	if store.IsNoRows(err) {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, fmt.Errorf("read a suggestion: %w", err)
	}
	return r, nil
}

// Box is one of the lists.
type Box string

// The boxes.
const (
	Mine Box = "mine" // those that I put in with my name
	All  Box = "all"  // everybody's, for handlers
)

// List is one page of a box, what moved last first, of one state or of all. Code
// right_missing for the box of handlers.
func (s *Service) List(ctx context.Context, box Box, state State, page kernel.PageQuery) (kernel.Page[Suggestion], error) {
	none, who := kernel.Page[Suggestion]{Items: []Suggestion{}}, reader(ctx)
	var rows []row
	q := s.DB.Q(ctx).NewSelect().Model(&rows).Order("s.updated_at DESC", "s.id DESC").Limit(int64(page.Size()) + 1)
	switch {
	case box != All:
		q.Where("s.author_id = ?", who.PersonID)
	case !who.May(HandleRight):
		return none, kernel.Forbidden("right_missing").With("right", HandleRight)
	}
	if state != "" {
		q.Where("s.state = ?", state)
	}
	keys, err := kernel.DecodeCursor(page.Cursor, 2)
	if err != nil {
		return none, err
	}
	if keys != nil {
		at, err := time.Parse(time.RFC3339Nano, keys[0])
		id, wrong := kernel.ParseID(keys[1])
		if err != nil || wrong != nil || at.Year() < 1900 || at.Year() > 9999 {
			return none, kernel.Malformed("cursor_malformed")
		}
		q.Where("(s.updated_at, s.id) < (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return none, fmt.Errorf("list suggestions: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r row) []string {
		return []string{r.UpdatedAt.UTC().Format(time.RFC3339Nano), r.ID.String()}
	})
	items, err := s.show(ctx, cut.Items)
	return kernel.Page[Suggestion]{Items: items, Next: cut.Next}, err
}

func (s *Service) show(ctx context.Context, rows []row) ([]Suggestion, error) {
	var ids []kernel.ID
	for _, r := range rows {
		for _, id := range []*kernel.ID{r.AuthorID, r.HandlerID} {
			if id != nil {
				ids = append(ids, *id)
			}
		}
	}
	refs, err := directory.Named(ctx, s.DB, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Suggestion, len(rows))
	for i, r := range rows {
		out[i] = Suggestion{
			ID: r.ID, Title: r.Title, State: r.State, Author: ref(refs, r.AuthorID), Handler: ref(refs, r.HandlerID),
			Due: r.Due, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Revision: r.Revision,
		}
	}
	return out, nil
}

func ref(refs map[kernel.ID]directory.PersonRef, id *kernel.ID) *directory.PersonRef {
	if id == nil {
		return nil
	}
	found := refs[*id]
	return &found
}

// Get is a suggestion for its author or a handler; code suggestion_unknown.
func (s *Service) Get(ctx context.Context, id kernel.ID) (SuggestionDetail, error) {
	return s.detail(ctx, id, false)
}

type entryRow struct {
	ID     kernel.ID  `bun:"id"`
	Verb   Verb       `bun:"verb"`
	Person *kernel.ID `bun:"person_id"`
	Text   string     `bun:"text"`
	At     time.Time  `bun:"at"`
}

// detail is a suggestion as somebody sees it. author: whoever reads is its author, by
// the code or by having just put it in.
func (s *Service) detail(ctx context.Context, id kernel.ID, author bool) (d SuggestionDetail, err error) {
	r, err := s.read(ctx, id, false)
	if err != nil {
		return d, err
	}
	who := reader(ctx)
	if !author && !r.seenBy(who) {
		return d, errUnknown()
	}
	shown, err := s.show(ctx, []row{*r})
	if err != nil {
		return d, err
	}
	d = SuggestionDetail{Suggestion: shown[0], Text: r.Text, Files: []files.File{}, Entries: []SuggestionEntry{}, Actions: r.actions(who, author)}
	attached, err := s.Files.Of(ctx, Kind, []kernel.ID{id})
	if err != nil {
		return d, err
	}
	d.Files = append(d.Files, attached[id]...)
	d.Entries, err = s.entries(ctx, id)
	return d, err
}

func (s *Service) entries(ctx context.Context, id kernel.ID) ([]SuggestionEntry, error) {
	var rows []entryRow
	err := s.DB.Q(ctx).NewRaw(`SELECT id, verb, person_id, text, at FROM suggestion_entry WHERE suggestion_id = ? ORDER BY seq`, id).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read what was said: %w", err)
	}
	var ids []kernel.ID
	for _, e := range rows {
		if e.Person != nil {
			ids = append(ids, *e.Person)
		}
	}
	refs, err := directory.Named(ctx, s.DB, ids)
	out := make([]SuggestionEntry, len(rows))
	for i, e := range rows {
		out[i] = SuggestionEntry{ID: e.ID, Verb: e.Verb, Person: ref(refs, e.Person), Text: e.Text, At: e.At}
	}
	return out, err
}

// FilesOfSuggestions says who reads attached files: whoever sees the suggestion.
func (s *Service) FilesOfSuggestions() files.Kind {
	return files.Kind{MaxBytes: maxFile, Right: SubmitRight, MayRead: func(ctx context.Context, _, id, _ kernel.ID) error {
		r, err := s.read(ctx, id, false)
		if err == nil && !r.seenBy(reader(ctx)) {
			err = errUnknown()
		}
		return err
	}}
}

// Findable says who finds which: authors theirs, handlers all.
func (s *Service) Findable() search.Kind {
	return search.Kind{Right: SubmitRight, Containers: func(ctx context.Context, _ kernel.ID) ([]string, error) {
		if reader(ctx).May(HandleRight) {
			return []string{handlersOnly}, nil
		}
		return nil, nil
	}}
}
