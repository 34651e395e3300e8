// Package live tells open pages that something changed. Two cursors are durable and
// kept in the database: a sequence for each room and an inbox sequence for each
// person. All else is a hint that may be lost: a page that reconnects compares the
// cursors and reads again what it shows. The hub decides no rights: it delivers to the
// people it is told, and to a room's members until it is told that they left.
package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Version is that of the frames. A page leaves what it does not know.
const Version = 1

// goneFor is how long a member who left stays barred from a room's hints, whatever a
// connection that is just being made has read: longer than any transaction lasts.
const goneFor = time.Minute

// To says who is meant: people, or those who belong to a room now.
type To struct {
	People []kernel.ID `json:"people,omitempty"`
	Room   kernel.ID   `json:"room,omitzero"`
}

// Hint says that something changed. Data may hold what the page would read anyway,
// as everyone meant may see it.
type Hint struct {
	Kind     string    `json:"kind"`
	ID       kernel.ID `json:"id,omitzero"`
	Room     kernel.ID `json:"room,omitzero"`
	Thread   kernel.ID `json:"thread,omitzero"`
	Seq      int64     `json:"seq,omitempty"`
	Inbox    int64     `json:"inbox,omitempty"`
	Revision int64     `json:"revision,omitempty"`
	Data     any       `json:"data,omitempty"`
}

// Rooms is what the hub asks of chat.
type Rooms interface {
	// Cursors are the rooms to which a person belongs, with their last sequence.
	Cursors(ctx context.Context, person kernel.ID) (map[kernel.ID]int64, error)
}

// Config is what the hub needs.
type Config struct {
	DB       *store.DB
	Settings func() contract.Settings
	Clock    kernel.Clock
	Log      *slog.Logger
	Release  string

	// Authenticate gives the person behind a session's token.
	Authenticate func(ctx context.Context, token string) (kernel.Principal, error)
}

// Hub holds the open sockets of this replica.
type Hub struct {
	config Config
	rooms  Rooms
	bus    Bus

	mu       sync.Mutex
	people   map[kernel.ID]map[*socket]bool
	members  map[kernel.ID]*audience // by room: those with an open socket
	gone     map[stay]time.Time
	soon     map[kernel.ID]*time.Timer
	draining bool
	doubt    bool // another replica is not heard
}

// audience is who of a room has a page open.
type audience struct {
	seq     int64
	moved   time.Time
	sockets map[*socket]bool
}

type stay struct{ room, person kernel.ID }

// New makes a hub without sockets. Replicas hear of each other through bus.
func New(config Config, bus Bus) *Hub {
	h := &Hub{
		config: config, bus: bus, people: map[kernel.ID]map[*socket]bool{}, members: map[kernel.ID]*audience{},
		gone: map[stay]time.Time{}, soon: map[kernel.ID]*time.Timer{},
	}
	bus.Subscribe(h.apply)
	return h
}

// Follow tells the hub whom to ask for rooms; before the first socket.
func (h *Hub) Follow(rooms Rooms) { h.rooms = rooms }

// Hint reaches those meant once the transaction in ctx is committed.
func (h *Hub) Hint(ctx context.Context, to To, hint Hint) {
	store.AfterCommit(ctx, func() { h.bus.Publish(Signal{Kind: signalHint, To: to, Hint: hint}) })
}

// HintSoon reaches a room within a wait, once for however often it is called meanwhile:
// for what changes with every reader.
func (h *Hub) HintSoon(ctx context.Context, room kernel.ID, wait time.Duration, hint Hint) {
	store.AfterCommit(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.soon[room] != nil {
			return
		}
		h.soon[room] = time.AfterFunc(wait, func() {
			h.mu.Lock()
			delete(h.soon, room)
			h.mu.Unlock()
			h.bus.Publish(Signal{Kind: signalHint, To: To{Room: room}, Hint: hint})
		})
	})
}

// Join lets people hear of a room from its sequence on, once the transaction in ctx
// is committed.
func (h *Hub) Join(ctx context.Context, room kernel.ID, seq int64, people []kernel.ID) {
	store.AfterCommit(ctx, func() {
		h.bus.Publish(Signal{Kind: signalJoin, To: To{Room: room, People: people}, Hint: Hint{Seq: seq}})
	})
}

