package chat

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// beforeSQL is the state of a receipt before the statement that ends with it.
const beforeSQL = ` RETURNING coalesce((SELECT o.state FROM chat_receipt o WHERE o.message_id = c.message_id AND o.person_id = c.person_id), '')`

// Answer gives one's receipt for a message that asks for one: received, working, done.
func (s *Service) Answer(ctx context.Context, id kernel.ID, state string) (Message, error) {
	return s.answer(ctx, id, fact.Fact{Kind: receiptFact, To: state}, func(f *found) *kernel.Error {
		if !f.Receipt {
			return kernel.Conflict("receipt_not_asked")
		}
		return nil
	}, `INSERT INTO chat_receipt AS c (message_id, person_id, state, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (message_id, person_id) DO UPDATE SET state = EXCLUDED.state, at = EXCLUDED.at WHERE c.state IS DISTINCT FROM EXCLUDED.state`+beforeSQL, state)
}

// Acknowledge says that one has seen an urgent message.
func (s *Service) Acknowledge(ctx context.Context, id kernel.ID) (Message, error) {
	return s.answer(ctx, id, fact.Fact{Kind: urgentFact, To: "acknowledged"}, func(f *found) *kernel.Error {
		if !f.Urgent {
			return kernel.Conflict("message_not_urgent")
		}
		return nil
	}, `INSERT INTO chat_receipt AS c (message_id, person_id, state, at, acknowledged_at) VALUES (?0, ?1, ?2, ?3, ?3)
		ON CONFLICT (message_id, person_id) DO UPDATE SET acknowledged_at = EXCLUDED.acknowledged_at WHERE c.acknowledged_at IS NULL RETURNING ''`, nil)
}

// answer runs a statement that keeps an answer and gives the state before, and records
// the change as a fact.
func (s *Service) answer(ctx context.Context, id kernel.ID, what fact.Fact, refuse func(*found) *kernel.Error, statement string, state any) (Message, error) {
	err := s.changing(ctx, id, func(ctx context.Context, f *found) error {
		if f.RecalledAt != nil {
			return kernel.Conflict("message_recalled")
		}
		if err := refuse(f); err != nil {
			return err
		}
		if f.by(f.in.me) {
			return kernel.Conflict("message_is_mine")
		}
		var before string
		what.Who, what.Object, what.At = f.in.me, id, s.clock()
		err := s.db.Q(ctx).NewRaw(statement, id, f.in.me, state, what.At).Scan(ctx, &before)
		if store.IsNoRows(err) {
			return errUnchanged
		}
		if err != nil {
			return fmt.Errorf("answer a message: %w", err)
		}
		if what.From = before; before == "" {
			what.From = "asked"
		}
		return s.facts.Record(ctx, what)
	})
	if err != nil {
		return Message{}, err
	}
	return s.Message(ctx, id)
}

// Answered is how one member stands to a message.
type Answered struct {
	Person         Participant `json:"person"`
	Read           bool        `json:"read"`
	State          string      `json:"state,omitempty" enum:"received,working,done"`
	At             *time.Time  `json:"at,omitempty" doc:"Of the answer"`
	AcknowledgedAt *time.Time  `json:"acknowledgedAt,omitempty"`
}

type answeredRow struct {
	personJSON
	Read           bool       `bun:"read"`
	State          string     `bun:"state"`
	At             *time.Time `bun:"at"`
	AcknowledgedAt *time.Time `bun:"acknowledged_at"`
	SortKey        string     `bun:"sort_key"`
}

