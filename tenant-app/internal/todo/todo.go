// Package todo is the one list of what waits for a person (待办), whoever put it
// there: a row stands while something waits and goes when it is done, so that
// counts are the rows.
package todo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// KindCopy is the kind of what is only to be read (抄送): its person takes it out.
const KindCopy = "approval_copy"

// Item is one thing that waits for a person. There is at most one of a kind and ref
// for each person.
type Item struct {
	Person  kernel.ID
	Kind    string
	Ref     kernel.ID // what is to be opened
	Title   kernel.Text
	Summary []kernel.Line
	From    kernel.ID // kernel.NoID: the app
	Due     *time.Time
	Data    map[string]any
}

// Entry is an item as its person sees it.
type Entry struct {
	ID      kernel.ID            `json:"id" format:"uuid"`
	Kind    string               `json:"kind" doc:"approval: decide; approval_returned: mend; approval_copy: read; suggestion: answer"`
	Ref     kernel.ID            `json:"ref" format:"uuid" doc:"What is to be opened"`
	Title   kernel.Text          `json:"title"`
	Summary []kernel.Line        `json:"summary"`
	From    *directory.PersonRef `json:"from,omitempty"`
	Since   time.Time            `json:"since"`
	Due     *time.Time           `json:"due,omitempty"`
	Data    map[string]any       `json:"data" doc:"By kind; of approvals the revision to send as If-Match"`
}

// Inbox is everything that waits for the reader.
type Inbox struct {
	Items  []Entry        `json:"items"`
	Next   string         `json:"next,omitempty" doc:"Cursor of the following page; absent on the last"`
	Counts map[string]int `json:"counts" doc:"All that waits, by kind, whatever the filter"`
}

// Service keeps the list.
type Service struct {
	db    *store.DB
	clock kernel.Clock
	hub   *live.Hub
	away  Away
}

// New makes the list of the company in db.
func New(db *store.DB, clock kernel.Clock, hub *live.Hub, away Away) *Service {
	return &Service{db: db, clock: clock, hub: hub, away: away}
}

// hint tells a person's open pages that their list has changed.
func (s *Service) hint(ctx context.Context, person, ref kernel.ID) {
	s.hub.Hint(ctx, live.To{People: []kernel.ID{person}}, live.Hint{Kind: "todo", ID: ref})
}

