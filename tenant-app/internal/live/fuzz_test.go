package live

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/coder/websocket"
)

// fuzzLimit bounds what the test waits for.
const fuzzLimit = 20 * time.Second

// Whatever a page says, frame by frame, its stream either ends with the code for what
// was wrong with it or goes on hearing; the person's other page goes on in any case, and
// the hub keeps nothing of who left.
func FuzzWhatAPageSays(f *testing.F) {
	for _, script := range []string{
		"", "\x81\x80\x00", "\x81\xa0\x00{}", "\x82\xc0\x00\xff\xfe", "\x81\xc0\x01", "\x81\x20\x00no mask", "\xc1\x90\x00rsv", "\x83\x80\x00", "\x8f\x80\x00",
		"\x80\x84\x00", "\x01\x84\x00\x00\x84\x00\x80\x84\x00", "\x01\x84\x00\x81\x84\x00", "\x01\xbf\x00\x80\xbf\x00", "\x89\x8f\x05", "\x89\x8f\x06", "\x09\x84\x00",
		"\x88\x80\x00", "\x88\x80\x02\x03\xe8", "\x88\x80\x01", "\x01\x80\x00\x89\x80\x00\x80\x80\x00",
		repeat("\x81\x80\x00", 30), repeat("\x81\x80\x00", 31), repeat("\x89\x80\x00", 31), repeat("\x8a\x80\x00", 31), repeat("\x00\x80\x00", 3),
	} {
		f.Add([]byte(script))
	}
	h, left, url := fuzzed(f)
	f.Fuzz(func(t *testing.T, script []byte) {
		person := kernel.NewID()
		page, other := join(t, url, person), join(t, url, person)
		want := page.play(script)
		signal := Signal{Kind: signalHint, To: To{People: []kernel.ID{person}}, Hint: Hint{Kind: "still", ID: person}}
		h.apply(signal)
		if got := other.hears(t, stays); got != stays {
			t.Errorf("%q ends the person's other page with %d", script, got)
		}
		if got := page.hears(t, want); got != want && (want != ended || got == stays) {
			t.Errorf("%q: the stream goes on with %d, want %d", script, got, want)
		}
		for _, conn := range []*spoken{page, other} {
			_ = conn.CloseNow()
			select {
			case <-left:
			case <-time.After(fuzzLimit):
				t.Fatalf("after %q the hub does not let go of a page that left", script)
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.people[person]) > 0 {
			t.Errorf("after %q the hub holds %d sockets of somebody who left", script, len(h.people[person]))
		}
	})
}

func repeat(frame string, n int) (out string) {
	for range n {
		out += frame
	}
	return out
}

// How a stream may go on.
const (
	stays = websocket.StatusCode(0)
	cut   = websocket.StatusCode(-1) // without a word
	ended = websocket.StatusNormalClosure
)

// fuzzed is a hub behind a server, without rooms. It tells of each page that left.
func fuzzed(f *testing.F) (*Hub, <-chan struct{}, string) {
	left := make(chan struct{}, 2)
	bus := &Local{}
	h := New(Config{Clock: time.Now, Log: slog.New(slog.DiscardHandler)}, bus)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, err := kernel.ParseID(r.URL.Query().Get("person"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		s := &socket{hub: h, person: person, since: time.Now(), rooms: map[kernel.ID]bool{}, wake: make(chan struct{}, 1), done: make(chan struct{}), cut: cancel}
		if s.accept(w, r) != nil {
			return
		}
		h.enter(s)
		s.push(encode(helloFrame{V: Version, T: "hello"}))
		h.hold(ctx, s)
		left <- struct{}{}
	}))
	f.Cleanup(server.Close)
	return h, left, server.URL
}

const lastPing = "still there?"

// spoken is a page of which every byte is ours.
type spoken struct {
	*websocket.Conn
	wire     net.Conn
	answered bool // a ping that was sent after what should have ended the stream
	stop     context.CancelFunc
}