// Receipts are those who belonged to the room when one's own message was sent: who has
// read it, what they answered. Only who wrote it, or manages the room, may look.
func (s *Service) Receipts(ctx context.Context, id kernel.ID, page kernel.PageQuery) (kernel.Page[Answered], error) {
	none := kernel.Page[Answered]{Items: []Answered{}}
	keys, err := kernel.DecodeCursor(page.Cursor, 2)
	if err != nil {
		return none, err
	}
	f, err := s.find(ctx, id, false)
	if err != nil {
		return none, err
	}
	if !f.by(f.in.me) {
		if may, err := s.manages(ctx, f.in); err != nil || !may {
			return none, orElse(err, kernel.Forbidden("message_of_others"))
		}
	}
	q := s.db.Q(ctx).NewSelect().TableExpr("chat_member AS b").Join("JOIN person AS p ON p.id = b.person_id").
		Join("LEFT JOIN chat_receipt AS c ON c.message_id = ? AND c.person_id = b.person_id", id).
		ColumnExpr(`p.id, p.name, coalesce(p.avatar, '') AS avatar, p.external_organisation_id IS NOT NULL AS external, p.deactivated_at IS NOT NULL AS "left"`).
		ColumnExpr("b.read_seq >= ? AS read, coalesce(c.state, '') AS state, c.at, c.acknowledged_at, p.sort_key", f.Seq).
		Where("b.room_id = ? AND b.joined_seq < ? AND (b.left_seq IS NULL OR b.left_seq >= ?)", f.RoomID, f.Seq, f.Seq).
		Where("b.person_id IS DISTINCT FROM ?", f.AuthorID)
	if keys != nil {
		after, err := kernel.ParseID(keys[1])
		if err != nil {
			return none, kernel.Malformed("cursor_malformed")
		}
		q = q.Where("(p.sort_key, p.id) > (?, ?)", clean(keys[0]), after)
	}
	var rows []answeredRow
	if err := q.OrderExpr("p.sort_key, p.id").Limit(int64(page.Size())+1).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list receipts: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r answeredRow) []string { return []string{r.SortKey, r.ID.String()} })
	out := kernel.Page[Answered]{Items: make([]Answered, len(cut.Items)), Next: cut.Next}
	for i, row := range cut.Items {
		out.Items[i] = Answered{Person: row.person(), Read: row.Read, State: row.State, At: row.At, AcknowledgedAt: row.AcknowledgedAt}
	}
	return out, nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Nudge (催) reminds those who have not answered one's own message, at most every ten
// minutes. It gives how many that are.
func (s *Service) Nudge(ctx context.Context, id kernel.ID) (int, error) {
	nudged := 0
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		f, err := s.find(ctx, id, true)
		switch {
		case err != nil:
			return err
		case !f.by(f.in.me):
			return kernel.Forbidden("message_of_others")
		case f.RecalledAt != nil:
			return kernel.Conflict("message_recalled")
		case !f.Receipt && !f.Urgent:
			return kernel.Conflict("receipt_not_asked")
		}
		now := s.clock()
		if f.NudgedAt != nil && now.Sub(*f.NudgedAt) < nudgePause {
			return kernel.TooMany("nudge_too_soon").With("minutes", int((nudgePause-now.Sub(*f.NudgedAt)).Minutes())+1)
		}
		people, err := s.waiting(ctx, f.messageRow)
		if err != nil || len(people) == 0 {
			return err
		}
		nudged = len(people)
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_message SET nudged_at = ? WHERE id = ?`, now, id).Exec(ctx); err != nil {
			return fmt.Errorf("note a nudge: %w", err)
		}
		return s.live.Tell(ctx, people, live.Hint{Kind: "nudge", ID: id, Room: f.RoomID, Seq: f.Seq})
	})
	return nudged, err
}

// waiting are those who belonged to the room when a message was sent, still do, and
// have not given the answer that it asks for.
func (s *Service) waiting(ctx context.Context, m messageRow) ([]kernel.ID, error) {
	answered := bun.Safe("c.state IS NOT NULL")
	if m.Urgent {
		answered = "c.acknowledged_at IS NOT NULL"
	}
	var people []kernel.ID
	err := s.db.Q(ctx).NewRaw(`SELECT b.person_id FROM chat_member b JOIN person p ON p.id = b.person_id AND p.deactivated_at IS NULL
		WHERE b.room_id = ?0 AND b.left_seq IS NULL AND b.joined_seq < ?1 AND b.person_id IS DISTINCT FROM ?2
		AND NOT EXISTS (SELECT FROM chat_receipt c WHERE c.message_id = ?3 AND c.person_id = b.person_id AND ?4)`,
		m.RoomID, m.Seq, m.AuthorID, m.ID, answered).Scan(ctx, &people)
	if err != nil {
		return nil, fmt.Errorf("look who has not answered: %w", err)
	}
	return people, nil
}
