package chat

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// batchLimit bounds one transaction of the writer.
const batchLimit = 10 * time.Second

// writer keeps what waits to be stored. Whoever posts while a transaction is under way
// is in the next one, all of them together: one by one, each would wait for the disk.
type writer struct {
	mu      sync.Mutex
	waiting []*post
	writing bool
	// apart are rooms that somebody else held, with what waits for them: each is written
	// by itself, so that no other room waits for it.
	apart map[kernel.ID][]*post
}

// submit stores a plain message with others.
func (s *Service) submit(ctx context.Context, p *post) error {
	p.done = make(chan struct{})
	s.enqueue(ctx, p)
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Service) enqueue(ctx context.Context, p *post) {
	ctx = store.WithoutTx(context.WithoutCancel(ctx))
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	if queue, apart := s.writer.apart[p.room]; apart {
		s.writer.apart[p.room] = append(queue, p)
		return
	}
	s.writer.waiting = append(s.writer.waiting, p)
	if !s.writer.writing {
		s.writer.writing = true
		go s.write(ctx)
	}
}

// write stores what waits until nothing does.
func (s *Service) write(ctx context.Context) {
	for {
		s.writer.mu.Lock()
		batch := s.writer.waiting[:min(len(s.writer.waiting), maxBatch)]
		s.writer.waiting = s.writer.waiting[len(batch):]
		s.writer.writing = len(batch) > 0
		s.writer.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		left, err := s.store(ctx, batch, "SKIP LOCKED")
		if err != nil && !store.IsUnavailable(err) {
			left = batch // one bad message harms no other room
			err = nil
		}
		finish(batch, left, err)
		s.setApart(ctx, left)
	}
}

// setApart has posts written room by room.
func (s *Service) setApart(ctx context.Context, posts []*post) {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	for _, p := range posts {
		queue, busy := s.writer.apart[p.room]
		s.writer.apart[p.room] = append(queue, p)
		if !busy {
			go s.writeApart(ctx, p.room)
		}
	}
}

// writeApart stores what waits for a room until nothing does.
func (s *Service) writeApart(ctx context.Context, room kernel.ID) {
	for {
		s.writer.mu.Lock()
		queue := s.writer.apart[room]
		if len(queue) == 0 {
			delete(s.writer.apart, room)
			s.writer.mu.Unlock()
			return
		}
		batch := queue[:min(len(queue), maxBatch)]
		s.writer.apart[room] = queue[len(batch):]
		s.writer.mu.Unlock()
		s.commit(ctx, batch)
	}
}

// commit stores a batch of one room; if it fails, each alone, so that one bad message
// harms no other.
func (s *Service) commit(ctx context.Context, batch []*post) {
	left, err := s.store(ctx, batch, "")
	if err != nil && len(batch) > 1 && !store.IsUnavailable(err) {
		for _, p := range batch {
			s.commit(ctx, []*post{p})
		}
		return
	}
	for _, p := range left {
		p.err = kernel.NotFound("room_unknown")
	}
	finish(batch, nil, err)
}

// finish lets those go on whose posts are not left.
func finish(batch, left []*post, err error) {
	for _, p := range batch {
		if slices.Contains(left, p) {
			continue
		}
		if err != nil {
			p.err = err
		}
		close(p.done)
	}
}

// store stores posts of any rooms in one transaction. Those of rooms that are not there,
// or with skip are held by others, are left.
func (s *Service) store(ctx context.Context, batch []*post, skip bun.Safe) (left []*post, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	for _, p := range batch {
		p.err, p.repeat = nil, false
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		rooms, err := s.takeTurns(ctx, batch, skip)
		if err != nil {
			return err
		}
		var here []*post
		for _, p := range batch {
			if rooms[p.room] == nil {
				left = append(left, p)
			} else {
				here = append(here, p)
			}
		}
		if len(here) == 0 {
			return nil
		}
		return s.place(ctx, rooms, here)
	})
	return left, err
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
