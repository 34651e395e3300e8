package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// listedRow is a room of mine with what a list shows of it.
type listedRow struct {
	roomRow
	stayRow
	Me       kernel.ID       `bun:"me"`
	Outsider bool            `bun:"outsider"`
	Heads    bool            `bun:"heads"`
	Unread   int             `bun:"unread"`
	Mentions int             `bun:"mentions"`
	Urgent   int             `bun:"urgent"`
	Peer     json.RawMessage `bun:"peer,type:json"`
	Last     json.RawMessage `bun:"last,type:json"`
	Noted    json.RawMessage `bun:"noted,type:json"`
}

// unreadSQL are the messages of others that count as unread in room x.
const unreadSQL = `m.room_id = x.id AND m.thread_id IS NULL AND m.seq > x.read_seq AND m.author_id IS DISTINCT FROM ?me AND m.recalled_at IS NULL AND m.kind <> 'system'`

// listedSQL reads rooms of ?me; the innermost query narrows, orders and limits.
const listedSQL = `SELECT x.*, ?me AS me, (SELECT p.external_organisation_id IS NOT NULL FROM person p WHERE p.id = ?me) AS outsider,
	EXISTS (SELECT FROM department_head h WHERE h.department_id = x.department_id AND h.person_id = ?me) AS heads,
	(SELECT count(*) FROM (SELECT FROM chat_message m WHERE ` + unreadSQL + ` LIMIT 1000) c) AS unread,
	(SELECT count(*) FROM (SELECT FROM chat_message m WHERE ` + unreadSQL + ` AND (m.mention_all OR m.mentions IS NOT NULL) AND (m.mention_all OR ?me = ANY (m.mentions)) LIMIT 1000) c) AS mentions,
	(SELECT count(*) FROM chat_message m WHERE m.room_id = x.id AND m.urgent AND m.recalled_at IS NULL AND m.seq > x.joined_seq AND m.author_id IS DISTINCT FROM ?me
		AND NOT EXISTS (SELECT FROM chat_receipt c WHERE c.message_id = m.id AND c.person_id = ?me AND c.acknowledged_at IS NOT NULL)) AS urgent,
	CASE WHEN x.kind = 'direct' THEN (SELECT ` + personSQL + ` FROM chat_member o JOIN person p ON p.id = o.person_id WHERE o.room_id = x.id AND o.person_id <> ?me LIMIT 1) END AS peer,
	(SELECT json_build_object('id', m.id, 'seq', m.seq, 'kind', m.kind, 'text', left(m.text, 100), 'fileName', m.data->'files'->0->>'name', 'system', m.data->'system', 'at', m.at,
		'recalledAt', m.recalled_at, 'author', (SELECT ` + personSQL + ` FROM person p WHERE p.id = m.author_id))
		FROM chat_message m WHERE m.room_id = x.id AND m.thread_id IS NULL AND m.seq = x.last_seq AND m.seq > x.joined_seq) AS last,
	(SELECT ` + personSQL + ` FROM person p WHERE p.id = x.notice_by) AS noted
	FROM (SELECT r.id, r.kind, coalesce(d.name, r.name) AS name, r.department_id, r.owner_id, r.notice, r.notice_by, r.notice_at, r.last_seq, r.last_at, r.members, r.externals, r.created_by,
		b.joined_seq, b.left_seq, b.read_seq, b.pinned, b.muted
		FROM chat_member b JOIN chat_room r ON r.id = b.room_id LEFT JOIN department d ON d.id = r.department_id
		WHERE b.person_id = ?me AND b.left_seq IS NULL `

func listed(ctx context.Context) string {
	return mine(listedSQL, who(ctx).PersonID)
}

