package chat

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"github.com/uptrace/bun"
)

const shownPeople = 20 // named in a system message

func (h *Happening) add(p Named) {
	if len(h.People) < shownPeople {
		h.People = append(h.People, p)
	}
	h.Count++
}

// join lets people into a room that the transaction of ctx holds. They see what comes
// from now on. happened is told in the room, unless nil.
func (s *Service) join(ctx context.Context, room *roomRow, people []kernel.ID, happened *Happening) error {
	if _, err := s.db.Q(ctx).NewRaw(`INSERT INTO chat_member (room_id, person_id, joined_seq, read_seq, joined_at)
		SELECT ?0, id, ?1, ?1, ?2 FROM unnest(ARRAY[?3]::uuid[]) AS p (id)
		WHERE NOT EXISTS (SELECT FROM chat_member b WHERE b.room_id = ?0 AND b.person_id = p.id AND b.left_seq IS NULL)`,
		room.ID, room.LastSeq, s.clock(), bun.List(people)).Exec(ctx); err != nil {
		return fmt.Errorf("let people into a room: %w", err)
	}
	if err := s.recount(ctx, room.ID); err != nil {
		return err
	}
	s.live.Join(ctx, room.ID, room.LastSeq, people)
	if err := s.tellRoom(ctx, room.ID, people); err != nil {
		return err
	}
	return s.happen(ctx, room.ID, happened)
}

// part ends the stay of people in a room that the transaction of ctx holds.
func (s *Service) part(ctx context.Context, room *roomRow, people []kernel.ID, happened *Happening) error {
	s.live.Leave(ctx, room.ID, people)
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_member SET left_seq = ?, left_at = ?, read_seq = least(read_seq, ?) WHERE room_id = ? AND person_id IN (?) AND left_seq IS NULL`,
		room.LastSeq, s.clock(), room.LastSeq, room.ID, bun.List(people)).Exec(ctx); err != nil {
		return fmt.Errorf("let people out of a room: %w", err)
	}
	if err := s.recount(ctx, room.ID); err != nil {
		return err
	}
	if err := s.tellRoom(ctx, room.ID, people); err != nil {
		return err
	}
	if err := s.happen(ctx, room.ID, happened); err != nil {
		return err
	}
	return s.inherit(ctx, room, people)
}

// inherit gives a group whose owner left to whoever has been there longest.
func (s *Service) inherit(ctx context.Context, room *roomRow, gone []kernel.ID) error {
	if room.Kind != Group || room.OwnerID == nil {
		return nil
	}
	for _, person := range gone {
		if person != *room.OwnerID {
			continue
		}
		var heirs []Named
		err := s.db.Q(ctx).NewRaw(`SELECT p.id, p.name FROM chat_member b JOIN person p ON p.id = b.person_id
			WHERE b.room_id = ? AND b.left_seq IS NULL AND p.external_organisation_id IS NULL AND p.deactivated_at IS NULL
			ORDER BY b.joined_seq, b.joined_at, p.sort, p.sort_key, p.id LIMIT 1`, room.ID).Scan(ctx, &heirs)
		if err != nil {
			return fmt.Errorf("look for a new owner: %w", err)
		}
		if len(heirs) == 0 {
			return nil
		}
		return s.setOwner(ctx, room.ID, heirs[0], nil)
	}
	return nil
}

func (s *Service) setOwner(ctx context.Context, room kernel.ID, to Named, by *Named) error {
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room SET owner_id = ? WHERE id = ?`, to.ID, room).Exec(ctx); err != nil {
		return fmt.Errorf("give a group to somebody else: %w", err)
	}
	return s.happen(ctx, room, &Happening{Event: "owner", By: by, People: []Named{to}, Count: 1})
}

