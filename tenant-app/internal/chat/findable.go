package chat

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/search"
	"github.com/uptrace/bun"
)

// The kinds of what is found: a message by its text, a message by the names of its files.
const (
	FoundText = "message"
	FoundFile = "file"
)

// Index makes messages findable. Package search implements it.
type Index interface {
	Add(ctx context.Context, entries ...search.Entry) error // of new messages
	Put(ctx context.Context, entries ...search.Entry) error
	Remove(ctx context.Context, kind string, refs ...kernel.ID) error
}

// Findable registers messages with the search. A room's messages lie in the container of
// the room; who came later, or was away, does not find what was said without them.
func (s *Service) Findable(on func(name string, kind search.Kind)) {
	on(FoundText, search.Kind{Right: UseRight, Containers: s.containers, Show: s.whereabouts})
	on(FoundFile, search.Kind{Right: UseRight, Show: s.whereabouts})
}

func containerOf(room kernel.ID) string { return "room:" + room.String() }

// containers are the rooms that a person belongs to now.
func (s *Service) containers(ctx context.Context, person kernel.ID) ([]string, error) {
	var rooms []kernel.ID
	err := s.db.Q(ctx).NewRaw(`SELECT room_id FROM chat_member WHERE person_id = ? AND left_seq IS NULL`, person).Scan(ctx, &rooms)
	if err != nil {
		return nil, fmt.Errorf("list the rooms of a person: %w", err)
	}
	out := make([]string, len(rooms))
	for i, room := range rooms {
		out[i] = containerOf(room)
	}
	return out, nil
}

// whereabouts tells where messages stand, of those that the person may see.
func (s *Service) whereabouts(ctx context.Context, person kernel.ID, ids []kernel.ID) (map[kernel.ID]search.Shown, error) {
	var rows []struct {
		ID       kernel.ID  `bun:"id"`
		Seq      int64      `bun:"seq"`
		ThreadID *kernel.ID `bun:"thread_id"`
		Author   string     `bun:"author"`
		Room     string     `bun:"room_name"`
		Kind     string     `bun:"room_kind"`
	}
	query := mine(`SELECT m.id, m.seq, m.thread_id, coalesce((SELECT p.name FROM person p WHERE p.id = m.author_id), '') AS author, r.kind AS room_kind, `+
		roomNameSQL+` AS room_name`+foundFrom+`WHERE m.id IN (?) AND m.recalled_at IS NULL AND `+visibleSQL, person)
	if err := s.db.Q(ctx).NewRaw(query, bun.List(ids)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("see which messages may be found: %w", err)
	}
	out := map[kernel.ID]search.Shown{}
	for _, r := range rows {
		out[r.ID] = search.Shown{Author: r.Author, Place: r.Room, PlaceKind: r.Kind, Seq: r.Seq, Thread: r.ThreadID}
	}
	return out, nil
}

// entries are what a message is found by: what was written, also in what it forwards,
// and what its files are called.
func (p *post) entries() []search.Entry {
	if p.Kind == System || p.Kind == Card {
		return nil
	}
	texts, names := p.words()
	out := []search.Entry{}
	in := []string{containerOf(p.row.RoomID)}
	if len(texts) > 0 {
		out = append(out, search.Entry{Kind: FoundText, Ref: p.ID, Container: in, Text: strings.Join(texts, "\n"), At: p.row.At})
	}
	if len(names) > 0 {
		out = append(out, search.Entry{Kind: FoundFile, Ref: p.ID, Container: in, Title: strings.Join(names, "\n"), At: p.row.At})
	}
	return out
}

func (p *post) words() (texts, names []string) {
	if p.Text != "" {
		texts = append(texts, p.Text)
	}
	if p.Kind != Voice {
		names = namesOf(p.data.Files)
	}
	if p.data.Merged != nil {
		more, files := p.data.Merged.words()
		texts, names = append(texts, more...), append(names, files...)
	}
	return texts, names
}

func (m *Merged) words() (texts, names []string) {
	texts = []string{m.Title}
	for _, item := range m.Items {
		if item.Text != "" {
			texts = append(texts, item.Text)
		}
		if item.Kind != Voice {
			names = append(names, namesOf(item.Files)...)
		}
		if item.Merged != nil {
			more, files := item.Merged.words()
			texts, names = append(texts, more...), append(names, files...)
		}
	}
	return texts, names
}

func namesOf(list []Attached) []string {
	var names []string
	for _, f := range list {
		names = append(names, f.Name)
	}
	return names
}

// makeFindable enters stored posts.
func (s *Service) makeFindable(ctx context.Context, stored []*post) error {
	var entries []search.Entry
	for _, p := range stored {
		entries = append(entries, p.entries()...)
	}
	return s.index.Add(ctx, entries...)
}

// unfind makes a recalled message unfindable.
func (s *Service) unfind(ctx context.Context, id kernel.ID) error {
	if err := s.index.Remove(ctx, FoundText, id); err != nil {
		return err
	}
	return s.index.Remove(ctx, FoundFile, id)
}