func join(t *testing.T, url string, person kernel.ID) *spoken {
	t.Helper()
	s := &spoken{}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		var err error
		s.wire, err = d.DialContext(ctx, network, address)
		return s.wire, err
	}}}
	var err error
	if s.Conn, _, err = websocket.Dial(t.Context(), url+"?person="+person.String(), &websocket.DialOptions{
		HTTPClient: client, OnPongReceived: func(_ context.Context, payload []byte) {
			if string(payload) == lastPing {
				s.answered = true
				s.stop()
			}
		},
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err = s.next(t); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *spoken) next(t *testing.T) (websocket.MessageType, []byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), fuzzLimit)
	defer cancel()
	s.stop = cancel
	kind, raw, err := s.Read(ctx)
	if ctx.Err() != nil && !s.answered {
		t.Fatal("the stream neither says anything nor ends")
	}
	return kind, raw, err
}

// hears waits for the hint, or for the end of a stream that is to end.
func (s *spoken) hears(t *testing.T, want websocket.StatusCode) websocket.StatusCode {
	t.Helper()
	for {
		_, raw, err := s.next(t)
		if s.answered {
			return stays
		}
		if err != nil {
			return websocket.CloseStatus(err)
		}
		var frame struct{ T, Kind string }
		if err := json.Unmarshal(raw, &frame); err != nil {
			t.Fatalf("the page hears %q", raw)
		}
		if frame.Kind == "still" && want == stays {
			return stays
		}
	}
}

// play sends a script frame by frame up to the first that ends the stream, and says how
// it should go on. Three bytes begin a frame: as on the wire; whether it is masked, and
// eighths of its length; the rest of the length. What follows is the payload.
func (s *spoken) play(script []byte) websocket.StatusCode {
	rules := rules{}
	for len(script) >= 3 {
		first, masked, size := script[0], script[1]&0x80 != 0, int(script[1]&0x7f)*8+int(script[2]%8)
		script = script[3:]
		payload := make([]byte, size)
		copy(payload, script)
		script = script[min(size, len(script)):]
		if _, err := s.wire.Write(wireFrame(first, masked, payload)); err != nil {
			return cut
		}
		if next := rules.after(first, masked, payload); next != stays {
			_, _ = s.wire.Write(wireFrame(0x89, true, []byte(lastPing))) // closed by now, if all is well
			return next
		}
	}
	return stays
}

// wireFrame is a frame with a mask of zeros.
func wireFrame(first byte, masked bool, payload []byte) []byte {
	out := []byte{first, 0}
	if len(payload) < 126 {
		out[1] = byte(len(payload))
	} else {
		out[1] = 126
		out = binary.BigEndian.AppendUint16(out, uint16(len(payload)))
	}
	if masked {
		out[1] |= 0x80
		out = append(out, 0, 0, 0, 0)
	}
	return append(out, payload...)
}

// rules are those of RFC 6455 and of this package, told independently of both.
type rules struct {
	within bool // a message has begun
	size   int  // of it
	heard  int
}

func (r *rules) after(first byte, masked bool, payload []byte) websocket.StatusCode {
	last, opcode := first&0x80 != 0, first&0x0f
	switch {
	case first&0x70 != 0:
		return websocket.StatusProtocolError
	case !masked:
		return cut
	case opcode >= 8:
		return r.control(last, opcode, payload)
	case opcode > 2, (opcode == 0) != r.within:
		return websocket.StatusProtocolError
	}
	if !r.within {
		r.size = 0
	}
	r.within = !last
	if r.size += len(payload); r.size > 512 {
		return websocket.StatusMessageTooBig
	}
	if last {
		return r.hear()
	}
	return stays
}

func (r *rules) control(last bool, opcode byte, payload []byte) websocket.StatusCode {
	switch {
	case opcode > 10, !last, len(payload) > 125:
		return websocket.StatusProtocolError
	case opcode == 8:
		return ended
	}
	return r.hear()
}

func (r *rules) hear() websocket.StatusCode {
	if r.heard++; r.heard > 30 {
		return websocket.StatusPolicyViolation
	}
	return stays
}
