package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// noticeRow is a message for which somebody is to be called.
type noticeRow struct {
	ID        kernel.ID  `bun:"id"`
	MessageID kernel.ID  `bun:"message_id"`
	Urgent    bool       `bun:"urgent"`
	Sent      []string   `bun:"sent,array"`
	SentAt    *time.Time `bun:"sent_at"`
}

// call tells a person what they have not seen. An error means: again later.
func (s *Service) call(ctx context.Context, person kernel.ID) error {
	open, calls, err := s.open(ctx, person)
	if err != nil || len(open) == 0 {
		return err
	}
	ways, err := s.ways(ctx, person)
	if err != nil {
		return err
	}
	if len(ways) == 0 {
		return s.done(ctx, open)
	}
	var failed []error
	var plain []noticeRow
	for _, n := range open {
		if n.Urgent {
			failed = append(failed, s.urge(ctx, person, ways, n, calls[n.MessageID]))
		} else {
			plain = append(plain, n)
		}
	}
	failed = append(failed, s.tell(ctx, person, ways, plain, calls))
	return errors.Join(failed...)
}

// open are the notices of a person that still stand, with what they are about; the
// others are done.
func (s *Service) open(ctx context.Context, person kernel.ID) ([]noticeRow, map[kernel.ID]Call, error) {
	var rows []noticeRow
	err := s.DB.Q(ctx).NewRaw(`SELECT n.id, n.message_id, n.urgent, n.sent, n.sent_at FROM notice n JOIN person p ON p.id = n.person_id
		WHERE n.person_id = ? AND n.done_at IS NULL ORDER BY n.at, n.id LIMIT ?`, person, maxCalls).Scan(ctx, &rows)
	if err != nil {
		return nil, nil, fmt.Errorf("read whom to call: %w", err)
	}
	messages := make([]kernel.ID, len(rows))
	for i, row := range rows {
		messages[i] = row.MessageID
	}
	unseen, err := s.Messages.Unseen(ctx, person, messages)
	if err != nil {
		return nil, nil, err
	}
	calls, place := map[kernel.ID]Call{}, map[kernel.ID]int{}
	for i, c := range unseen {
		calls[c.ID], place[c.ID] = c, i
	}
	var stand, over []noticeRow
	for _, row := range rows {
		if _, there := calls[row.MessageID]; there {
			stand = append(stand, row)
		} else {
			over = append(over, row)
		}
	}
	// As they were written: several jobs at once note them in another order.
	slices.SortFunc(stand, func(a, b noticeRow) int { return place[a.MessageID] - place[b.MessageID] })
	return stand, calls, s.done(ctx, over)
}

// tell says together what is not urgent, by the first way that takes it.
func (s *Service) tell(ctx context.Context, person kernel.ID, ways []way, rows []noticeRow, calls map[kernel.ID]Call) error {
	if len(rows) == 0 {
		return nil
	}
	until, err := s.quietUntil(ctx, person)
	if err != nil {
		return err
	}
	if until.After(s.Clock()) {
		return s.plan(ctx, person, until)
	}
	list := make([]Call, len(rows))
	for i, row := range rows {
		list[i] = calls[row.MessageID]
	}
	if _, err := s.first(ctx, person, ways, s.letter(list)); err != nil {
		return err
	}
	return s.done(ctx, rows)
}

// urge says what is urgent by the next way, and comes back until there is none left.
func (s *Service) urge(ctx context.Context, person kernel.ID, ways []way, n noticeRow, about Call) error {
	now := s.Clock()
	if n.SentAt != nil && now.Before(n.SentAt.Add(escalate)) {
		return s.plan(ctx, person, n.SentAt.Add(escalate))
	}
	left := slices.DeleteFunc(slices.Clone(ways), func(w way) bool { return slices.Contains(n.Sent, w.Kind) })
	if len(left) == 0 {
		return s.done(ctx, []noticeRow{n})
	}
	took, err := s.first(ctx, person, left, s.letter([]Call{about}))
	if err != nil {
		return err
	}
	_, err = s.DB.Q(ctx).NewRaw(`UPDATE notice SET sent = sent || ?::text[], sent_at = ? WHERE id = ?`, pgdialect.Array([]string{took}), now, n.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that somebody was called: %w", err)
	}
	return s.plan(ctx, person, now.Add(escalate))
}

// first sends a letter by the first of some ways that takes it, and says which did.
func (s *Service) first(ctx context.Context, person kernel.ID, ways []way, l letter) (string, error) {
	var failed []error
	for _, w := range ways {
		err := w.send(ctx, l)
		if noted := s.noteFailure(ctx, person, w.Kind, err); noted != nil {
			return "", noted
		}
		if err == nil {
			return w.Kind, nil
		}
		s.Log.WarnContext(ctx, "a notice did not go out", "channel", w.Kind, "error", err.Error())
		failed = append(failed, fmt.Errorf("%s: %w", w.Kind, err))
	}
	return "", errors.Join(failed...)
}

func (s *Service) done(ctx context.Context, rows []noticeRow) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]kernel.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	if _, err := s.DB.Q(ctx).NewRaw(`UPDATE notice SET done_at = ? WHERE id IN (?)`, s.Clock(), bun.List(ids)).Exec(ctx); err != nil {
		return fmt.Errorf("note that a notice is done: %w", err)
	}
	return nil
}
