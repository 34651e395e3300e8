package chat

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// moveRow says that somebody has to come into a room, or to leave it.
type moveRow struct {
	RoomID   kernel.ID `bun:"room_id"`
	PersonID kernel.ID `bun:"person_id"`
	Name     string    `bun:"name"`
	Comes    bool      `bun:"comes"`
}

// movesSQL compares the rooms of departments with the people of each department and of
// those below it, and finds those who have left the company in groups.
const movesSQL = `WITH RECURSIVE below (room_id, department_id) AS (
		SELECT id, department_id FROM chat_room WHERE kind = 'department'
		UNION SELECT b.room_id, d.id FROM below b JOIN department d ON d.parent_id = b.department_id),
	wanted AS (SELECT DISTINCT b.room_id, m.person_id FROM below b JOIN membership m ON m.department_id = b.department_id AND m.valid_to IS NULL
		JOIN person p ON p.id = m.person_id AND p.deactivated_at IS NULL WHERE ?0),
	present AS (SELECT m.room_id, m.person_id FROM chat_member m JOIN chat_room r ON r.id = m.room_id AND r.kind = 'department' WHERE m.left_seq IS NULL AND ?0)
	SELECT coalesce(w.room_id, h.room_id) AS room_id, coalesce(w.person_id, h.person_id) AS person_id, p.name, h.room_id IS NULL AS comes
		FROM wanted w FULL JOIN present h ON h.room_id = w.room_id AND h.person_id = w.person_id JOIN person p ON p.id = coalesce(w.person_id, h.person_id)
		WHERE w.room_id IS NULL OR h.room_id IS NULL
	UNION ALL SELECT m.room_id, m.person_id, p.name, false FROM chat_member m JOIN chat_room r ON r.id = m.room_id AND r.kind = 'group'
		JOIN person p ON p.id = m.person_id AND p.deactivated_at IS NOT NULL WHERE m.left_seq IS NULL AND ?0`

// PeopleMoved follows the directory, in the transaction that changed it: people come
// into the rooms of their departments and leave those of departments they left, and
// whoever was deactivated leaves every group. Nil: look at everybody.
func (s *Service) PeopleMoved(ctx context.Context, people []kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error { return s.followDepartments(ctx, people) })
}

func (s *Service) followDepartments(ctx context.Context, people []kernel.ID) error {
	var args any = bun.Safe("true")
	if people != nil {
		if len(people) == 0 {
			return nil
		}
		args = bun.SafeQuery("m.person_id IN (?)", bun.List(people))
	}
	var moves []moveRow
	if err := s.db.Q(ctx).NewRaw(movesSQL, args).Scan(ctx, &moves); err != nil {
		return fmt.Errorf("compare rooms with departments: %w", err)
	}
	if len(moves) == 0 {
		return nil
	}
	// Rooms in one order, so that two changes cannot wait for each other.
	slices.SortFunc(moves, func(a, b moveRow) int { return bytes.Compare(a.RoomID[:], b.RoomID[:]) })
	for len(moves) > 0 {
		room := moves[0].RoomID
		n := 1
		for n < len(moves) && moves[n].RoomID == room {
			n++
		}
		if err := s.moveIn(ctx, room, moves[:n]); err != nil {
			return err
		}
		moves = moves[n:]
	}
	return nil
}

// moveIn does what a room's department asks for.
func (s *Service) moveIn(ctx context.Context, id kernel.ID, moves []moveRow) error {
	room := &roomRow{}
	if err := s.db.Q(ctx).NewRaw(`SELECT `+roomColumns+` FROM chat_room r WHERE r.id = ? FOR NO KEY UPDATE`, id).Scan(ctx, room); err != nil {
		return fmt.Errorf("lock a room: %w", err)
	}
	come, went := &Happening{Event: "joined"}, &Happening{Event: "left"}
	var coming, going []kernel.ID
	for _, m := range moves {
		if m.Comes {
			coming = append(coming, m.PersonID)
			come.add(Named{m.PersonID, m.Name})
		} else {
			going = append(going, m.PersonID)
			went.add(Named{m.PersonID, m.Name})
		}
	}
	if len(going) > 0 {
		if err := s.part(ctx, room, going, went); err != nil {
			return err
		}
		if err := s.db.Q(ctx).NewRaw(`SELECT last_seq FROM chat_room WHERE id = ?`, id).Scan(ctx, &room.LastSeq); err != nil {
			return fmt.Errorf("read a room: %w", err)
		}
	}
	if len(coming) > 0 {
		return s.join(ctx, room, coming, come)
	}
	return nil
}
