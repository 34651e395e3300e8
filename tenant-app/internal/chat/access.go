package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// roomRow is a room as it stands in the database.
type roomRow struct {
	ID           kernel.ID  `bun:"id"`
	Kind         RoomKind   `bun:"kind"`
	Name         string     `bun:"name"`
	DepartmentID *kernel.ID `bun:"department_id"`
	OwnerID      *kernel.ID `bun:"owner_id"`
	Notice       string     `bun:"notice"`
	NoticeBy     *kernel.ID `bun:"notice_by"`
	NoticeAt     *time.Time `bun:"notice_at"`
	LastSeq      int64      `bun:"last_seq"`
	LastAt       time.Time  `bun:"last_at"`
	Members      int        `bun:"members"`
	Externals    int        `bun:"externals"`
	CreatedBy    kernel.ID  `bun:"created_by"`
}

const roomColumns = `r.id, r.kind, r.name, r.department_id, r.owner_id, r.notice, r.notice_by, r.notice_at, r.last_seq, r.last_at,
	r.members, r.externals, r.created_by`

// stayRow is one stay of the asking person in a room.
type stayRow struct {
	JoinedSeq int64  `bun:"joined_seq"`
	LeftSeq   *int64 `bun:"left_seq"`
	ReadSeq   int64  `bun:"read_seq"`
	Pinned    bool   `bun:"pinned"`
	Muted     bool   `bun:"muted"`
}

// access is a room with what a member of it may see: the stays, the present one last.
type access struct {
	roomRow
	me       kernel.ID
	outsider bool
	stays    []stayRow
}

func (a *access) now() stayRow { return a.stays[len(a.stays)-1] }

// sees says whether the message at a place in the room is of the person's time.
func (a *access) sees(seq int64) bool {
	return slices.ContainsFunc(a.stays, func(s stayRow) bool {
		return s.JoinedSeq < seq && (s.LeftSeq == nil || seq <= *s.LeftSeq)
	})
}

// visible is sees as a condition on m.
func (a *access) visible() string {
	parts := make([]string, len(a.stays))
	for i, s := range a.stays {
		if parts[i] = fmt.Sprintf("m.seq > %d", s.JoinedSeq); s.LeftSeq != nil {
			parts[i] += fmt.Sprintf(" AND m.seq <= %d", *s.LeftSeq)
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// visibleSQL is the condition for a query over many rooms: m is a message, the person
// belongs to its room now and belonged then.
const visibleSQL = `EXISTS (SELECT FROM chat_member v WHERE v.room_id = m.room_id AND v.person_id = ?me AND v.left_seq IS NULL)
	AND EXISTS (SELECT FROM chat_member v WHERE v.room_id = m.room_id AND v.person_id = ?me AND v.joined_seq < m.seq AND (v.left_seq IS NULL OR m.seq <= v.left_seq))`

// enter reads a room for the person behind the request. To everyone who does not
// belong to it now, it does not exist.
func (s *Service) enter(ctx context.Context, room kernel.ID) (*access, error) {
	return s.enterAs(ctx, room, who(ctx).PersonID)
}

// enterLocked is enter for a change of the room: others wait until the transaction ends.
func (s *Service) enterLocked(ctx context.Context, room kernel.ID) (*access, error) {
	if err := s.lock(ctx, room); err != nil {
		return nil, err
	}
	return s.enter(ctx, room)
}

func (s *Service) lock(ctx context.Context, rooms ...kernel.ID) error {
	_, err := s.db.Q(ctx).NewRaw(`SELECT id FROM chat_room WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE`, bun.List(rooms)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("lock a room: %w", err)
	}
	return nil
}

func (s *Service) enterAs(ctx context.Context, room, person kernel.ID) (*access, error) {
	var rows []struct {
		roomRow
		stayRow
		Outsider bool `bun:"outsider"`
	}
	err := s.db.Q(ctx).NewRaw(`SELECT `+roomColumns+`, b.joined_seq, b.left_seq, b.read_seq, b.pinned, b.muted, p.external_organisation_id IS NOT NULL AS outsider
		FROM chat_member b JOIN chat_room r ON r.id = b.room_id JOIN person p ON p.id = b.person_id
		WHERE b.room_id = ? AND b.person_id = ? ORDER BY b.joined_seq`, room, person).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read a room: %w", err)
	}
	if len(rows) == 0 || rows[len(rows)-1].LeftSeq != nil {
		return nil, kernel.NotFound("room_unknown")
	}
	a := &access{roomRow: rows[0].roomRow, me: person, outsider: rows[0].Outsider}
	for _, row := range rows {
		a.stays = append(a.stays, row.stayRow)
	}
	return a, nil
}

// manages says whether the person may rename, write the notice and take people out: the
// owner of a group, a head of a department, an administrator in either.
func (s *Service) manages(ctx context.Context, a *access) (bool, error) {
	switch a.Kind {
	case Group:
		return a.OwnerID != nil && *a.OwnerID == a.me || who(ctx).May(ManageRight) && !a.outsider, nil
	case Department:
		if who(ctx).May(ManageRight) {
			return true, nil
		}
		return s.heads(ctx, *a.DepartmentID, a.me)
	}
	return false, nil
}

// heads says whether somebody is a head of a department.
func (s *Service) heads(ctx context.Context, department, person kernel.ID) (bool, error) {
	var is bool
	err := s.db.Q(ctx).NewRaw(`SELECT EXISTS (SELECT FROM department_head WHERE department_id = ? AND person_id = ?)`, department, person).Scan(ctx, &is)
	if err != nil {
		return false, fmt.Errorf("look for a head of the department: %w", err)
	}
	return is, nil
}

// found is a message that the asking person may see, with its room.
type found struct {
	messageRow
	in *access
}

// find reads a message that the person behind the request may see. lock keeps others
// from changing it.
func (s *Service) find(ctx context.Context, id kernel.ID, lock bool) (*found, error) {
	return s.findAs(ctx, id, who(ctx).PersonID, lock)
}

// findAs is find for any person.
func (s *Service) findAs(ctx context.Context, id, person kernel.ID, lock bool) (*found, error) {
	f := &found{}
	query := `SELECT ` + messageColumns + ` FROM chat_message m WHERE m.id = ?`
	if lock {
		query += ` FOR NO KEY UPDATE`
	}
	err := s.db.Q(ctx).NewRaw(query, id).Scan(ctx, &f.messageRow)
	if store.IsNoRows(err) {
		return nil, kernel.NotFound("message_unknown")
	}
	if err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	f.in, err = s.enterAs(ctx, f.RoomID, person)
	if kernel.HasCode(err, "room_unknown") || err == nil && !f.in.sees(f.Seq) {
		return nil, kernel.NotFound("message_unknown")
	}
	return f, err
}
