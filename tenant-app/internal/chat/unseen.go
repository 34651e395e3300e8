package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Concerned are those whom a message is to reach also where no page of theirs is open:
// all members for an urgent one and for @所有人, else those mentioned, and the other
// one of a direct room.
func (s *Service) Concerned(ctx context.Context, event store.Event) ([]kernel.ID, error) {
	var what Posted
	if err := event.Decode(&what); err != nil {
		return nil, err
	}
	if event.Kind != EventUrgent && !what.All && what.Kind != Direct && what.Kind != Assistant {
		return what.Mentions, nil
	}
	var people []kernel.ID
	err := s.db.Q(ctx).NewRaw(`SELECT person_id FROM chat_member WHERE room_id = ? AND left_seq IS NULL AND person_id <> ? ORDER BY person_id`, what.Room, what.Author).Scan(ctx, &people)
	if err != nil {
		return nil, fmt.Errorf("list the members of a room: %w", err)
	}
	return people, nil
}

// Unseen is a message that somebody has not seen.
type Unseen struct {
	ID     kernel.ID
	Room   kernel.ID
	From   string // who wrote it, with the room's name where it is a group; of a card its title
	Text   string
	Kind   Kind
	Urgent bool
}

// unseenSQL says that ?me has not seen message m of the stay b; one that is urgent until
// they acknowledge it. A muted room calls nobody but for what is urgent.
const unseenSQL = `b.person_id = ?me AND b.left_seq IS NULL AND b.joined_seq < m.seq AND m.recalled_at IS NULL AND CASE
	WHEN m.urgent THEN NOT EXISTS (SELECT FROM chat_receipt c WHERE c.message_id = m.id AND c.person_id = ?me AND c.acknowledged_at IS NOT NULL)
	WHEN b.muted THEN false
	WHEN m.thread_id IS NOT NULL THEN NOT EXISTS (SELECT FROM chat_thread_member f WHERE f.thread_id = m.thread_id AND f.person_id = ?me AND f.read_seq >= m.thread_seq)
	ELSE m.seq > b.read_seq END`

// Unseen gives those of messages that a person may see and has not seen, the oldest first.
func (s *Service) Unseen(ctx context.Context, person kernel.ID, messages []kernel.ID) ([]Unseen, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	var rows []struct {
		messageRow
		Author   string   `bun:"author"`
		RoomName string   `bun:"room_name"`
		RoomKind RoomKind `bun:"room_kind"`
	}
	query := mine(`SELECT `+messageColumns+`, coalesce((SELECT p.name FROM person p WHERE p.id = m.author_id), '') AS author, r.kind AS room_kind, `+roomNameSQL+
		` AS room_name`+foundFrom+`JOIN chat_member b ON b.room_id = m.room_id WHERE m.id IN (?) AND `+unseenSQL+` ORDER BY m.at, m.id`, person)
	if err := s.db.Q(ctx).NewRaw(query, bun.List(messages)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("see what was not seen: %w", err)
	}
	out := make([]Unseen, len(rows))
	for i, row := range rows {
		out[i] = Unseen{ID: row.ID, Room: row.RoomID, From: row.Author, Text: row.Text, Kind: row.Kind, Urgent: row.Urgent}
		if row.RoomKind == Group || row.RoomKind == Department {
			out[i].From = row.RoomName + " · " + row.Author
		}
		if err := out[i].fill(row.Data); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fill adds what stands beside the text: names of files, the lines of a card.
func (u *Unseen) fill(raw json.RawMessage) error {
	data, err := decode[payload](raw)
	if err != nil || data == nil {
		return err
	}
	switch {
	case data.Card != nil:
		u.From = data.Card.Title
		lines := make([]string, len(data.Card.Fields))
		for i, f := range data.Card.Fields {
			lines[i] = f.Label + " " + f.Value
		}
		u.Text = strings.Join(lines, ", ")
	case data.Merged != nil:
		u.Text = data.Merged.Title
	case u.Kind != Voice && u.Text == "":
		u.Text = strings.Join(namesOf(data.Files), ", ")
	}
	return nil
}
