package live

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	openSockets = prometheus.NewGauge(prometheus.GaugeOpts{Name: "office_live_sockets", Help: "Pages that hear of changes now."})
	slowSockets = prometheus.NewCounter(prometheus.CounterOpts{Name: "office_live_slow_total", Help: "Pages that were sent away because they did not keep up."})
	inDoubt     = prometheus.NewGauge(prometheus.GaugeOpts{Name: "office_live_doubt", Help: "1 while this replica does not hear all others of its company."})
)

// Collectors are the metrics of the stream.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{openSockets, slowSockets, inDoubt}
}

// Register adds the socket.
func (h *Hub) Register(server *httpapi.Server) {
	server.Socket(httpapi.Op{
		ID: "live", Method: http.MethodGet, Path: "/live", Summary: "WebSocket on which the page hears of changes", Tag: "live",
		Action: "read", Resource: "own-stream",
	}, h.serve)
}

// serve lets one socket in.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request) {
	who, _ := kernel.PrincipalFrom(r.Context())
	cookie, err := r.Cookie(httpapi.SessionCookie)
	if err != nil || h.isDraining() {
		httpapi.WriteProblem(w, r, kernel.Unavailable("try_again_later").Because(err))
		return
	}
	// The request's time limit is not the socket's.
	ctx, cut := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{
		hub: h, token: cookie.Value, person: who.PersonID, session: who.SessionID, since: time.Now(),
		rooms: map[kernel.ID]bool{}, wake: make(chan struct{}, 1), look: make(chan struct{}, 1), done: make(chan struct{}), cut: cut,
	}
	if s.accept(w, r) != nil {
		cut()
		return // accept has answered
	}
	h.enter(s)
	if err := h.greet(ctx, s); err != nil {
		h.config.Log.WarnContext(ctx, "cannot begin a live stream", "error", err.Error())
		_ = s.conn.Close(websocket.StatusTryAgainLater, byeSlow)
		h.leave(s)
		cut()
		return
	}
	// What it took to come in, the request and a deep stack, is not kept for the hours
	// in which nothing happens: half of what an open page costs.
	go h.hold(ctx, s)
}

// hold serves a socket to its end.
func (h *Hub) hold(ctx context.Context, s *socket) {
	defer s.cut()
	defer h.leave(s)
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(ctx)
	}()
	s.read(ctx)
	<-written
}

// enter lets the person's newest page in, and sends the oldest of too many away.
func (h *Hub) enter(s *socket) {
	openSockets.Inc()
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := h.people[s.person]
	if mine == nil {
		mine = map[*socket]bool{}
		h.people[s.person] = mine
	}
	if len(mine) >= maxPerPerson {
		oldest := s
		for other := range mine {
			if other.since.Before(oldest.since) {
				oldest = other
			}
		}
		h.forget(oldest)
		oldest.end(byeLimit)
	}
	// Forgetting the last one takes the person out of the map.
	if h.people[s.person] == nil {
		h.people[s.person] = mine
	}
	mine[s] = true
}

func (h *Hub) leave(s *socket) {
	openSockets.Dec()
	s.end("")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(s)
}

func (h *Hub) forget(s *socket) {
	for room := range s.rooms {
		h.unsubscribe(s, room)
	}
	if mine := h.people[s.person]; mine != nil {
		if delete(mine, s); len(mine) == 0 {
			delete(h.people, s.person)
		}
	}
}

// greet subscribes first and reads the cursors then: whatever is committed before that
// is in them, whatever comes after is hinted at.
func (h *Hub) greet(ctx context.Context, s *socket) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if err := h.refresh(ctx, s); err != nil {
		return err
	}
	cursors, err := h.rooms.Cursors(ctx, s.person)
	if err != nil {
		return err
	}
	inbox, err := h.inbox(ctx, s.person)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for room := range cursors {
		if !s.rooms[room] {
			delete(cursors, room) // left, or joined this very moment: then a hint says so
		}
	}
	s.beaten = h.config.Clock()
	s.push(encode(helloFrame{
		V: Version, T: "hello", Rooms: cursors, Inbox: inbox, Beat: int(BeatEvery.Seconds()),
		Release: h.config.Release, Epoch: h.config.Settings().DataEpoch,
	}))
	return nil
}

// refresh subscribes a socket to the rooms of its person.
func (h *Hub) refresh(ctx context.Context, s *socket) error {
	cursors, err := h.rooms.Cursors(ctx, s.person)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.people[s.person][s] {
		return nil // sent away meanwhile
	}
	for room := range s.rooms {
		if _, ok := cursors[room]; !ok {
			h.unsubscribe(s, room)
		}
	}
	for room, seq := range cursors {
		h.subscribe(s, room, seq)
	}
	return nil
}

// beat is the heartbeat of a socket: the rooms that moved since the last one.
func (h *Hub) beat(s *socket) []byte {
	frame := beatFrame{V: Version, T: "beat"}
	for room := range s.rooms {
		if at := h.members[room]; at != nil && at.moved.After(s.beaten) {
			if frame.Rooms == nil {
				frame.Rooms = map[kernel.ID]int64{}
			}
			frame.Rooms[room] = at.seq
		}
	}
	s.beaten = h.config.Clock().Add(-time.Second) // rather twice than never
	return encode(frame)
}

// check ends a socket whose session ended without a word (it expired, or the data were
// restored), and mends its rooms. A database that does not answer ends nothing. It says
// whether the socket is known to be sound now.
func (h *Hub) check(ctx context.Context, s *socket) bool {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	_, err := h.config.Authenticate(ctx, s.token)
	if kernel.IsKind(err, kernel.KindUnauthorized) {
		s.end(byeSession)
		return false
	}
	if err == nil {
		err = h.refresh(ctx, s)
	}
	if err != nil {
		h.config.Log.WarnContext(ctx, "cannot look after a live stream; trying again later", "error", err.Error())
	}
	return err == nil
}

func (h *Hub) isDraining() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draining
}

// Drain sends every page away with a time to come back at, spread so that they do not
// come together, and lets none in.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for _, sockets := range h.people {
		for s := range sockets {
			s.end(byeDrain)
		}
	}
}

// inbox is how much a person was told of.
func (h *Hub) inbox(ctx context.Context, person kernel.ID) (int64, error) {
	var seq int64
	err := h.config.DB.Q(ctx).NewRaw("SELECT coalesce(max(seq), 0) FROM live_inbox WHERE person_id = ?", person).Scan(ctx, &seq)
	if err != nil {
		return 0, fmt.Errorf("read the inbox cursor: %w", err)
	}
	return seq, nil
}
