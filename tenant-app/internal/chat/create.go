package chat

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// NewRoom is what somebody wants to begin. The id is made by the client: a repeat gives
// the room that the first one made.
type NewRoom struct {
	ID           kernel.ID
	Kind         RoomKind
	Name         string
	Members      []kernel.ID // others than the one who asks
	DepartmentID kernel.ID
}

// Create begins a room, or gives the one that is there: of two persons, of a department
// and of oneself there is one only, whatever its id.
func (s *Service) Create(ctx context.Context, in NewRoom) (Room, error) {
	if in.ID == kernel.NoID {
		return Room{}, kernel.Invalid("id_malformed").OnField("body.id")
	}
	id, err := s.create(ctx, in)
	if store.IsUnique(err, "chat_room_pkey") {
		id, err = s.create(ctx, in) // the same request ran twice at this moment: now it is there
	}
	if err != nil {
		return Room{}, err
	}
	return s.Room(ctx, id)
}

func (s *Service) create(ctx context.Context, in NewRoom) (id kernel.ID, err error) {
	id = in.ID
	err = s.db.InTx(ctx, func(ctx context.Context) (err error) {
		if known, err := s.begun(ctx, in.ID); known || err != nil {
			return err
		}
		switch in.Kind {
		case Direct:
			id, err = s.createDirect(ctx, in)
		case Self:
			me := who(ctx).PersonID
			id, err = s.createUnique(ctx, in.ID, Self, "self", "self:"+me.String(), nil, []kernel.ID{me})
		case Department:
			id, err = s.createDepartment(ctx, in)
		default:
			err = s.createGroup(ctx, in)
		}
		return err
	})
	return id, err
}

