package live

import (
	"context"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// doubtEvery is how often each socket is looked after while this replica is in doubt,
// and so how late a hint may be then.
const doubtEvery = 3 * time.Second

// heldFrame waits until its socket was looked after; room is NoID if it is meant for a
// person.
type heldFrame struct {
	room  kernel.ID
	frame []byte
}

// setDoubt begins or ends a time in which leavings and ended sessions may be unknown
// here. All sockets are looked after at once.
func (h *Hub) setDoubt(doubt bool) {
	h.doubt = doubt
	for _, sockets := range h.people {
		for s := range sockets {
			select {
			case s.look <- struct{}{}:
			default:
			}
		}
	}
}

// resync sends all pages away, to come back with their cursors.
func (h *Hub) resync() {
	for _, sockets := range h.people {
		for s := range sockets {
			s.end(byeResync)
		}
	}
}

// give pushes a frame, or holds it back while this replica is in doubt.
func (h *Hub) give(s *socket, room kernel.ID, frame []byte) {
	switch {
	case !h.doubt && len(s.held) == 0:
		s.push(frame)
	case len(s.held) >= maxQueue:
		s.end(byeSlow)
	default:
		s.held = append(s.held, heldFrame{room, frame})
	}
}

// heartbeat sends a socket its cursors, and says when the next is due. In doubt the
// database is asked first whether the session lasts and which rooms are the person's;
// what was held back before that question is given then.
func (h *Hub) heartbeat(ctx context.Context, s *socket) time.Duration {
	h.mu.Lock()
	doubt, held := h.doubt, s.held
	h.mu.Unlock()
	if (doubt || len(held) > 0) && !h.check(ctx, s) {
		s.push(encode(beatFrame{V: Version, T: "beat"}))
		return doubtEvery
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range held {
		if f.room == kernel.NoID || s.rooms[f.room] {
			s.push(f.frame)
		}
	}
	s.held = s.held[len(held):]
	s.push(h.beat(s))
	if h.doubt || len(s.held) > 0 {
		return doubtEvery
	}
	return BeatEvery
}

// firstBeat is when a new socket's first heartbeat is due.
func (h *Hub) firstBeat() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.doubt {
		return doubtEvery
	}
	return BeatEvery
}
