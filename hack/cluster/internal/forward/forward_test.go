package forward

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHeader(t *testing.T) {
	address := func(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
	cases := []struct{ from, to, want string }{
		{"127.0.0.1:40001", "127.0.0.1:8080", "PROXY TCP4 127.0.0.1 127.0.0.1 40001 8080\r\n"},
		{"[::1]:40001", "[::1]:8080", "PROXY TCP6 ::1 ::1 40001 8080\r\n"},
		{"[::ffff:10.0.0.1]:1", "127.0.0.1:65535", "PROXY TCP4 10.0.0.1 127.0.0.1 1 65535\r\n"},
		{"[fe80::1%eth0]:5", "[fe80::2%eth0]:6", "PROXY TCP6 fe80::1 fe80::2 5 6\r\n"},
	}
	for _, c := range cases {
		if got, err := Header(address(c.from), address(c.to)); err != nil || got != c.want {
			t.Errorf("from %s to %s: %q, %v; want %q", c.from, c.to, got, err, c.want)
		}
	}
	if _, err := Header(&net.UnixAddr{Name: "/x"}, address("127.0.0.1:1")); err == nil {
		t.Error("a socket without an address has a header")
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, []byte{10, 0, 0, 1}, uint16(1), uint16(80))
	f.Add(make([]byte, 16), []byte{1, 2, 3, 4}, uint16(0), uint16(65535))
	f.Fuzz(func(t *testing.T, from, to []byte, fromPort, toPort uint16) {
		source, ok := netip.AddrFromSlice(from)
		destination, also := netip.AddrFromSlice(to)
		if !ok || !also {
			return
		}
		header, err := Header(net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, fromPort)), net.TCPAddrFromAddrPort(netip.AddrPortFrom(destination, toPort)))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Split(strings.TrimSuffix(header, "\r\n"), " ")
		// 107 bytes is the longest line that a receiver of version 1 has to take.
		if len(header) > 107 || len(fields) != 6 || fields[4] != strconv.Itoa(int(fromPort)) || fields[5] != strconv.Itoa(int(toPort)) {
			t.Errorf("header %q", header)
		}
	})
}

// start runs a forwarder to a target and returns its address.
func start(t *testing.T, resolve Resolve) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	forwarder := Forwarder{Resolve: resolve, Log: slog.New(slog.DiscardHandler)}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the forwarder does not end with its context")
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	return connection.(*net.TCPConn)
}

// TestPassesBothWays sends a request, ends its own half, and still gets the
// answer, which the server gives only after it has read the whole request.
func TestPassesBothWays(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		connection, err := server.Accept()
		if err != nil {
			return
		}
		defer func() { _ = connection.Close() }()
		reader := bufio.NewReader(connection)
		header, _ := reader.ReadString('\n')
		body, _ := io.ReadAll(reader)
		_, _ = io.WriteString(connection, header+strings.ToUpper(string(body)))
	}()
	address := start(t, func(context.Context) (string, error) { return server.Addr().String(), nil })
	client := dial(t, address)
	request := strings.Repeat("hello ", 100_000)
	if _, err := io.WriteString(client, request); err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	header, _ := Header(client.LocalAddr(), client.RemoteAddr())
	if want := header + strings.ToUpper(request); string(answer) != want {
		t.Errorf("%d bytes came back, want %d, beginning %.60q", len(answer), len(want), answer)
	}
}

func TestClientIsToldWhenThereIsNoService(t *testing.T) {
	address := start(t, func(context.Context) (string, error) { return "", errors.New("no such Service") })
	client := dial(t, address)
	if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestWaitsForAServiceWithoutPods opens the target only after the client came.
func TestWaitsForAServiceWithoutPods(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := reserved.Addr().String()
	if err := reserved.Close(); err != nil {
		t.Fatal(err)
	}
	tries := make(chan struct{}, 100)
	client := dial(t, start(t, func(context.Context) (string, error) {
		tries <- struct{}{}
		return target, nil
	}))
	<-tries
	<-tries // the first one was refused
	server, err := net.Listen("tcp", target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		if connection, err := server.Accept(); err == nil {
			_, _ = io.WriteString(connection, "at last")
			_ = connection.Close()
		}
	}()
	if answer, err := io.ReadAll(client); string(answer) != "at last" {
		t.Errorf("read %q, %v", answer, err)
	}
}

func TestCachedAsksAgainAfterAFailure(t *testing.T) {
	asked := 0
	answers := []string{"", "a:1", "b:2"}
	resolve := Cached(func(context.Context) (string, error) {
		asked++
		if answer := answers[asked-1]; answer != "" {
			return answer, nil
		}
		return "", errors.New("not yet")
	}, time.Hour)
	if _, err := resolve(t.Context()); err == nil {
		t.Error("the failure was not told")
	}
	for range 3 {
		if got, err := resolve(t.Context()); err != nil || got != "a:1" {
			t.Errorf("resolved %q, %v", got, err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
