package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/google/uuid"
)

// crowd is a number of open pages.
type crowd struct {
	sockets []*websocket.Conn
	arrived atomic.Int64 // hints at messages
	readers sync.WaitGroup
	heard   func(id uuid.UUID, at time.Time) // of each hint; may be nil
}

var (
	isMessage = []byte(`"t":"hint","kind":"message","id":"`)
	isHello   = []byte(`"t":"hello"`)
)

// listen opens a page for each person, at most sixteen at a time.
func listen(ctx context.Context, url, origin string, people []person, heard func(uuid.UUID, time.Time)) (*crowd, error) {
	c := &crowd{heard: heard, sockets: make([]*websocket.Conn, len(people))}
	slots, errs := make(chan struct{}, 16), make([]error, len(people))
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			c.sockets[i], errs[i] = open(ctx, url, origin, p)
		})
	}
	all.Wait()
	for _, socket := range c.sockets {
		if socket != nil {
			c.readers.Go(func() { c.read(ctx, socket) })
		}
	}
	return c, errors.Join(errs...)
}

// open dials until the hello has come.
func open(ctx context.Context, url, origin string, p person) (*websocket.Conn, error) {
	header := http.Header{"Origin": {origin}, "Cookie": {"__Host-atrium=" + p.cookie}}
	conn, reply, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, Host: origin[len("http://"):]}) //nolint:bodyclose // the body of a stream is the stream
	if err != nil {
		return nil, fmt.Errorf("open a page: %w (%v)", err, reply)
	}
	conn.SetReadLimit(4 << 20)
	_, raw, err := conn.Read(ctx)
	if err != nil || !bytes.Contains(raw, isHello) {
		return nil, fmt.Errorf("a page begins with %.100s: %w", raw, err)
	}
	return conn, nil
}

func (c *crowd) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return
		}
		now := time.Now()
		for {
			at := bytes.Index(raw, isMessage)
			if at < 0 {
				break
			}
			raw = raw[at+len(isMessage):]
			c.arrived.Add(1)
			if c.heard != nil {
				if id, err := uuid.Parse(string(raw[:36])); err == nil {
					c.heard(id, now)
				}
			}
		}
	}
}

func (c *crowd) close() {
	for _, socket := range c.sockets {
		if socket != nil {
			_ = socket.CloseNow()
		}
	}
	c.readers.Wait()
}

// await waits until so many hints have arrived.
func (c *crowd) await(want int64, limit time.Duration) bool {
	for end := time.Now().Add(limit); c.arrived.Load() < want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
