package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// maxMerged bounds what is copied into one message, in bytes.
const maxMerged = 256 << 10

// Forwarding says what goes where. IDs are those of the messages that it makes, room by
// room: one a room if merged, else one for each message.
type Forwarding struct {
	IDs      []kernel.ID
	Messages []kernel.ID
	Rooms    []kernel.ID
	Merged   bool
	Title    string // of the merged message
}

// Forward sends messages on, each by itself or all as one. It gives what was made.
func (s *Service) Forward(ctx context.Context, in Forwarding) ([]Message, error) {
	each := len(in.Messages)
	if in.Merged {
		each = 1
	}
	if len(in.IDs) != each*len(in.Rooms) || len(in.IDs) == 0 {
		return nil, kernel.Invalid("ids_do_not_match").With("want", each*len(in.Rooms)).OnField("body.ids")
	}
	var made []Message
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.readable(ctx, in.Messages)
		if err != nil {
			return err
		}
		if err := s.lock(ctx, in.Rooms...); err != nil {
			return err
		}
		for r, room := range in.Rooms {
			if _, err := s.enter(ctx, room); err != nil {
				return err
			}
			posts := make([]*post, 0, each)
			if in.Merged {
				p, err := s.merge(ctx, in.IDs[r], in.Title, rows)
				if err != nil {
					return err
				}
				posts = append(posts, p)
			} else {
				for i, row := range rows {
					posts = append(posts, row.copy(in.IDs[r*each+i], who(ctx).PersonID))
				}
			}
			for _, p := range posts {
				// One by one: their order is that of the originals.
				if err := s.append(ctx, room, []*post{p}); err != nil {
					return err
				}
				if p.err != nil {
					return p.err
				}
			}
		}
		for _, id := range in.IDs {
			m, err := s.Message(ctx, id)
			if err != nil {
				return err
			}
			made = append(made, m)
		}
		return nil
	})
	return made, err
}

// readable reads messages that the person may see and send on, in the order asked for.
func (s *Service) readable(ctx context.Context, ids []kernel.ID) ([]messageRow, error) {
	var rows []messageRow
	err := s.db.Q(ctx).NewRaw(mine(`SELECT `+messageColumns+` FROM chat_message m WHERE m.id IN (?) AND `+visibleSQL, who(ctx).PersonID), bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read what to forward: %w", err)
	}
	byID := map[kernel.ID]messageRow{}
	for _, row := range rows {
		byID[row.ID] = row
	}
	out := make([]messageRow, 0, len(ids))
	for _, id := range ids {
		row, ok := byID[id]
		switch {
		case !ok:
			return nil, kernel.NotFound("message_unknown")
		case row.RecalledAt != nil:
			return nil, kernel.Conflict("message_recalled")
		case row.Kind == System || row.Kind == Card:
			return nil, kernel.Conflict("message_not_forwardable")
		}
		out = append(out, row)
	}
	return out, nil
}

// copy is the message once more: its content, without what was asked or said around it.
func (r messageRow) copy(id, author kernel.ID) *post {
	p := &post{NewMessage: NewMessage{ID: id, Kind: r.Kind, Text: r.Text}, author: author}
	if data, err := decode[payload](r.Data); err == nil && data != nil {
		p.data = payload{Files: data.Files, Merged: data.Merged}
		if p.share = idsOf(data.Files); data.Merged != nil {
			p.share = data.Merged.all()
		}
	}
	return p
}

// merge makes one message of several.
func (s *Service) merge(ctx context.Context, id kernel.ID, title string, rows []messageRow) (*post, error) {
	title, err := cleanName(title)
	if err != nil {
		return nil, err
	}
	authors, err := s.names(ctx, rows)
	if err != nil {
		return nil, err
	}
	merged := &Merged{Title: title, Items: []MergedItem{}}
	for _, row := range rows {
		item := MergedItem{At: row.At, Kind: row.Kind, Text: row.Text}
		if row.AuthorID != nil {
			item.Author = authors[*row.AuthorID]
		}
		if data, err := decode[payload](row.Data); err != nil {
			return nil, err
		} else if data != nil {
			item.Files, item.Merged = data.Files, data.Merged
		}
		merged.Items = append(merged.Items, item)
	}
	raw, err := json.Marshal(merged)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxMerged {
		return nil, kernel.TooLarge("forward_too_large").With("max", maxMerged)
	}
	return &post{NewMessage: NewMessage{ID: id, Kind: Forward}, author: who(ctx).PersonID, data: payload{Merged: merged}, share: merged.all()}, nil
}

func (s *Service) names(ctx context.Context, rows []messageRow) (map[kernel.ID]string, error) {
	ids := []kernel.ID{kernel.NoID}
	for _, row := range rows {
		if row.AuthorID != nil {
			ids = append(ids, *row.AuthorID)
		}
	}
	var people []Named
	if err := s.db.Q(ctx).NewRaw(`SELECT id, name FROM person WHERE id IN (?)`, bun.List(ids)).Scan(ctx, &people); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	names := map[kernel.ID]string{}
	for _, p := range people {
		names[p.ID] = p.Name
	}
	return names, nil
}
