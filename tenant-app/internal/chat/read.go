package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// messageRow is a message as it stands in the database.
type messageRow struct {
	ID         kernel.ID       `bun:"id"`
	RoomID     kernel.ID       `bun:"room_id"`
	Seq        int64           `bun:"seq"`
	ThreadID   *kernel.ID      `bun:"thread_id"`
	ThreadSeq  int64           `bun:"thread_seq"`
	AuthorID   *kernel.ID      `bun:"author_id"`
	Kind       Kind            `bun:"kind"`
	Text       string          `bun:"text"`
	Data       json.RawMessage `bun:"data,type:jsonb"`
	Mentions   []kernel.ID     `bun:"mentions,array,type:uuid[]"`
	MentionAll bool            `bun:"mention_all"`
	QuoteID    *kernel.ID      `bun:"quote_id,type:uuid"`
	Receipt    bool            `bun:"receipt"`
	Urgent     bool            `bun:"urgent"`
	At         time.Time       `bun:"at"`
	EditedAt   *time.Time      `bun:"edited_at"`
	RecalledAt *time.Time      `bun:"recalled_at"`
	NudgedAt   *time.Time      `bun:"nudged_at"`
	Revision   int64           `bun:"revision"`
	CardRef    *kernel.ID      `bun:"card_ref,type:uuid"`
}

const messageColumns = `m.id, m.room_id, m.seq, m.thread_id, m.thread_seq, m.author_id, m.kind, m.text, m.data, m.mentions, m.mention_all,
	m.quote_id, m.receipt, m.urgent, m.at, m.edited_at, m.recalled_at, m.nudged_at, m.revision`

// personJSON is what a query reads of a person.
type personJSON struct {
	ID       kernel.ID `json:"id"`
	Name     string    `json:"name"`
	Avatar   string    `json:"avatar"`
	External bool      `json:"external"`
	Left     bool      `json:"left"`
}

// personSQL makes it of a row of person called p.
const personSQL = `json_build_object('id', p.id, 'name', p.name, 'avatar', coalesce(p.avatar, ''), 'external', p.external_organisation_id IS NOT NULL, 'left', p.deactivated_at IS NOT NULL)`

func (p personJSON) person() Participant {
	ref := directory.Show(p.ID, p.Name, p.Avatar, p.Left)
	return Participant{ID: p.ID, Name: p.Name, AvatarText: ref.AvatarText, Avatar: ref.Avatar, External: p.External, Left: p.Left}
}

// shownRow is a message with everything that stands around it.
type shownRow struct {
	messageRow
	Author     json.RawMessage `bun:"author,type:json"`
	AuthorRead bool            `bun:"author_read"`
	Quote      json.RawMessage `bun:"quote,type:json"`
	Reactions  json.RawMessage `bun:"reactions,type:json"`
	Answers    json.RawMessage `bun:"answers,type:json"`
	ThreadRead *int64          `bun:"thread_read"`
	Later      bool            `bun:"later"`
}

// shownColumns need ?me. A recalled message keeps its place and nothing else.
const shownColumns = messageColumns + `,
	(SELECT ` + personSQL + ` FROM person p WHERE p.id = m.author_id) AS author,
	EXISTS (SELECT FROM chat_member b WHERE b.room_id = m.room_id AND b.person_id = m.author_id AND b.joined_seq < m.seq
		AND (b.left_seq IS NULL OR b.left_seq >= m.seq) AND b.read_seq >= m.seq) AS author_read,
	CASE WHEN m.quote_id IS NOT NULL THEN (SELECT json_build_object('seq', q.seq, 'kind', q.kind, 'text', left(q.text, 200), 'recalled', q.recalled_at IS NOT NULL,
		'fileName', q.data->'files'->0->>'name', 'author', (SELECT ` + personSQL + ` FROM person p WHERE p.id = q.author_id)) FROM chat_message q WHERE q.id = m.quote_id) END AS quote,
	(SELECT json_agg(json_build_object('emoji', e.emoji, 'count', e.n, 'mine', e.mine) ORDER BY e.since, e.emoji) FROM
		(SELECT emoji, count(*) AS n, bool_or(person_id = ?me) AS mine, min(at) AS since FROM chat_reaction WHERE message_id = m.id GROUP BY emoji) e) AS reactions,
	CASE WHEN m.receipt OR m.urgent THEN (SELECT json_build_object('received', count(*) FILTER (WHERE state = 'received'), 'working', count(*) FILTER (WHERE state = 'working'),
		'done', count(*) FILTER (WHERE state = 'done'), 'acknowledged', count(acknowledged_at), 'mine', max(state) FILTER (WHERE person_id = ?me),
		'seen', coalesce(bool_or(acknowledged_at IS NOT NULL) FILTER (WHERE person_id = ?me), false)) FROM chat_receipt WHERE message_id = m.id) END AS answers,
	(SELECT f.read_seq FROM chat_thread_member f WHERE f.thread_id = coalesce(m.thread_id, m.id) AND f.person_id = ?me) AS thread_read,
	EXISTS (SELECT FROM chat_later l WHERE l.person_id = ?me AND l.message_id = m.id) AS later`

