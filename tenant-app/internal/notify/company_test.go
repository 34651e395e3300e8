package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

type object = map[string]any

const secret = "a-secret-of-these-tests"

// told is what a gate was handed.
type told struct {
	Kind, To, Title, Text, Link, Code string
	ID                                kernel.ID
}

// gate stands for what the company has to reach its people.
type gate struct {
	URL string

	t      testing.TB
	mu     sync.Mutex
	calls  []told
	status int
}

// port opens the port of an address of this machine for the company.
func allow(t testing.TB, o *officetest.Office, at string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	o.Change(func(s *contract.Settings) {
		s.Egress = append(s.Egress, contract.EgressRule{CIDR: "127.0.0.0/8", Ports: []int32{int32(port)}})
	})
	return port
}

func newGate(t testing.TB) *gate {
	g := &gate{t: t, status: http.StatusNoContent}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := r.Header.Get(notify.HeaderSignature); got != notify.Sign(secret, r.Header.Get(notify.HeaderTime), body) {
		g.t.Errorf("a call is signed %q", got)
	}
	var call told
	if err := json.Unmarshal(body, &call); err != nil {
		g.t.Errorf("a call is no JSON: %v", err)
	}
	if g.status < 300 {
		g.calls = append(g.calls, call)
	}
	w.WriteHeader(g.status)
}

// take gives what came since it was last asked.
func (g *gate) take() []told {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.calls
	g.calls = nil
	return out
}

func (g *gate) answer(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
}

// company has 王芳, who is called, and 李娜, who writes to her in a room of two.
type company struct {
	*officetest.Office
	wang, li *officetest.Browser
	wangID   kernel.ID
	room     string
	gate     *gate
}

func start(t *testing.T) *company {
	t.Helper()
	c := &company{Office: officetest.Start(t), gate: newGate(t)}
	c.wang = c.Administrator(t)
	var me auth.Me
	c.wang.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&me)
	c.wangID = me.PersonID
	_, c.li = c.wang.Staff(auth.NewPerson{Name: "李娜", Phone: "+8613800000002"})
	var room struct{ ID string }
	c.li.JSON(http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "direct", "memberIds": []kernel.ID{c.wangID}}).Want(http.StatusCreated).Into(&room)
	c.room = room.ID
	c.wang.JSON(http.MethodPut, "/me/quiet-hours", object{"quietFrom": "00:00", "quietTo": "00:00"}).Want(http.StatusNoContent)
	hooks := object{}
	for _, kind := range []string{"wecom", "sms"} {
		hooks[kind] = object{"url": c.gate.URL, "secret": secret}
	}
	c.wang.JSON(http.MethodPut, "/notice-senders", object{"hooks": hooks}).Want(http.StatusOK)
	return c
}

var digits = regexp.MustCompile(`\d{6}`)

// use tests a channel that the gate serves.
func (c *company) use(t testing.TB, kind, address string) {
	t.Helper()
	c.wang.JSON(http.MethodPost, "/me/channels/"+kind+"/test", object{"address": address}).Want(http.StatusNoContent)
	calls := c.gate.take()
	if len(calls) != 1 {
		t.Fatalf("the test of %s came as %+v", kind, calls)
	}
	c.wang.JSON(http.MethodPost, "/me/channels/"+kind+"/confirm", object{"code": digits.FindString(calls[0].Text)}).Want(http.StatusNoContent)
}

// open lets the company reach its gate.
func (c *company) open(t testing.TB) { allow(t, c.Office, c.gate.URL[len("http://"):]) }

func (c *company) say(text string, more object) (id string) {
	body := object{"id": kernel.NewID(), "kind": "text", "text": text}
	for k, v := range more {
		body[k] = v
	}
	var made struct{ ID string }
	c.li.JSON(http.MethodPost, "/rooms/"+c.room+"/messages", body).Want(http.StatusCreated).Into(&made)
	return made.ID
}

// later lets time pass and the worker do what is due.
func (c *company) later(t testing.TB, d time.Duration) {
	t.Helper()
	c.Settle(t)
	c.Wait(d)
	c.Settle(t)
}

type channel struct {
	Kind, Address      string
	Open               bool
	FailedWhy          string
	TestedAt, FailedAt *time.Time
}

func (c *company) channel(t testing.TB, kind string) channel {
	t.Helper()
	var out struct{ Items []channel }
	c.wang.JSON(http.MethodGet, "/me/channels", nil).Want(http.StatusOK).Into(&out)
	for _, one := range out.Items {
		if one.Kind == kind {
			return one
		}
	}
	t.Fatalf("no channel %s", kind)
	return channel{}
}

// mailbox is a mail server that takes everything.
func mailbox(t testing.TB) (at string, mails func() []string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex
	var got []string
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				text := converse(t.Context(), conn)
				mu.Lock()
				defer mu.Unlock()
				got = append(got, text)
			}()
		}
	}()
	return listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

// converse plays the server's side of one connection and gives what was sent in it.
func converse(ctx context.Context, conn net.Conn) string {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	var all, line bytes.Buffer
	data, one := false, make([]byte, 1)
	_, _ = io.WriteString(conn, "220 mailbox\r\n")
	for {
		if _, err := conn.Read(one); err != nil {
			return all.String()
		}
		all.Write(one)
		line.Write(one)
		if one[0] != '\n' {
			continue
		}
		text := line.String()
		line.Reset()
		answer := "250 ok\r\n"
		switch {
		case data && text != ".\r\n":
			continue
		case data:
			data = false
		case text == "DATA\r\n":
			data, answer = true, "354 go on\r\n"
		case text == "QUIT\r\n":
			_, _ = io.WriteString(conn, "221 bye\r\n")
			return all.String()
		}
		_, _ = io.WriteString(conn, answer)
	}
}
