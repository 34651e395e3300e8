package gateway_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestARequestReachesTheRightCompany(t *testing.T) {
	f := start(t)
	app := func(name string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-App", name)
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, r.Method+" "+r.Host+" "+r.URL.RequestURI()+" "+string(body))
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	f.lead(nil,
		company{name: "acme", hosts: []string{"acme.test", "oa.acme.example"}, upstream: app("acme"), condition: "Ready"},
		company{name: "globex", hosts: []string{"globex.test"}, upstream: app("globex")})
	for _, test := range []struct{ host, app string }{
		{"acme.test", "acme"},
		{"ACME.test:8080", "acme"},
		{"oa.acme.example.", "acme"},
		{"globex.test", "globex"}, // not ready yet, but it answers: people may work
	} {
		r := f.request(http.MethodPost, "http://gateway/a%2Fb/../c?q=1&q=2", strings.NewReader("你好"))
		r.Host = test.host
		res, body := f.do(r)
		if res.StatusCode != http.StatusTeapot || res.Header.Get("X-App") != test.app {
			t.Errorf("%s: %d from %q, want the teapot of %s", test.host, res.StatusCode, res.Header.Get("X-App"), test.app)
		}
		if want := "POST " + test.host + " /a%2Fb/../c?q=1&q=2 你好"; body != want {
			t.Errorf("%s: the app saw %q, want %q", test.host, body, want)
		}
	}
}

func TestAnAnswerStreams(t *testing.T) {
	f := start(t)
	next := make(chan struct{})
	f.serveAcme(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{"one", "two"} {
			_, _ = io.WriteString(w, event)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})
	res, err := f.client.Get("http://acme.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	// The app waits until the event before has arrived: a gateway that keeps
	// answers back would never deliver the first one.
	for _, want := range []string{"one", "two"} {
		event := make([]byte, 3)
		if _, err := io.ReadFull(res.Body, event); err != nil || string(event) != want {
			t.Fatalf("got %q %v, want %q", event, err, want)
		}
		next <- struct{}{}
	}
}

func TestAWebSocketPasses(t *testing.T) {
	f := start(t)
	f.serveAcme(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, append([]byte("re: "), message...)); err != nil {
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://acme.test/live", &websocket.DialOptions{HTTPClient: f.client})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for _, message := range []string{"审批", strings.Repeat("x", 20_000)} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(ctx); err != nil || string(got) != "re: "+message {
			t.Fatalf("got %d bytes %v, want the message back", len(got), err)
		}
	}
	f.stop() // ends the socket politely
	_, _, err = conn.Read(ctx)
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the socket ended with %v, want a close frame that says going away", err)
	}
	entry := f.logged(1)[0]
	if entry["status"] != float64(http.StatusSwitchingProtocols) || entry["tenant"] != "acme" {
		t.Errorf("the log says %v", entry)
	}
}

func TestAnAnswerThatBreaksOffIsNotSoldAsComplete(t *testing.T) {
	f := start(t)
	f.serveAcme(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	res, err := f.client.Get("http://acme.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Fatalf("%q ended like a complete answer", body)
	}
	if entry := f.logged(1)[0]; entry["aborted"] != true {
		t.Errorf("the log does not say that the answer broke off: %v", entry)
	}
	if got := f.counter("atrium_gateway_errors_total", "tenant", "acme"); got != 1 {
		t.Errorf("%v errors counted, want 1", got)
	}
}

// closedPort is an address that refuses connections.
func closedPort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// An office whose only pod was replaced refuses connections until the Service knows
// the new one.
func TestAnOfficeThatComesBackIsWaitedFor(t *testing.T) {
	f := start(t)
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := away.Addr().String()
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	f.lead(nil, company{name: "acme", hosts: []string{"acme.test"}, upstream: address, condition: "Ready"})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	_ = server.Listener.Close()
	back := make(chan error, 1)
	time.AfterFunc(500*time.Millisecond, func() {
		listener, err := net.Listen("tcp", address)
		if err == nil {
			server.Listener = listener
			server.Start()
		}
		back <- err
	})
	res, body := f.do(f.request(http.MethodPost, "http://acme.test/api/v1/people", strings.NewReader("王芳")))
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	if res.StatusCode != http.StatusOK || body != "王芳" {
		t.Errorf("%d %s, want the answer of the office that came back", res.StatusCode, body)
	}
}

// What an office has begun to answer is never sent twice.
func TestABrokenAnswerIsNotAskedForAgain(t *testing.T) {
	f := start(t)
	var asked atomic.Int32
	f.serveAcme(func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	if res, _ := f.get("http://acme.test/"); res.StatusCode != http.StatusBadGateway || asked.Load() != 1 {
		t.Errorf("%d after %d requests to the office, want 502 after one", res.StatusCode, asked.Load())
	}
}
