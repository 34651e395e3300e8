package officetest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/coder/websocket"
)

// Frame is any frame of the live stream.
type Frame struct {
	T        string              `json:"t"`
	Kind     string              `json:"kind"`
	ID       kernel.ID           `json:"id"`
	Room     kernel.ID           `json:"room"`
	Thread   kernel.ID           `json:"thread"`
	Seq      int64               `json:"seq"`
	Inbox    int64               `json:"inbox"`
	Revision int64               `json:"revision"`
	Data     json.RawMessage     `json:"data"`
	Rooms    map[kernel.ID]int64 `json:"rooms"`
	Reason   string              `json:"reason"`
	After    int64               `json:"after"`
}

// Stream is an open page that hears of changes.
type Stream struct {
	Hello Frame

	t      testing.TB
	conn   *websocket.Conn
	frames chan Frame
}

// streamLimit bounds what a test waits for a frame.
const streamLimit = 20 * time.Second

// Live opens the stream and waits for its first frame.
func (b *Browser) Live() *Stream {
	b.t.Helper()
	conn, reply, err := websocket.Dial(b.t.Context(), b.office.URL+"/api/v1/live", &websocket.DialOptions{ //nolint:bodyclose // the body of a stream is the stream
		HTTPClient: b.client, HTTPHeader: map[string][]string{"Origin": {b.office.URL}},
	})
	if err != nil {
		b.t.Fatalf("open the stream: %v (%v)", err, reply)
	}
	conn.SetReadLimit(1 << 20)
	s := &Stream{t: b.t, conn: conn, frames: make(chan Frame, 4096)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context()))
	b.t.Cleanup(func() { cancel(); _ = conn.CloseNow() })
	go s.read(ctx)
	s.Hello = s.Next()
	if s.Hello.T != "hello" {
		b.t.Fatalf("the stream begins with %+v", s.Hello)
	}
	return s
}

// read takes messages apart: each is a frame or a list of frames. It ends the channel
// with the connection.
func (s *Stream) read(ctx context.Context) {
	defer close(s.frames)
	for {
		_, raw, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(raw, []byte{'['}) {
			raw = append(append([]byte{'['}, raw...), ']')
		}
		var frames []Frame
		if err := json.Unmarshal(raw, &frames); err != nil {
			s.t.Errorf("a frame is no JSON: %v: %s", err, raw)
			return
		}
		for _, f := range frames {
			s.frames <- f
		}
	}
}

// Next waits for the next frame; one with an empty T means that the stream ended.
func (s *Stream) Next() Frame {
	s.t.Helper()
	select {
	case f := <-s.frames:
		return f
	case <-time.After(streamLimit):
		s.t.Fatal("no frame came")
		return Frame{}
	}
}

// Await skips frames until one is as asked.
func (s *Stream) Await(what string, is func(Frame) bool) Frame {
	s.t.Helper()
	for began := time.Now(); ; {
		f := s.Next()
		if is(f) {
			return f
		}
		if f.T == "" {
			s.t.Fatalf("the stream ended before %s", what)
		}
		if time.Since(began) > streamLimit { // there is a heartbeat all the while
			s.t.Fatalf("no frame is %s", what)
		}
	}
}

// Drain gives what has come until the stream ends.
func (s *Stream) Drain() []Frame {
	s.t.Helper()
	var all []Frame
	for began := time.Now(); ; {
		f := s.Next()
		if f.T == "" {
			return all
		}
		if time.Since(began) > streamLimit { // as in Await
			s.t.Fatal("the stream does not end")
		}
		all = append(all, f)
	}
}

// Client trusts the app's certificate.
func (o *Office) Client() *http.Client { return o.server.Client() }
