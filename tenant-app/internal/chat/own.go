package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
)

const (
	readsWait = 500 * time.Millisecond // between two hints that somebody has read
	readsMost = 200                    // members of a room in which such hints are given
)

// Read moves one's cursor in a room, or in a thread of it, forward to a message; an
// earlier one is left alone.
func (s *Service) Read(ctx context.Context, room kernel.ID, seq int64, thread kernel.ID) error {
	in, err := s.enter(ctx, room)
	if err != nil {
		return err
	}
	if thread != kernel.NoID {
		return s.readThread(ctx, in, thread, seq)
	}
	seq = min(seq, in.LastSeq)
	if seq <= in.now().ReadSeq {
		return nil
	}
	err = s.unlessUnchanged(ctx, "note what was read", `UPDATE chat_member SET read_seq = ?2 WHERE room_id = ?0 AND person_id = ?1 AND left_seq IS NULL AND read_seq < ?2`, room, in.me, seq)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	s.live.Hint(ctx, live.To{People: []kernel.ID{in.me}}, live.Hint{Kind: "read", Room: room, Seq: seq})
	if in.Members > 1 && in.Members <= readsMost {
		s.live.HintSoon(ctx, room, readsWait, live.Hint{Kind: "reads", Room: room})
	}
	return nil
}

// Settings are one's own for a room.
type Settings struct {
	Pinned bool
	Muted  bool
}

// Set changes one's own settings for a room.
func (s *Service) Set(ctx context.Context, room kernel.ID, settings Settings) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		in, err := s.enter(ctx, room)
		if err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_member SET pinned = ?, muted = ? WHERE room_id = ? AND person_id = ? AND left_seq IS NULL`,
			settings.Pinned, settings.Muted, room, in.me).Exec(ctx); err != nil {
			return fmt.Errorf("keep the settings of a room: %w", err)
		}
		s.live.Hint(ctx, live.To{People: []kernel.ID{in.me}}, live.Hint{Kind: "room", ID: room, Room: room})
		return nil
	})
}

// Change is what may be changed of a room; nil stays.
type Change struct {
	Name   *string
	Notice *string // 群公告; empty takes it away
}

// ChangeRoom renames a group or writes the notice of a room.
func (s *Service) ChangeRoom(ctx context.Context, room kernel.ID, change Change) (Room, error) {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		in, err := s.enterLocked(ctx, room)
		if err != nil {
			return err
		}
		if in.Kind != Group && in.Kind != Department {
			return kernel.Conflict("room_is_no_group")
		}
		if may, err := s.manages(ctx, in); err != nil || !may {
			return orForbidden(err)
		}
		if change.Name != nil {
			if err := s.rename(ctx, in, *change.Name); err != nil {
				return err
			}
		}
		if change.Notice != nil {
			return s.notice(ctx, in, *change.Notice)
		}
		return nil
	})
	if err != nil {
		return Room{}, err
	}
	return s.Room(ctx, room)
}

func (s *Service) rename(ctx context.Context, in *access, name string) error {
	name, err := cleanName(name)
	switch {
	case err != nil:
		return err
	case in.Kind == Department:
		return kernel.Conflict("room_follows_department")
	case name == "":
		return kernel.Invalid("room_name_missing").OnField("body.name")
	case name == in.Name:
		return nil
	}
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room SET name = ? WHERE id = ?`, name, in.ID).Exec(ctx); err != nil {
		return fmt.Errorf("rename a room: %w", err)
	}
	return s.happen(ctx, in.ID, &Happening{Event: "renamed", By: &Named{in.me, who(ctx).Name}, Name: name})
}

func (s *Service) notice(ctx context.Context, in *access, text string) error {
	text, err := limited(text, maxNotice, "notice")
	if err != nil || text == in.Notice {
		return err
	}
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room SET notice = ?, notice_by = ?, notice_at = ? WHERE id = ?`, text, in.me, s.clock(), in.ID).Exec(ctx); err != nil {
		return fmt.Errorf("write the notice of a room: %w", err)
	}
	return s.happen(ctx, in.ID, &Happening{Event: "notice", By: &Named{in.me, who(ctx).Name}})
}

// PutAside keeps a message for later (稍后处理), or takes it off that list.
func (s *Service) PutAside(ctx context.Context, id kernel.ID, on bool) error {
	me := who(ctx).PersonID
	if !on {
		_, err := s.db.Q(ctx).NewRaw(`DELETE FROM chat_later WHERE person_id = ? AND message_id = ?`, me, id).Exec(ctx)
		return err
	}
	if _, err := s.find(ctx, id, false); err != nil {
		return err
	}
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO chat_later (person_id, message_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, me, id, s.clock()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("put a message aside: %w", err)
	}
	return nil
}