// begun says whether the person has made the room before.
func (s *Service) begun(ctx context.Context, id kernel.ID) (bool, error) {
	var by kernel.ID
	err := s.db.Q(ctx).NewRaw(`SELECT created_by FROM chat_room WHERE id = ?`, id).Scan(ctx, &by)
	switch {
	case store.IsNoRows(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for a room: %w", err)
	case by != who(ctx).PersonID:
		return false, kernel.Conflict("id_taken").OnField("body.id")
	}
	return true, nil
}

// invitee is what matters of somebody who is to come into a room.
type invitee struct {
	ID       kernel.ID  `bun:"id"`
	Name     string     `bun:"name"`
	Liaison  *kernel.ID `bun:"liaison_id"`
	Outsider bool       `bun:"outsider"`
}

// invitees reads people and refuses those who are not here or may not be seen, and
// outsiders whose 对接人 is somebody else: they come in through their own one alone.
func (s *Service) invitees(ctx context.Context, ids []kernel.ID) ([]invitee, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	visible, args, err := directory.Visible(ctx, s.rights)
	if err != nil {
		return nil, err
	}
	var rows []invitee
	err = s.db.Q(ctx).NewRaw(`SELECT p.id, p.name, p.liaison_id, p.external_organisation_id IS NOT NULL AS outsider FROM person p
		WHERE p.id IN (?) AND p.deactivated_at IS NULL AND `+visible+` ORDER BY p.sort, p.sort_key, p.id`, append([]any{bun.List(ids)}, args...)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("look for people: %w", err)
	}
	distinct := map[kernel.ID]bool{}
	for _, id := range ids {
		distinct[id] = true
	}
	if len(rows) < len(distinct) {
		return nil, kernel.Invalid("person_unknown").OnField("body.memberIds")
	}
	for _, p := range rows {
		if p.Outsider && (p.Liaison == nil || *p.Liaison != who(ctx).PersonID) {
			return nil, kernel.Forbidden("outsider_of_others").With("name", p.Name).OnField("body.memberIds")
		}
	}
	return rows, nil
}

// asker is the person behind the request as a member to be.
func (s *Service) asker(ctx context.Context) (invitee, error) {
	var me invitee
	err := s.db.Q(ctx).NewRaw(`SELECT id, name, liaison_id, external_organisation_id IS NOT NULL AS outsider FROM person WHERE id = ?`, who(ctx).PersonID).Scan(ctx, &me)
	if err != nil {
		return me, fmt.Errorf("look for oneself: %w", err)
	}
	return me, nil
}

func (s *Service) createDirect(ctx context.Context, in NewRoom) (kernel.ID, error) {
	me, err := s.asker(ctx)
	if err != nil {
		return kernel.NoID, err
	}
	if len(in.Members) != 1 || in.Members[0] == me.ID {
		return kernel.NoID, kernel.Invalid("direct_needs_other").OnField("body.memberIds")
	}
	other := in.Members[0]
	toLiaison := me.Liaison != nil && *me.Liaison == other
	if me.Outsider && !toLiaison {
		return kernel.NoID, kernel.Invalid("person_unknown").OnField("body.memberIds") // whoever else there is
	}
	if _, err := s.invitees(ctx, in.Members); err != nil {
		return kernel.NoID, err
	}
	first, second := me.ID, other
	if bytes.Compare(first[:], second[:]) > 0 {
		first, second = second, first
	}
	return s.createUnique(ctx, in.ID, Direct, "", "direct:"+first.String()+":"+second.String(), nil, []kernel.ID{me.ID, other})
}

func (s *Service) createDepartment(ctx context.Context, in NewRoom) (kernel.ID, error) {
	heads, err := s.heads(ctx, in.DepartmentID, who(ctx).PersonID)
	if err != nil {
		return kernel.NoID, err
	}
	if !heads && !who(ctx).May(ManageRight) {
		return kernel.NoID, kernel.Forbidden("department_heads_only")
	}
	var name string
	err = s.db.Q(ctx).NewRaw(`SELECT name FROM department WHERE id = ? AND closed_at IS NULL`, in.DepartmentID).Scan(ctx, &name)
	if store.IsNoRows(err) {
		return kernel.NoID, kernel.Invalid("department_unknown").OnField("body.departmentId")
	}
	if err != nil {
		return kernel.NoID, fmt.Errorf("look for the department: %w", err)
	}
	id, err := s.createUnique(ctx, in.ID, Department, name, "department:"+in.DepartmentID.String(), &in.DepartmentID, nil)
	if err != nil || id != in.ID {
		return id, err
	}
	if err := s.followDepartments(ctx, nil); err != nil {
		return id, err
	}
	if _, err := s.enter(ctx, id); kernel.HasCode(err, "room_unknown") {
		return id, kernel.Forbidden("department_of_others")
	} else if err != nil {
		return id, err
	}
	return id, nil
}

// createUnique makes a room of which there is one, or gives its id.
func (s *Service) createUnique(ctx context.Context, id kernel.ID, kind RoomKind, name, key string, department *kernel.ID, people []kernel.ID) (kernel.ID, error) {
	now, me := s.clock(), who(ctx).PersonID
	var made kernel.ID
	err := s.db.Q(ctx).NewRaw(`INSERT INTO chat_room (id, kind, name, unique_key, department_id, last_at, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (unique_key) DO NOTHING RETURNING id`, id, kind, name, key, department, now, me, now).Scan(ctx, &made)
	if store.IsNoRows(err) {
		if err := s.db.Q(ctx).NewRaw(`SELECT id FROM chat_room WHERE unique_key = ?`, key).Scan(ctx, &made); err != nil {
			return made, fmt.Errorf("look for a room: %w", err)
		}
		return made, nil
	}
	if err != nil {
		return made, fmt.Errorf("begin a room: %w", err)
	}
	if len(people) > 0 {
		err = s.join(ctx, &roomRow{ID: id, Kind: kind}, people, nil)
	}
	return made, err
}

func (s *Service) createGroup(ctx context.Context, in NewRoom) error {
	me, err := s.asker(ctx)
	if err != nil {
		return err
	}
	if me.Outsider {
		return kernel.Forbidden("outsiders_begin_no_groups")
	}
	if len(in.Members)+1 > maxMembers {
		return kernel.Invalid("members_too_many").With("max", maxMembers).OnField("body.memberIds")
	}
	others, err := s.invitees(ctx, in.Members)
	if err != nil {
		return err
	}
	name, err := cleanName(in.Name)
	if err != nil {
		return err
	}
	if name == "" {
		name = nameOf(me, others)
	}
	now := s.clock()
	_, err = s.db.Q(ctx).NewRaw(`INSERT INTO chat_room (id, kind, name, owner_id, last_at, created_by, created_at) VALUES (?, 'group', ?, ?, ?, ?, ?)`,
		in.ID, name, me.ID, now, me.ID, now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("begin a group: %w", err)
	}
	people := []kernel.ID{me.ID}
	happened := &Happening{Event: "created", By: &Named{me.ID, me.Name}, Name: name}
	for _, p := range others {
		if p.ID != me.ID {
			people = append(people, p.ID)
			happened.add(Named{p.ID, p.Name})
		}
	}
	return s.join(ctx, &roomRow{ID: in.ID, Kind: Group}, people, happened)
}

// nameOf is the name of a group that nobody named: who is in it.
func nameOf(me invitee, others []invitee) string {
	names := []string{me.Name}
	for _, p := range others {
		if len(names) < 4 && p.ID != me.ID {
			names = append(names, p.Name)
		}
	}
	return cutText(strings.Join(names, "、"), maxName)
}