func (s *Service) recount(ctx context.Context, room kernel.ID) error {
	_, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room SET (members, externals) = (SELECT count(*), count(p.external_organisation_id)
		FROM chat_member b JOIN person p ON p.id = b.person_id WHERE b.room_id = ?0 AND b.left_seq IS NULL) WHERE id = ?0`, room).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count the members of a room: %w", err)
	}
	return nil
}

// tellRoom has people's pages read the room anew.
func (s *Service) tellRoom(ctx context.Context, room kernel.ID, people []kernel.ID) error {
	return s.live.Tell(ctx, people, live.Hint{Kind: "room", ID: room, Room: room})
}

// changed has everybody's page in a room read it anew.
func (s *Service) changed(ctx context.Context, room kernel.ID) {
	s.live.Hint(ctx, live.To{Room: room}, live.Hint{Kind: "room", ID: room, Room: room})
}

// happen tells in a room what happened to it.
func (s *Service) happen(ctx context.Context, room kernel.ID, happened *Happening) error {
	if happened == nil {
		return nil
	}
	p := &post{NewMessage: NewMessage{ID: kernel.NewID(), Kind: System}, data: payload{System: happened}}
	if err := s.append(ctx, room, []*post{p}); err != nil {
		return err
	}
	s.changed(ctx, room)
	return p.err
}

// Invite lets people into a group. Whoever belongs to it may, except outsiders.
func (s *Service) Invite(ctx context.Context, room kernel.ID, ids []kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		in, err := s.enterLocked(ctx, room)
		if err != nil {
			return err
		}
		switch {
		case in.Kind == Department:
			return kernel.Conflict("room_follows_department")
		case in.Kind != Group:
			return kernel.Conflict("room_is_no_group")
		case in.outsider:
			return kernel.Forbidden("outsiders_invite_nobody")
		}
		people, err := s.invitees(ctx, ids)
		if err != nil {
			return err
		}
		return s.letIn(ctx, in, people)
	})
}

func (s *Service) letIn(ctx context.Context, in *access, people []invitee) error {
	var present []kernel.ID
	if err := s.db.Q(ctx).NewRaw(`SELECT person_id FROM chat_member WHERE room_id = ? AND left_seq IS NULL`, in.ID).Scan(ctx, &present); err != nil {
		return fmt.Errorf("read the members of a room: %w", err)
	}
	belongs := map[kernel.ID]bool{}
	for _, id := range present {
		belongs[id] = true
	}
	happened := &Happening{Event: "joined", By: &Named{in.me, who(ctx).Name}}
	var fresh []kernel.ID
	for _, p := range people {
		if !belongs[p.ID] {
			fresh = append(fresh, p.ID)
			happened.add(Named{p.ID, p.Name})
		}
	}
	switch {
	case len(fresh) == 0:
		return nil // a repeat
	case len(present)+len(fresh) > maxMembers:
		return kernel.Invalid("members_too_many").With("max", maxMembers).OnField("body.personIds")
	}
	return s.join(ctx, &in.roomRow, fresh, happened)
}

// Remove takes somebody out of a group, or oneself.
func (s *Service) Remove(ctx context.Context, room, person kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		in, err := s.enterLocked(ctx, room)
		if err != nil {
			return err
		}
		if in.Kind == Department {
			return kernel.Conflict("room_follows_department")
		}
		if in.Kind != Group {
			return kernel.Conflict("room_is_no_group")
		}
		if person != in.me {
			if may, err := s.manages(ctx, in); err != nil || !may {
				return orForbidden(err)
			}
		}
		member, err := s.member(ctx, room, person)
		if err != nil || member == nil {
			return err // gone already: a repeat
		}
		happened := &Happening{Event: "left", People: []Named{*member}, Count: 1}
		if person != in.me {
			happened.Event, happened.By = "removed", &Named{in.me, who(ctx).Name}
		}
		return s.part(ctx, &in.roomRow, []kernel.ID{person}, happened)
	})
}

func orForbidden(err error) error {
	if err != nil {
		return err
	}
	return kernel.Forbidden("room_owner_only")
}

// member is somebody who belongs to a room now; nil if they do not.
func (s *Service) member(ctx context.Context, room, person kernel.ID) (*Named, error) {
	var rows []Named
	err := s.db.Q(ctx).NewRaw(`SELECT p.id, p.name FROM chat_member b JOIN person p ON p.id = b.person_id WHERE b.room_id = ? AND b.person_id = ? AND b.left_seq IS NULL`, room, person).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("look for a member: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// GiveTo makes another member the owner of a group.
func (s *Service) GiveTo(ctx context.Context, room, person kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		in, err := s.enterLocked(ctx, room)
		if err != nil {
			return err
		}
		if in.Kind != Group {
			return kernel.Conflict("room_is_no_group")
		}
		if in.OwnerID != nil && *in.OwnerID == person {
			return nil // a repeat
		}
		if may, err := s.manages(ctx, in); err != nil || !may {
			return orForbidden(err)
		}
		heir, err := s.member(ctx, room, person)
		if err != nil {
			return err
		}
		if heir == nil {
			return kernel.Invalid("person_unknown").OnField("body.personId")
		}
		return s.setOwner(ctx, room, *heir, &Named{in.me, who(ctx).Name})
	})
}

// Members are those who belong to a room now: the owner first, then as in the directory.
func (s *Service) Members(ctx context.Context, room kernel.ID, query string, page kernel.PageQuery) (kernel.Page[RoomMember], error) {
	in, err := s.enter(ctx, room)
	if err != nil {
		return kernel.Page[RoomMember]{Items: []RoomMember{}}, err
	}
	return s.members(ctx, &in.roomRow, query, page)
}

type memberRow struct {
	personJSON
	Owner   bool   `bun:"owner"`
	Sort    int    `bun:"sort"`
	SortKey string `bun:"sort_key"`
}

func (s *Service) members(ctx context.Context, room *roomRow, query string, page kernel.PageQuery) (kernel.Page[RoomMember], error) {
	none := kernel.Page[RoomMember]{Items: []RoomMember{}}
	keys, err := kernel.DecodeCursor(page.Cursor, 4)
	if err != nil {
		return none, err
	}
	owner := kernel.NoID
	if room.OwnerID != nil {
		owner = *room.OwnerID
	}
	q := s.db.Q(ctx).NewSelect().TableExpr("chat_member AS b").Join("JOIN person AS p ON p.id = b.person_id").
		ColumnExpr(`p.id, p.name, coalesce(p.avatar, '') AS avatar, p.external_organisation_id IS NOT NULL AS external, p.deactivated_at IS NOT NULL AS "left"`).
		ColumnExpr("p.id = ? AS owner, p.sort, p.sort_key", owner).Where("b.room_id = ? AND b.left_seq IS NULL", room.ID)
	if text := strings.TrimSpace(clean(query)); text != "" {
		q = q.Where("p.search @@ ?::tsquery", directory.SearchQuery(text))
	}
	if keys != nil {
		first, bad := strconv.ParseBool(keys[0])
		sort, bad2 := strconv.Atoi(keys[1])
		id, bad3 := kernel.ParseID(keys[3])
		if bad != nil || bad2 != nil || bad3 != nil {
			return none, kernel.Malformed("cursor_malformed")
		}
		q = q.Where("(p.id <> ?, p.sort, p.sort_key, p.id) > (?, ?, ?, ?)", owner, !first, sort, clean(keys[2]), id)
	}
	var rows []memberRow
	if err := q.OrderExpr("p.id <> ?, p.sort, p.sort_key, p.id", owner).Limit(int64(page.Size())+1).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list the members of a room: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r memberRow) []string {
		return []string{strconv.FormatBool(r.Owner), strconv.Itoa(r.Sort), r.SortKey, r.ID.String()}
	})
	out := kernel.Page[RoomMember]{Items: make([]RoomMember, len(cut.Items)), Next: cut.Next}
	for i, row := range cut.Items {
		out.Items[i] = RoomMember{Person: row.person(), Role: "member"}
		if row.Owner {
			out.Items[i].Role = "owner"
		}
	}
	return out, nil
}
