package chat

import (
	"context"
	"errors"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
)

// Edit changes the text of one's own message, for a day. Whom it mentions stays.
func (s *Service) Edit(ctx context.Context, id kernel.ID, text string) (Message, error) {
	text, err := limited(text, maxText, "text")
	if err != nil {
		return Message{}, err
	}
	err = s.changing(ctx, id, func(ctx context.Context, f *found) error {
		switch {
		case !f.by(f.in.me):
			return kernel.Forbidden("message_of_others")
		case f.RecalledAt != nil:
			return kernel.Conflict("message_recalled")
		case f.Kind != Text:
			return kernel.Conflict("message_not_text")
		case text == "":
			return kernel.Invalid("text_empty").OnField("body.text")
		case s.clock().Sub(f.At) > editLimit:
			return kernel.Conflict("edit_too_late").With("hours", int(editLimit.Hours()))
		case text == f.Text:
			return errUnchanged
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_message SET text = ?, edited_at = ? WHERE id = ?`, text, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("edit a message: %w", err)
		}
		edited := &post{NewMessage: NewMessage{ID: id, Kind: Text, Text: text}, row: f.messageRow}
		return s.index.Put(ctx, edited.entries()...)
	})
	if err != nil {
		return Message{}, err
	}
	return s.Message(ctx, id)
}

// Recall takes a message back: one's own for a day, anybody's for who manages the room.
// Nothing of its content stays in the database.
func (s *Service) Recall(ctx context.Context, id kernel.ID) (Message, error) {
	err := s.changing(ctx, id, func(ctx context.Context, f *found) error {
		switch {
		case f.RecalledAt != nil:
			return errUnchanged
		case f.Kind == System || f.Kind == Card:
			return kernel.Conflict("message_not_recallable")
		case f.by(f.in.me):
			if s.clock().Sub(f.At) > recallLimit {
				return kernel.Conflict("recall_too_late").With("hours", int(recallLimit.Hours()))
			}
		default:
			if may, err := s.manages(ctx, f.in); err != nil {
				return err
			} else if !may {
				return kernel.Forbidden("message_of_others")
			}
		}
		return s.erase(ctx, id)
	})
	if err != nil {
		return Message{}, err
	}
	return s.Message(ctx, id)
}

// erase leaves of a message nothing but its place.
func (s *Service) erase(ctx context.Context, id kernel.ID) error {
	_, err := s.db.Q(ctx).NewRaw(`UPDATE chat_message SET text = '', data = NULL, mentions = NULL, mention_all = false, quote_id = NULL,
		edited_at = NULL, recalled_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("recall a message: %w", err)
	}
	if _, err := s.db.Q(ctx).NewRaw(`DELETE FROM chat_reaction WHERE message_id = ?`, id).Exec(ctx); err != nil {
		return fmt.Errorf("recall a message: %w", err)
	}
	if err := s.unfind(ctx, id); err != nil {
		return err
	}
	return s.files.Drop(ctx, files.Ref{Kind: FileKind, ID: id})
}

// errUnchanged ends a change that has been made before.
var errUnchanged = errors.New("unchanged")

// changing runs change on a message that nobody else changes meanwhile, counts its
// revision up and hints at it.
func (s *Service) changing(ctx context.Context, id kernel.ID, change func(ctx context.Context, f *found) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		f, err := s.find(ctx, id, true)
		if err != nil {
			return err
		}
		if err := change(ctx, f); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil
			}
			return err
		}
		return s.touch(ctx, f.messageRow)
	})
}

// touch counts a message's revision up and hints at it.
func (s *Service) touch(ctx context.Context, m messageRow) error {
	err := s.db.Q(ctx).NewRaw(`UPDATE chat_message SET revision = revision + 1 WHERE id = ? RETURNING revision`, m.ID).Scan(ctx, &m.Revision)
	if err != nil {
		return fmt.Errorf("count a message up: %w", err)
	}
	s.tellChanged(ctx, m)
	return nil
}

// tellChanged has pages read a message anew.
func (s *Service) tellChanged(ctx context.Context, m messageRow) {
	hint := live.Hint{Kind: "message", ID: m.ID, Room: m.RoomID, Seq: m.Seq, Revision: m.Revision}
	if m.ThreadID != nil {
		hint.Thread, hint.Seq = *m.ThreadID, m.ThreadSeq
	}
	s.live.Hint(ctx, live.To{Room: m.RoomID}, hint)
}

// React adds or takes away one's own reaction.
func (s *Service) React(ctx context.Context, id kernel.ID, emoji string, on bool) error {
	if !isEmoji(emoji) {
		return kernel.Invalid("emoji_invalid").OnField("path.emoji")
	}
	return s.changing(ctx, id, func(ctx context.Context, f *found) error {
		if f.RecalledAt != nil || f.Kind == System {
			return kernel.Conflict("message_recalled")
		}
		query, args := `DELETE FROM chat_reaction WHERE message_id = ? AND emoji = ? AND person_id = ?`, []any{id, emoji, f.in.me}
		if on {
			var others int
			err := s.db.Q(ctx).NewRaw(`SELECT count(DISTINCT emoji) FROM chat_reaction WHERE message_id = ? AND emoji <> ?`, id, emoji).Scan(ctx, &others)
			if err != nil {
				return fmt.Errorf("count reactions: %w", err)
			}
			if others >= maxEmojis {
				return kernel.Conflict("reactions_too_many").With("max", maxEmojis)
			}
			query = `INSERT INTO chat_reaction (message_id, emoji, person_id, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
			args = append(args, s.clock())
		}
		return s.unlessUnchanged(ctx, "react", query, args...)
	})
}

// unlessUnchanged runs a statement and says whether a row changed.
func (s *Service) unlessUnchanged(ctx context.Context, what, query string, args ...any) error {
	result, err := s.db.Q(ctx).NewRaw(query, args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return errUnchanged
}