// Rooms are the rooms of the person behind the request: the pinned ones first, then by
// their last message.
func (s *Service) Rooms(ctx context.Context, page kernel.PageQuery) (kernel.Page[Room], error) {
	none := kernel.Page[Room]{Items: []Room{}}
	keys, err := kernel.DecodeCursor(page.Cursor, 3)
	if err != nil {
		return none, err
	}
	where, args := "", []any{}
	if keys != nil {
		pinned, bad := strconv.ParseBool(keys[0])
		at, bad2 := time.Parse(time.RFC3339Nano, keys[1])
		id, bad3 := kernel.ParseID(keys[2])
		if bad != nil || bad2 != nil || bad3 != nil {
			return none, kernel.Malformed("cursor_malformed")
		}
		where, args = `AND (b.pinned, r.last_at, r.id) < (?, ?, ?) `, append(args, pinned, at, id)
	}
	var rows []listedRow
	query := listed(ctx) + where + `ORDER BY b.pinned DESC, r.last_at DESC, r.id DESC LIMIT ?) x ORDER BY x.pinned DESC, x.last_at DESC, x.id DESC`
	if err := s.db.Q(ctx).NewRaw(query, append(args, page.Size()+1)...).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list rooms: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r listedRow) []string {
		return []string{strconv.FormatBool(r.Pinned), r.LastAt.Format(time.RFC3339Nano), r.ID.String()}
	})
	out := kernel.Page[Room]{Items: make([]Room, len(cut.Items)), Next: cut.Next}
	for i, row := range cut.Items {
		if out.Items[i], err = row.room(who(ctx).May(ManageRight)); err != nil {
			return none, err
		}
	}
	return out, nil
}

// Room is one room of the person behind the request.
func (s *Service) Room(ctx context.Context, id kernel.ID) (Room, error) {
	var rows []listedRow
	if err := s.db.Q(ctx).NewRaw(listed(ctx)+`AND b.room_id = ?) x`, id).Scan(ctx, &rows); err != nil {
		return Room{}, fmt.Errorf("read a room: %w", err)
	}
	if len(rows) == 0 {
		return Room{}, kernel.NotFound("room_unknown")
	}
	room, err := rows[0].room(who(ctx).May(ManageRight))
	if err != nil {
		return room, err
	}
	if rows[0].Notice != "" {
		if by, err := decode[personJSON](rows[0].Noted); err != nil {
			return room, err
		} else if by != nil && rows[0].NoticeAt != nil {
			room.Notice = &RoomNotice{Text: rows[0].Notice, By: by.person(), At: *rows[0].NoticeAt}
		}
	}
	first, err := s.members(ctx, &rows[0].roomRow, "", kernel.PageQuery{Limit: firstMembers})
	room.First = first.Items
	return room, err
}

func (r listedRow) room(admin bool) (Room, error) {
	room := Room{
		ID: r.ID, Kind: r.Kind, Name: r.Name, DepartmentID: r.DepartmentID, OwnerID: r.OwnerID, Members: r.Members, External: r.Externals > 0,
		LastSeq: r.LastSeq, LastAt: r.LastAt, ReadSeq: r.ReadSeq, Unread: r.Unread, Mentions: r.Mentions, Urgent: r.Urgent, Pinned: r.Pinned, Muted: r.Muted,
		MaySpeak: r.Kind != Assistant,
	}
	peer, err := decode[personJSON](r.Peer)
	if err != nil {
		return room, err
	}
	if peer != nil {
		shown := peer.person()
		room.Peer, room.Name, room.Avatar, room.AvatarText = &shown, shown.Name, shown.Avatar, shown.AvatarText
		room.MaySpeak = !shown.Left
	}
	switch r.Kind {
	case Group:
		owner := r.OwnerID != nil && *r.OwnerID == r.Me
		room.MayManage = owner || admin && !r.Outsider
		room.MayInvite = !r.Outsider
	case Department:
		room.MayManage = r.Heads || admin
	}
	room.MayMentionAll = room.MayManage
	if room.AvatarText == "" {
		room.AvatarText = directory.AvatarText(room.Name)
	}
	room.LastMessage, err = r.last()
	return room, err
}

type lastJSON struct {
	LastMessage
	Author *personJSON `json:"author"`
}

// last is the end of the room; of a recalled message only that it was.
func (r listedRow) last() (*LastMessage, error) {
	read, err := decode[lastJSON](r.Last)
	if err != nil || read == nil {
		return nil, err
	}
	out := read.LastMessage
	if read.Author != nil {
		author := read.Author.person()
		out.Author = &author
	}
	if out.RecalledAt != nil {
		out.Text, out.FileName = "", ""
	}
	return &out, nil
}
