package live

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/coder/websocket"
)

// Limits of a socket.
const (
	BeatEvery    = 15 * time.Second
	checkEvery   = 5 * time.Minute // looks whether the session and the rooms still are as they were
	writeLimit   = 10 * time.Second
	maxFrameIn   = 512 // bytes; a page has hardly anything to say
	maxFramesIn  = 30  // in beatEvery
	maxQueue     = 256 // frames that wait for a slow page
	maxQueued    = 1 << 20
	maxPerPerson = 16
	// drainSpread is over which time the pages of a replica that ends, or missed something, come back.
	drainSpread = 8 * time.Second
)

// Why a socket ended, as the page hears it.
const (
	byeDrain   = "drain"   // the replica ends: come back after the given time
	byeSession = "session" // nobody is signed in any more
	byeSlow    = "slow"    // too much waited, or it could not begin: come back and compare the cursors
	byeResync  = "resync"  // something was missed: come back and compare the cursors
	byeLimit   = "limit"   // too many pages of one person, or a page that talks too much
)

// The frames.
type (
	helloFrame struct {
		V       int                 `json:"v"`
		T       string              `json:"t"`
		Rooms   map[kernel.ID]int64 `json:"rooms"`
		Inbox   int64               `json:"inbox"`
		Beat    int                 `json:"beat"` // seconds
		Release string              `json:"release"`
		Epoch   int64               `json:"epoch"`
	}
	beatFrame struct {
		V     int                 `json:"v"`
		T     string              `json:"t"`
		Rooms map[kernel.ID]int64 `json:"rooms,omitempty"`
	}
	hintFrame struct {
		V int    `json:"v"`
		T string `json:"t"`
		Hint
	}
	byeFrame struct {
		V      int    `json:"v"`
		T      string `json:"t"`
		Reason string `json:"reason"`
		After  int64  `json:"after,omitempty"` // milliseconds
	}
)

// socket is one open page. rooms, beaten and held belong to the hub's lock.
type socket struct {
	hub             *Hub
	conn            *websocket.Conn
	token           string
	person, session kernel.ID
	since           time.Time
	rooms           map[kernel.ID]bool
	beaten          time.Time
	held            []heldFrame

	wake chan struct{}
	look chan struct{} // doubt began or ended
	done chan struct{}
	cut  context.CancelFunc // ends a write that a slow page does not take

	heard      int // messages, pings and pongs since then
	heardSince time.Time

	mu     sync.Mutex
	queue  [][]byte
	queued int
	reason string // why it ends; empty while it lasts, or if the page left
	ended  bool
}

// push puts a frame into the queue. A page that does not keep up is sent away: it
// comes back with its cursors.
func (s *socket) push(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if len(s.queue) >= maxQueue || s.queued+len(frame) > maxQueued {
		s.endLocked(byeSlow)
		return
	}
	s.queue, s.queued = append(s.queue, frame), s.queued+len(frame)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end stops the socket: what still waits is dropped.
func (s *socket) end(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(reason)
}

func (s *socket) endLocked(reason string) {
	if s.ended {
		return
	}
	if reason == byeSlow {
		slowSockets.Inc()
		s.cut()
	}
	s.ended, s.reason, s.queue = true, reason, nil
	close(s.done)
}

// take gives what waits as one message: a frame, or a list of frames.
func (s *socket) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	frames := s.queue
	s.queue, s.queued = nil, 0
	switch len(frames) {
	case 0:
		return nil
	case 1:
		return frames[0]
	}
	list := make([]byte, 0, len(frames)*64)
	list = append(list, '[')
	list = append(list, bytes.Join(frames, []byte{','})...)
	return append(list, ']')
}

// write sends what waits, beats, and looks after the session, until the socket ends.
func (s *socket) write(ctx context.Context) {
	beat := time.NewTimer(s.hub.firstBeat())
	defer beat.Stop()
	check := time.NewTimer(checkEvery/2 + rand.N(checkEvery))
	defer check.Stop()
	for {
		select {
		case <-s.done:
			s.farewell(ctx)
			return
		case <-s.wake:
		case <-beat.C:
			beat.Reset(s.hub.heartbeat(ctx, s))
		case <-s.look:
			beat.Reset(s.hub.heartbeat(ctx, s))
		case <-check.C:
			check.Reset(checkEvery)
			s.hub.check(ctx, s)
		}
		if message := s.take(); message != nil && s.send(ctx, message) != nil {
			s.end("")
		}
	}
}

func (s *socket) send(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, message)
}

// farewell says why, and closes.
func (s *socket) farewell(ctx context.Context) {
	s.mu.Lock()
	reason := s.reason
	s.mu.Unlock()
	if reason == "" || reason == byeSlow { // who does not read does not read this either
		_ = s.conn.CloseNow()
		return
	}
	bye := byeFrame{V: Version, T: "bye", Reason: reason}
	code := websocket.StatusPolicyViolation
	if reason == byeDrain || reason == byeResync {
		code = websocket.StatusTryAgainLater
		bye.After = rand.N(drainSpread).Milliseconds()
	}
	if s.send(ctx, encode(bye)) == nil {
		_ = s.conn.Close(code, reason)
		return
	}
	_ = s.conn.CloseNow()
}

// accept makes the request a connection.
func (s *socket) accept(w http.ResponseWriter, r *http.Request) (err error) {
	// What is no message makes work too.
	s.conn, err = websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the edge has compared the origin with the company's own
		OnPingReceived:     func(context.Context, []byte) bool { return s.hear() },
		OnPongReceived:     func(context.Context, []byte) { s.hear() },
	})
	return err
}

// read throws away what a page says, within limits, until it leaves.
func (s *socket) read(ctx context.Context) {
	s.conn.SetReadLimit(maxFrameIn)
	for {
		_, r, err := s.conn.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			s.end("")
			return
		}
		if !s.hear() {
			return
		}
	}
}

// hear counts what a page says, and sends one away that says too much. Whoever reads
// from the connection calls it, so one at a time.
func (s *socket) hear() bool {
	if time.Since(s.heardSince) > BeatEvery {
		s.heard, s.heardSince = 0, time.Now()
	}
	if s.heard++; s.heard > maxFramesIn {
		s.end(byeLimit)
		return false
	}
	return true
}
