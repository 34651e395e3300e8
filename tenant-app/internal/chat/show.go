package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// answersJSON is the roll-up of receipts that a query reads.
type answersJSON struct {
	Received     int    `json:"received"`
	Working      int    `json:"working"`
	Done         int    `json:"done"`
	Acknowledged int    `json:"acknowledged"`
	Mine         string `json:"mine"`
	Seen         bool   `json:"seen"`
}

// quoteJSON is what a query reads of a quoted message.
type quoteJSON struct {
	Seq      int64       `json:"seq"`
	Kind     Kind        `json:"kind"`
	Text     string      `json:"text"`
	FileName string      `json:"fileName"`
	Recalled bool        `json:"recalled"`
	Author   *personJSON `json:"author"`
}

// show makes of rows what the member may see of them.
func (s *Service) show(ctx context.Context, in *access, rows []shownRow) ([]Message, error) {
	out := make([]Message, 0, len(rows))
	for _, row := range rows {
		m, err := in.message(row)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, s.countReaders(ctx, in, rows, out)
}

// message is one row without the counts of its readers.
func (a *access) message(row shownRow) (Message, error) {
	m := Message{
		ID: row.ID, RoomID: row.RoomID, Seq: row.Seq, Kind: row.Kind, At: row.At, RecalledAt: row.RecalledAt, Later: row.Later,
		Mentions: []Named{}, Files: []Attached{}, Reactions: []Reaction{}, Revision: row.Revision,
	}
	author, err := decode[personJSON](row.Author)
	if err != nil {
		return m, err
	}
	if author != nil {
		shown := author.person()
		m.Author = &shown
	}
	if row.ThreadID != nil {
		m.Seq, m.Thread = row.ThreadSeq, &Thread{Root: row.ThreadID}
	} else if row.ThreadSeq > 0 {
		m.Thread = &Thread{Replies: row.ThreadSeq, LastSeq: row.ThreadSeq}
		if row.ThreadRead != nil {
			m.Thread.ReadSeq = *row.ThreadRead
		}
	}
	if row.RecalledAt != nil {
		return m, nil // not a word of it, whatever the row still holds
	}
	return m, a.content(&m, row)
}

// content fills in what a recalled message does not have any more.
func (a *access) content(m *Message, row shownRow) error {
	m.Text, m.EditedAt, m.All = row.Text, row.EditedAt, row.MentionAll
	data, err := decode[payload](row.Data)
	if err != nil {
		return err
	}
	if data != nil {
		m.Card, m.Merged, m.System = data.Card, data.Merged, data.System
		m.Files, m.Mentions = append(m.Files, data.Files...), append(m.Mentions, data.Mentions...)
	}
	m.MentionsMe = row.mentions(a.me)
	reactions, err := decode[[]Reaction](row.Reactions)
	if err != nil {
		return err
	}
	if reactions != nil {
		m.Reactions = *reactions
	}
	answers, err := decode[answersJSON](row.Answers)
	if err != nil {
		return err
	}
	if answers == nil {
		answers = &answersJSON{}
	}
	if row.Receipt {
		m.Receipt = &Receipt{Asked: true, Mine: answers.Mine, Received: answers.Received, Working: answers.Working, Done: answers.Done}
	}
	if row.Urgent {
		m.Urgent = &Urgent{Acknowledged: answers.Seen || row.by(a.me), Count: answers.Acknowledged}
	}
	return a.quote(m, row)
}

// quote shows what was answered to, if it is of the reader's time.
func (a *access) quote(m *Message, row shownRow) error {
	if row.QuoteID == nil {
		return nil
	}
	m.Quote = &Quote{ID: *row.QuoteID}
	q, err := decode[quoteJSON](row.Quote)
	if err != nil || q == nil || !a.sees(q.Seq) {
		return err
	}
	m.Quote.Seq, m.Quote.Kind, m.Quote.Recalled = q.Seq, q.Kind, q.Recalled
	if q.Author != nil {
		author := q.Author.person()
		m.Quote.Author = &author
	}
	if !q.Recalled {
		m.Quote.Text, m.Quote.FileName = q.Text, q.FileName
	}
	return nil
}

func (r messageRow) by(person kernel.ID) bool { return r.AuthorID != nil && *r.AuthorID == person }

func (r messageRow) mentions(person kernel.ID) bool {
	if r.by(person) {
		return false
	}
	for _, id := range r.Mentions {
		if id == person {
			return true
		}
	}
	return r.MentionAll
}

// countReaders fills in 已读 and 未读 of the reader's own messages.
func (s *Service) countReaders(ctx context.Context, in *access, rows []shownRow, shown []Message) error {
	var places []int64
	for _, row := range rows {
		if row.counted(in.me) {
			places = append(places, row.Seq)
		}
	}
	if len(places) == 0 || in.Kind == Self || in.Kind == Assistant {
		return nil
	}
	crowd, err := s.crowd(ctx, in.ID, places)
	if err != nil {
		return err
	}
	at := 0
	for i, row := range rows {
		if !row.counted(in.me) {
			continue
		}
		members, readers := crowd.at(at)
		at++
		if row.AuthorRead {
			readers--
		}
		m := &shown[i]
		m.ReadCount, m.UnreadCount = readers, members-1-readers
		if m.Receipt != nil {
			m.Receipt.Waiting = max(members-1-m.Receipt.Received-m.Receipt.Working-m.Receipt.Done, 0)
		}
		if m.Urgent != nil {
			m.Urgent.Waiting = max(members-1-m.Urgent.Count, 0)
		}
	}
	return nil
}

func (r messageRow) counted(me kernel.ID) bool {
	return r.by(me) && r.ThreadID == nil && r.Kind != System && r.RecalledAt == nil
}

// crowd is how the members of a room stand to some places in it, in ascending order.
// Each figure is the number of places that are at or before a member's.
type crowd []struct {
	Read   int  `bun:"read"`
	Joined int  `bun:"joined"`
	Left   *int `bun:"left"`
	Count  int  `bun:"n"`
}

// crowd reads it in one pass over the members, however many places there are.
func (s *Service) crowd(ctx context.Context, room kernel.ID, places []int64) (crowd, error) {
	var rows crowd
	err := s.db.Q(ctx).NewRaw(`SELECT width_bucket(read_seq, p.at) AS read, width_bucket(joined_seq, p.at) AS joined, width_bucket(left_seq, p.at) AS left, count(*) AS n
		FROM chat_member, (SELECT ARRAY[?]::bigint[] AS at) p WHERE room_id = ? GROUP BY 1, 2, 3`, bun.List(places), room).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count the readers: %w", err)
	}
	return rows, nil
}

// at tells of the i-th place how many belonged to the room then, and how many of those
// have read it.
func (c crowd) at(i int) (members, readers int) {
	for _, group := range c {
		joinedLater := group.Joined > i
		leftBefore := group.Left != nil && *group.Left <= i
		if joinedLater || leftBefore {
			continue
		}
		members += group.Count
		if group.Read > i {
			readers += group.Count
		}
	}
	return members, readers
}

// decode reads a JSON column; nil for NULL.
func decode[T any](raw json.RawMessage) (*T, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	value := new(T)
	if err := json.Unmarshal(raw, value); err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	return value, nil
}
