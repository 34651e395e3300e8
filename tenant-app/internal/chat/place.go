package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// append takes the next places of a room for posts, in the transaction of ctx. What is
// refused carries its error; an error of the whole means that nothing was stored.
func (s *Service) append(ctx context.Context, room kernel.ID, posts []*post) error {
	for _, p := range posts {
		p.room = room
	}
	rooms, err := s.takeTurns(ctx, posts, "")
	if err == nil && len(rooms) == 0 {
		err = kernel.NotFound("room_unknown")
	}
	if err != nil {
		return err
	}
	return s.place(ctx, rooms, posts)
}

// takeTurns locks the rooms of posts; with skip those are left out that others hold at
// this moment.
func (s *Service) takeTurns(ctx context.Context, posts []*post, skip bun.Safe) (map[kernel.ID]*roomRow, error) {
	ids := make([]kernel.ID, len(posts))
	for i, p := range posts {
		ids[i] = p.room
	}
	var rows []*roomRow
	err := s.db.Q(ctx).NewRaw(`SELECT `+roomColumns+` FROM chat_room r WHERE r.id IN (?) ORDER BY r.id FOR NO KEY UPDATE ?`, bun.List(ids), skip).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("lock rooms: %w", err)
	}
	rooms := make(map[kernel.ID]*roomRow, len(rows))
	for _, row := range rows {
		rooms[row.ID] = row
	}
	return rooms, nil
}

