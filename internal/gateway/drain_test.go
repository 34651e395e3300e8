package gateway_test

import (
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