// Put adds what waits, in the caller's transaction. What waits already is told
// anew, and goes on waiting since then.
func (s *Service) Put(ctx context.Context, item Item) error {
	var parts [3]string
	for i, part := range []any{item.Title, item.Summary, item.Data} {
		raw, err := json.Marshal(part)
		if err != nil {
			return fmt.Errorf("put into the inbox: %w", err)
		}
		parts[i] = string(raw)
	}
	var from any
	if item.From != kernel.NoID {
		from = item.From
	}
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO todo_item (id, person_id, kind, ref, title, summary, from_id, since, due, data)
		VALUES (?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, ?::jsonb) ON CONFLICT (person_id, kind, ref) DO UPDATE
		SET title = EXCLUDED.title, summary = EXCLUDED.summary, from_id = EXCLUDED.from_id, due = EXCLUDED.due, data = EXCLUDED.data`,
		kernel.NewID(), item.Person, item.Kind, item.Ref, parts[0], parts[1], from, s.clock(), item.Due, parts[2]).Exec(ctx)
	if err != nil {
		return fmt.Errorf("put into the inbox: %w", err)
	}
	s.hint(ctx, item.Person, item.Ref)
	return nil
}

// Done takes what waits no longer out. That it is out already is no error.
func (s *Service) Done(ctx context.Context, kind string, ref, person kernel.ID) error {
	_, err := s.db.Q(ctx).NewRaw(`DELETE FROM todo_item WHERE person_id = ? AND kind = ? AND ref = ?`, person, kind, ref).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take out of the inbox: %w", err)
	}
	s.hint(ctx, person, ref)
	return nil
}

// Clear takes what waits for nobody any more out of all inboxes but one; kernel.NoID: of
// all.
func (s *Service) Clear(ctx context.Context, kind string, ref, besides kernel.ID) error {
	var people []kernel.ID
	err := s.db.Q(ctx).NewRaw(`DELETE FROM todo_item WHERE ref = ? AND kind = ? AND person_id <> ? RETURNING person_id`, ref, kind, besides).Scan(ctx, &people)
	if err != nil {
		return fmt.Errorf("take out of all inboxes: %w", err)
	}
	for _, person := range people {
		s.hint(ctx, person, ref)
	}
	return nil
}

type entryRow struct {
	ID          kernel.ID       `bun:"id"`
	Kind        string          `bun:"kind"`
	Ref         kernel.ID       `bun:"ref"`
	Title       json.RawMessage `bun:"title,type:json"`
	Summary     json.RawMessage `bun:"summary,type:json"`
	Data        json.RawMessage `bun:"data,type:json"`
	Since       time.Time       `bun:"since"`
	Due         *time.Time      `bun:"due"`
	FromID      *kernel.ID      `bun:"from_id"`
	FromName    string          `bun:"from_name"`
	FromAvatar  string          `bun:"from_avatar"`
	Deactivated bool            `bun:"deactivated"`
}

func (r entryRow) entry() (Entry, error) {
	e := Entry{ID: r.ID, Kind: r.Kind, Ref: r.Ref, Since: r.Since, Due: r.Due}
	for raw, into := range map[*json.RawMessage]any{&r.Title: &e.Title, &r.Summary: &e.Summary, &r.Data: &e.Data} {
		if err := json.Unmarshal(*raw, into); err != nil {
			return e, fmt.Errorf("read an item of the inbox: %w", err)
		}
	}
	if r.FromID != nil {
		from := directory.Show(*r.FromID, r.FromName, r.FromAvatar, r.Deactivated)
		e.From = &from
	}
	return e, nil
}

// List is one page of what waits for the reader, the latest first, of one kind or
// of all.
func (s *Service) List(ctx context.Context, kind string, page kernel.PageQuery) (Inbox, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	out := Inbox{Items: []Entry{}}
	q := s.db.Q(ctx).NewSelect().TableExpr("todo_item AS t").Join("LEFT JOIN person AS p ON p.id = t.from_id").
		ColumnExpr("t.id, t.kind, t.ref, t.title, t.summary, t.data, t.since, t.due, t.from_id, coalesce(p.name, '') AS from_name, coalesce(p.avatar, '') AS from_avatar, p.deactivated_at IS NOT NULL AS deactivated").
		Where("t.person_id = ?", who.PersonID).OrderExpr("t.since DESC, t.id DESC").Limit(int64(page.Size()) + 1)
	if kind != "" {
		q.Where("t.kind = ?", kind)
	}
	keys, err := kernel.DecodeCursor(page.Cursor, 2)
	if err != nil {
		return out, err
	}
	if keys != nil {
		since, err := time.Parse(time.RFC3339Nano, keys[0])
		id, wrong := kernel.ParseID(keys[1])
		if err != nil || wrong != nil || since.Year() < 1900 || since.Year() > 9999 {
			return out, kernel.Malformed("cursor_malformed")
		}
		q.Where("(t.since, t.id) < (?, ?)", since, id)
	}
	var rows []entryRow
	if err := q.Scan(ctx, &rows); err != nil {
		return out, fmt.Errorf("read the inbox: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r entryRow) []string {
		return []string{r.Since.UTC().Format(time.RFC3339Nano), r.ID.String()}
	})
	out.Next = cut.Next
	for _, row := range cut.Items {
		entry, err := row.entry()
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, entry)
	}
	out.Counts, err = s.counts(ctx, who.PersonID)
	return out, err
}

func (s *Service) counts(ctx context.Context, person kernel.ID) (map[string]int, error) {
	var rows []struct {
		Kind string `bun:"kind"`
		N    int    `bun:"n"`
	}
	if err := s.db.Q(ctx).NewRaw(`SELECT kind, count(*) AS n FROM todo_item WHERE person_id = ? GROUP BY kind`, person).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count the inbox: %w", err)
	}
	out := map[string]int{}
	for _, r := range rows {
		out[r.Kind] = r.N
	}
	return out, nil
}
