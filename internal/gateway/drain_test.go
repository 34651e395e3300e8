package gateway_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/internal/gateway"
)

func TestDrainLetsRequestsEnd(t *testing.T) {
	f := start(t, func(c *gateway.Config) { c.DrainDelay = 200 * time.Millisecond })
	begun, ended := make(chan struct{}), make(chan struct{})
	finish := sync.OnceFunc(func() { close(ended) })
	f.serveAcme(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-ended
		}
		_, _ = io.WriteString(w, "done")
	})
	t.Cleanup(finish) // before the app is closed, which waits for the request
	slow := make(chan string, 1)
	go func() {
		res, err := f.client.Get("http://acme.test/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		slow <- string(body)
	}()
	<-begun
	f.stopped = true
	stopped := make(chan error, 1)
	go func() { stopped <- f.gateway.Stop(context.Background()) }()

	// Readiness goes first; requests are still taken meanwhile.
	for f.gateway.Ready() == nil {
		conn, err := net.Dial("tcp", f.addr)
		if err != nil {
			t.Fatal("the gateway takes nobody in and says that it is ready")
		}
		_ = conn.Close()
	}
	if _, body := f.get("http://acme.test/late"); body != "done" {
		t.Errorf("a request just after readiness was withdrawn got %q", body)
	}
	// Then nobody new is let in, and the one inside may end.
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		if _, err := http.Get("http://" + f.addr); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the gateway goes on taking connections")
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with %v before the request had ended", err)
	default:
	}
	finish()
	if body := <-slow; body != "done" {
		t.Errorf("the request that ran got %q", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestDrainWaitsForClients has an answer that is written and a client that has not
// taken it: where the gateway ends now, its pod's network does, with what lies there.
func TestDrainWaitsForClients(t *testing.T) {
	f := start(t)
	answer := strings.Repeat("x", 1<<20) // more than a client's kernel takes by itself
	f.serveAcme(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	conn := f.dial()
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	f.logged(1)
	f.stopped = true
	stopped := make(chan error, 1)
	go func() { stopped <- f.gateway.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with %v while the client misses its answer", err)
	case <-time.After(500 * time.Millisecond): // many looks at who has his answer
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != answer {
		t.Errorf("the client got %d of %d bytes: %v", len(body), len(answer), err)
	}
	_ = conn.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestDrainHasALimit(t *testing.T) {
	f := start(t, func(c *gateway.Config) { c.DrainLimit = 50 * time.Millisecond })
	begun, finish := make(chan struct{}), make(chan struct{})
	server := f.serveAcme(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-finish
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := f.client.Get("http://acme.test/"); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-begun
	f.stopped = true
	err := f.gateway.Stop(context.Background())
	if err == nil || !strings.Contains(err.Error(), "1 requests still ran") {
		t.Errorf("stopped with %v, want to hear of the request that still ran", err)
	}
	close(finish)
	<-done
	server.Close()
}
