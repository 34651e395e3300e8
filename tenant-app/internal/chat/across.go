package chat

import (
	"context"
	"fmt"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// FoundMessage is a message with the room in which it stands.
type FoundMessage struct {
	Message Message   `json:"message"`
	Room    string    `json:"room" doc:"Name of the room; of a direct one the other's"`
	Kind    RoomKind  `json:"roomKind" enum:"direct,group,department,self,assistant"`
	At      time.Time `json:"at" doc:"When it was put aside; else when it was sent"`
}

type foundRow struct {
	shownRow
	RoomName string    `bun:"room_name"`
	RoomKind RoomKind  `bun:"room_kind"`
	PutAt    time.Time `bun:"put_at"`
}

// roomNameSQL is what ?me sees a room r called, d being its department.
const roomNameSQL = `CASE r.kind WHEN 'direct' THEN coalesce((SELECT p.name FROM chat_member o JOIN person p ON p.id = o.person_id WHERE o.room_id = r.id AND o.person_id <> ?me LIMIT 1), '') ELSE coalesce(d.name, r.name) END`

// foundSQL reads messages m of many rooms that ?me may see; what follows narrows it.
const foundSQL = `SELECT ` + shownColumns + `, r.kind AS room_kind, ` + roomNameSQL + ` AS room_name, `

const foundFrom = ` FROM chat_message m JOIN chat_room r ON r.id = m.room_id LEFT JOIN department d ON d.id = r.department_id `

// Later are the messages that the person behind the request put aside, the latest first.
func (s *Service) Later(ctx context.Context, page kernel.PageQuery) (kernel.Page[FoundMessage], error) {
	none := kernel.Page[FoundMessage]{Items: []FoundMessage{}}
	keys, err := kernel.DecodeCursor(page.Cursor, 2)
	if err != nil {
		return none, err
	}
	where, args := "", []any{}
	if keys != nil {
		at, bad := time.Parse(time.RFC3339Nano, keys[0])
		id, bad2 := kernel.ParseID(keys[1])
		if bad != nil || bad2 != nil {
			return none, kernel.Malformed("cursor_malformed")
		}
		where, args = ` AND (l.at, l.message_id) < (?, ?)`, []any{at, id}
	}
	me := who(ctx).PersonID
	query := mine(foundSQL+`l.at AS put_at`+foundFrom+`JOIN chat_later l ON l.message_id = m.id AND l.person_id = ?me WHERE `+visibleSQL, me) +
		where + ` ORDER BY l.at DESC, l.message_id DESC LIMIT ?`
	var rows []foundRow
	if err := s.db.Q(ctx).NewRaw(query, append(args, page.Size()+1)...).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list what was put aside: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r foundRow) []string {
		return []string{r.PutAt.Format(time.RFC3339Nano), r.ID.String()}
	})
	items, err := s.showFound(ctx, cut.Items)
	return kernel.Page[FoundMessage]{Items: items, Next: cut.Next}, err
}

// Pending are the urgent messages that the person behind the request has not
// acknowledged, the latest first; at most fifty.
func (s *Service) Pending(ctx context.Context) ([]FoundMessage, error) {
	me := who(ctx).PersonID
	query := mine(foundSQL+`m.at AS put_at`+foundFrom+`JOIN chat_member b ON b.room_id = m.room_id AND b.person_id = ?me AND b.left_seq IS NULL AND b.joined_seq < m.seq
		WHERE m.urgent AND m.recalled_at IS NULL AND m.author_id IS DISTINCT FROM ?me
		AND NOT EXISTS (SELECT FROM chat_receipt c WHERE c.message_id = m.id AND c.person_id = ?me AND c.acknowledged_at IS NOT NULL)
		ORDER BY m.at DESC, m.id DESC LIMIT 50`, me)
	var rows []foundRow
	if err := s.db.Q(ctx).NewRaw(query).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list urgent messages: %w", err)
	}
	return s.showFound(ctx, rows)
}

func (s *Service) showFound(ctx context.Context, rows []foundRow) ([]FoundMessage, error) {
	out, rooms := make([]FoundMessage, 0, len(rows)), map[kernel.ID]*access{}
	for _, row := range rows {
		in := rooms[row.RoomID]
		if in == nil {
			var err error
			if in, err = s.enter(ctx, row.RoomID); err != nil {
				return nil, err
			}
			rooms[row.RoomID] = in
		}
		m, err := in.message(row.shownRow)
		if err != nil {
			return nil, err
		}
		out = append(out, FoundMessage{Message: m, Room: row.RoomName, Kind: row.RoomKind, At: row.PutAt})
	}
	return out, nil
}

var likeQuotes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Search finds messages of a room by a piece of their text or the name of a file, the
// latest first; before is a sequence, 0 for the end.
func (s *Service) Search(ctx context.Context, room kernel.ID, text string, before int64) (MessagePage, error) {
	none := MessagePage{Items: []Message{}}
	in, err := s.enter(ctx, room)
	if err != nil {
		return none, err
	}
	text = cutText(clean(text), 100)
	if text == "" {
		return none, nil
	}
	if before <= 0 {
		before = 1 << 62
	}
	pattern := "%" + likeQuotes.Replace(text) + "%"
	var rows []shownRow
	err = s.db.Q(ctx).NewRaw(`SELECT `+mine(shownColumns, in.me)+` FROM chat_message m WHERE m.room_id = ? AND `+in.visible()+` AND m.seq < ? AND m.recalled_at IS NULL AND m.kind <> 'system'
		AND (m.text ILIKE ? OR m.data->>'files' ILIKE ?) ORDER BY m.seq DESC LIMIT ?`, room, before, pattern, pattern, maxPage+1).Scan(ctx, &rows)
	if err != nil {
		return none, fmt.Errorf("search a room: %w", err)
	}
	older := len(rows) > maxPage
	items, err := s.show(ctx, in, rows[:min(len(rows), maxPage)])
	return MessagePage{Items: items, Older: older}, err
}