// place is append for rooms that are locked: whatever the number of posts and rooms, the
// same few statements.
func (s *Service) place(ctx context.Context, rooms map[kernel.ID]*roomRow, posts []*post) error {
	people, err := s.look(ctx, rooms, posts)
	if err != nil {
		return err
	}
	now := s.clock()
	var rows []messageRow
	var stored []*post
	for _, p := range posts {
		if p.err != nil || p.repeat {
			continue
		}
		at := rooms[p.room]
		if err := s.attach(ctx, p); err != nil {
			return err
		}
		if err := p.fill(at, people[at.ID], now); err != nil {
			return err
		}
		if p.Thread != kernel.NoID {
			if err := s.reply(ctx, at, p); err != nil {
				return err
			}
		}
		at.LastAt = now
		rows, stored = append(rows, p.row), append(stored, p)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.db.Q(ctx).NewInsert().Model(&rows).ModelTableExpr("chat_message").Exec(ctx); store.IsUnique(err, "chat_message_pkey") {
		return kernel.Conflict("id_taken").OnField("body.id") // by a message that another room got at this moment
	} else if err != nil {
		return fmt.Errorf("store messages: %w", err)
	}
	if err := s.countUp(ctx, rooms); err != nil {
		return err
	}
	if err := s.makeFindable(ctx, stored); err != nil {
		return err
	}
	if err := s.facts.Record(ctx, asked(stored)...); err != nil {
		return err
	}
	s.announce(ctx, stored)
	return s.emit(ctx, rooms, stored)
}

// countUp keeps the last place of rooms.
func (s *Service) countUp(ctx context.Context, rooms map[kernel.ID]*roomRow) error {
	values, args := make([]string, 0, len(rooms)), make([]any, 0, 3*len(rooms))
	for _, at := range rooms {
		values, args = append(values, "(?::uuid, ?::bigint, ?::timestamptz)"), append(args, at.ID, at.LastSeq, at.LastAt)
	}
	_, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room AS r SET last_seq = now.seq, last_at = now.at FROM (VALUES `+strings.Join(values, ", ")+`) AS now (id, seq, at)
		WHERE r.id = now.id`, args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count rooms up: %w", err)
	}
	return nil
}

// lookRow is what a batch needs to know: who of those named belongs to their room, and
// which ids are taken.
type lookRow struct {
	People json.RawMessage `bun:"people,type:json"`
	Taken  json.RawMessage `bun:"taken,type:json"`
}

type memberJSON struct {
	Room   kernel.ID  `json:"room"`
	Person personJSON `json:"person"`
}

type takenJSON struct {
	ID     kernel.ID  `json:"id"`
	Room   kernel.ID  `json:"room"`
	Author *kernel.ID `json:"author"`
}

// members are people of rooms, by room.
type members map[kernel.ID]map[kernel.ID]personJSON

// look marks repeats and those who may not speak, and gives the people named.
func (s *Service) look(ctx context.Context, rooms map[kernel.ID]*roomRow, posts []*post) (members, error) {
	named, args, ids := []string{}, []any{}, make([]kernel.ID, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
		for _, person := range append([]kernel.ID{p.author}, p.Mentions...) {
			named, args = append(named, "(?::uuid, ?::uuid)"), append(args, p.room, person)
		}
	}
	query := `SELECT (SELECT json_agg(json_build_object('room', b.room_id, 'person', ` + personSQL + `)) FROM (VALUES ` + strings.Join(named, ", ")
	if pairs := directs(rooms); len(pairs) > 0 { // of a pair both matter
		query, args = query+` UNION SELECT room_id, person_id FROM chat_member WHERE room_id IN (?)`, append(args, bun.List(pairs))
	}
	var row lookRow
	err := s.db.Q(ctx).NewRaw(query+`) AS named (room, person) JOIN chat_member b ON b.room_id = named.room AND b.person_id = named.person AND b.left_seq IS NULL
			JOIN person p ON p.id = b.person_id) AS people,
		(SELECT json_agg(json_build_object('id', id, 'room', room_id, 'author', author_id)) FROM chat_message WHERE id IN (?)) AS taken`,
		append(args, bun.List(ids))...).Scan(ctx, &row)
	if err != nil {
		return nil, fmt.Errorf("look who speaks: %w", err)
	}
	list, err := decode[[]memberJSON](row.People)
	if err != nil {
		return nil, err
	}
	taken, err := decode[[]takenJSON](row.Taken)
	if err != nil {
		return nil, err
	}
	people, seen := members{}, map[kernel.ID]takenJSON{}
	for id := range rooms {
		people[id] = map[kernel.ID]personJSON{}
	}
	for _, m := range orEmpty(list) {
		people[m.Room][m.Person.ID] = m.Person
	}
	for _, t := range orEmpty(taken) {
		seen[t.ID] = t
	}
	for _, p := range posts {
		p.admit(rooms[p.room], people[p.room], seen)
	}
	return people, nil
}

func directs(rooms map[kernel.ID]*roomRow) []kernel.ID {
	var ids []kernel.ID
	for id, at := range rooms {
		if at.Kind == Direct {
			ids = append(ids, id)
		}
	}
	return ids
}

// admit decides about one post, and notes its id for those after it.
func (p *post) admit(at *roomRow, people map[kernel.ID]personJSON, seen map[kernel.ID]takenJSON) {
	author := p.author
	if earlier, ok := seen[p.ID]; ok {
		if p.repeat = earlier.Room == at.ID && earlier.Author != nil && *earlier.Author == author; !p.repeat {
			p.err = kernel.Conflict("id_taken").OnField("body.id")
		}
		return
	}
	_, belongs := people[author]
	switch {
	case author == kernel.NoID: // a module, or the room itself
	case !belongs:
		p.err = kernel.NotFound("room_unknown")
	case at.Kind == Assistant:
		p.err = kernel.Forbidden("room_read_only")
	case at.Kind == Direct && slices.ContainsFunc(slices.Collect(maps.Values(people)), func(q personJSON) bool { return q.Left }):
		p.err = kernel.Conflict("peer_left")
	}
	if p.err == nil {
		seen[p.ID] = takenJSON{ID: p.ID, Room: at.ID, Author: &author}
	}
}

// announce hints at what was stored. What holds a quote is not sent along: not everyone
// may have been there when the quoted message was sent.
func (s *Service) announce(ctx context.Context, stored []*post) {
	for _, p := range stored {
		hint := live.Hint{Kind: "message", ID: p.ID, Room: p.room, Seq: p.row.Seq, Revision: p.row.Revision}
		if p.row.ThreadID != nil {
			hint.Thread, hint.Seq = *p.row.ThreadID, p.row.ThreadSeq
		} else if p.Quote == kernel.NoID {
			hint.Data = p.shown
		}
		s.live.Hint(ctx, live.To{Room: p.room}, hint)
	}
}
