package chat

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// batchLimit bounds one transaction of the writer.
const batchLimit = 10 * time.Second

// writer keeps what waits for each room. A room that is in the map has somebody who
// writes; whoever posts meanwhile is in the next transaction, all of them together:
// the room's row is locked until the disk has it, so one by one they would wait.
type writer struct {
	mu     sync.Mutex
	queues map[kernel.ID][]*post
}

// submit stores a plain message with others of its room.
func (s *Service) submit(ctx context.Context, room kernel.ID, p *post) error {
	p.done = make(chan struct{})
	s.writer.mu.Lock()
	queue, busy := s.writer.queues[room]
	s.writer.queues[room] = append(queue, p)
	s.writer.mu.Unlock()
	if !busy {
		go s.write(store.WithoutTx(context.WithoutCancel(ctx)), room)
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write stores what waits for a room until nothing does.
func (s *Service) write(ctx context.Context, room kernel.ID) {
	for {
		s.writer.mu.Lock()
		queue := s.writer.queues[room]
		if len(queue) == 0 {
			delete(s.writer.queues, room)
			s.writer.mu.Unlock()
			return
		}
		batch := queue[:min(len(queue), maxBatch)]
		s.writer.queues[room] = queue[len(batch):]
		s.writer.mu.Unlock()
		s.commit(ctx, room, batch)
	}
}

// commit stores a batch; if it fails, each alone, so that one bad message harms no other.
func (s *Service) commit(ctx context.Context, room kernel.ID, batch []*post) {
	err := s.store(ctx, room, batch)
	if err != nil && len(batch) > 1 && !store.IsUnavailable(err) {
		for _, p := range batch {
			s.commit(ctx, room, []*post{p})
		}
		return
	}
	for _, p := range batch {
		if err != nil {
			p.err = err
		}
		close(p.done)
	}
}

func (s *Service) store(ctx context.Context, room kernel.ID, batch []*post) error {
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	for _, p := range batch {
		p.err, p.repeat = nil, false
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error { return s.append(ctx, room, batch) })
	if store.IsNoRows(err) {
		return kernel.NotFound("room_unknown")
	}
	return err
}

// fill takes the next place of the room.
func (p *post) fill(at *roomRow, people map[kernel.ID]personJSON, now time.Time) error {
	at.LastSeq++
	p.members = at.Members
	p.row = messageRow{
		ID: p.ID, RoomID: at.ID, Seq: at.LastSeq, Kind: p.Kind, Text: p.Text, MentionAll: p.All,
		QuoteID: orNull(p.Quote), AuthorID: orNull(p.author), Receipt: p.Receipt, Urgent: p.Urgent, CardRef: p.card, At: now, Revision: 1,
	}
	for _, id := range p.Mentions {
		// Whoever left since it was written is not told.
		if person, ok := people[id]; ok && id != p.author {
			p.row.Mentions = append(p.row.Mentions, id)
			p.data.Mentions = append(p.data.Mentions, Named{ID: id, Name: person.Name})
		}
	}
	if raw, ok := p.data.column().(string); ok {
		p.row.Data = json.RawMessage(raw)
	}
	shown := shownRow{messageRow: p.row}
	if author, ok := people[p.author]; ok {
		raw, err := json.Marshal(author)
		if err != nil {
			return err
		}
		shown.Author = raw
	}
	shown.QuoteID = nil
	var err error
	p.shown, err = (&access{roomRow: *at}).message(shown)
	p.shown.MentionsMe = false
	return err
}

func orNull(id kernel.ID) *kernel.ID {
	if id == kernel.NoID {
		return nil
	}
	return &id
}

func orEmpty[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}