// Leave ends what people hear of a room: at once, so that nothing that is committed
// after their leaving reaches them, and again after the transaction, for a page that
// connected meanwhile. If it is rolled back, their pages hear again when they connect
// anew or are looked at the next time.
func (h *Hub) Leave(ctx context.Context, room kernel.ID, people []kernel.ID) {
	signal := Signal{Kind: signalLeave, To: To{Room: room, People: people}}
	h.bus.Publish(signal)
	store.AfterCommit(ctx, func() { h.bus.Publish(signal) })
}

// EndSessions closes the sockets of a session, or all of a person's except one
// session (NoID: all), once the transaction in ctx is committed.
func (h *Hub) EndSessions(ctx context.Context, person, session, except kernel.ID) {
	store.AfterCommit(ctx, func() {
		h.bus.Publish(Signal{Kind: signalEnd, To: To{People: []kernel.ID{person}}, Session: session, Except: except})
	})
}

// apply does what a signal says on this replica.
func (h *Hub) apply(s Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch s.Kind {
	case signalHint:
		h.deliver(s.To, s.Hint)
	case signalJoin:
		for _, person := range s.To.People {
			delete(h.gone, stay{s.To.Room, person})
			for socket := range h.people[person] {
				h.subscribe(socket, s.To.Room, s.Hint.Seq)
			}
		}
	case signalLeave:
		h.bar(s.To.Room, s.To.People)
	case signalDoubt, signalWhole:
		h.setDoubt(s.Kind == signalDoubt)
	case signalMissed:
		h.resync()
	case signalEnd:
		for _, person := range s.To.People {
			for socket := range h.people[person] {
				if (s.Session == kernel.NoID || socket.session == s.Session) && (s.Except == kernel.NoID || socket.session != s.Except) {
					socket.end(byeSession)
				}
			}
		}
	}
}

// deliver encodes a hint once for all who get it.
func (h *Hub) deliver(to To, hint Hint) {
	at := h.members[to.Room]
	if at != nil && hint.Seq > at.seq && hint.Thread == kernel.NoID {
		at.seq, at.moved = hint.Seq, h.config.Clock()
	}
	var frame []byte
	give := func(s *socket, room kernel.ID) {
		if frame == nil {
			frame = encode(hintFrame{Version, "hint", hint})
		}
		h.give(s, room, frame)
	}
	if at != nil {
		for s := range at.sockets {
			give(s, to.Room)
		}
	}
	for _, person := range to.People {
		for s := range h.people[person] {
			give(s, kernel.NoID)
		}
	}
}

// bar ends what people hear of a room, and forgets those who left long ago.
func (h *Hub) bar(room kernel.ID, people []kernel.ID) {
	now := h.config.Clock()
	for _, person := range people {
		h.gone[stay{room, person}] = now
		for socket := range h.people[person] {
			h.unsubscribe(socket, room)
		}
	}
	for who, since := range h.gone {
		if now.Sub(since) > goneFor {
			delete(h.gone, who)
		}
	}
}

func (h *Hub) subscribe(s *socket, room kernel.ID, seq int64) {
	if left, ok := h.gone[stay{room, s.person}]; ok && h.config.Clock().Sub(left) <= goneFor {
		return
	}
	at := h.members[room]
	if at == nil {
		at = &audience{sockets: map[*socket]bool{}}
		h.members[room] = at
	}
	if seq > at.seq { // what was said while nobody here could hear it
		at.seq, at.moved = seq, h.config.Clock()
	}
	at.sockets[s] = true
	s.rooms[room] = true
}

func (h *Hub) unsubscribe(s *socket, room kernel.ID) {
	delete(s.rooms, room)
	if at := h.members[room]; at != nil {
		if delete(at.sockets, s); len(at.sockets) == 0 {
			delete(h.members, room)
		}
	}
}

// encode writes a frame. What the app puts into one can always be encoded.
func encode(frame any) []byte {
	raw, err := json.Marshal(frame)
	if err != nil {
		panic(err)
	}
	return raw
}