// Query says which messages of a room are wanted. Before, After and Around are
// sequences; none of them: the latest.
type Query struct {
	Before, After, Around int64
	Thread                kernel.ID
	Limit                 int
}

// MessagePage is a piece of a room, the oldest message first.
type MessagePage struct {
	Items []Message `json:"items"`
	Older bool      `json:"older" doc:"There are messages before these"`
	Newer bool      `json:"newer" doc:"There are messages after these"`
}

// Messages are the messages of a room that a member may see.
func (s *Service) Messages(ctx context.Context, room kernel.ID, query Query) (MessagePage, error) {
	none := MessagePage{Items: []Message{}}
	in, err := s.enter(ctx, room)
	if err != nil {
		return none, err
	}
	limit := query.Limit
	if limit < 1 || limit > maxPage {
		limit = maxPage
	}
	half := max(limit/2, 1)
	var parts []string
	switch {
	case query.Around > 0:
		parts = []string{in.slice(query.Thread, "<", query.Around, "DESC", half+1), in.slice(query.Thread, ">=", query.Around, "ASC", limit-half+1)}
	case query.After > 0:
		parts = []string{in.slice(query.Thread, ">", query.After, "ASC", limit+1)}
	case query.Before > 0:
		parts = []string{in.slice(query.Thread, "<", query.Before, "DESC", limit+1)}
	default:
		parts = []string{in.slice(query.Thread, ">", 0, "DESC", limit+1)}
	}
	var rows []shownRow
	if err := s.db.Q(ctx).NewRaw("SELECT * FROM (("+strings.Join(parts, ") UNION ALL (")+")) AS s ORDER BY seq, thread_seq").Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("read messages: %w", err)
	}
	page := MessagePage{}
	switch {
	case query.Around > 0:
		older := slices.IndexFunc(rows, func(r shownRow) bool { return r.place(query.Thread) >= query.Around })
		if older < 0 {
			older = len(rows)
		}
		page.Older, page.Newer = older > half, len(rows)-older > limit-half
		rows = rows[max(older-half, 0):min(older+limit-half, len(rows))]
	case query.After > 0:
		page.Older, page.Newer = true, len(rows) > limit
		rows = rows[:min(len(rows), limit)]
	default:
		page.Older, page.Newer = len(rows) > limit, query.Before > 0
		rows = rows[max(len(rows)-limit, 0):]
	}
	page.Items, err = s.show(ctx, in, rows)
	return page, err
}

// place is the message's in its room or its thread.
func (r messageRow) place(thread kernel.ID) int64 {
	if thread == kernel.NoID {
		return r.Seq
	}
	return r.ThreadSeq
}

// slice is a query for at most limit visible messages on one side of a place.
func (a *access) slice(thread kernel.ID, side string, place int64, order string, limit int) string {
	where, column := "m.thread_id IS NULL", "m.seq"
	if thread != kernel.NoID {
		where, column = fmt.Sprintf("m.thread_id = '%s'", thread), "m.thread_seq"
	}
	return fmt.Sprintf("SELECT %s FROM chat_message m WHERE m.room_id = '%s' AND %s AND %s AND %s %s %d ORDER BY %s %s LIMIT %d",
		mine(shownColumns, a.me), a.ID, where, a.visible(), column, side, place, column, order, limit)
}

// mine puts the asking person into a piece of SQL. An id is digits and dashes.
func mine(sql string, me kernel.ID) string {
	return strings.ReplaceAll(sql, "?me", "'"+me.String()+"'::uuid")
}
