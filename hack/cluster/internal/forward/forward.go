// Package forward lets programs on loopback reach a Service of the cluster. It
// tells the Service who the client is by a PROXY protocol header; it knows
// nothing of HTTP.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Resolve returns the present host:port of the Service.
type Resolve func(context.Context) (string, error)

// Forwarder passes connections on from a listener.
type Forwarder struct {
	Resolve Resolve
	Log     *slog.Logger
}

const (
	dialLimit = 5 * time.Second
	// idleLimit ends connections that nobody uses: longer than any poll of the app.
	idleLimit = 10 * time.Minute
	// maxConnections keeps a runaway client from taking all of the machine's ports.
	maxConnections = 2048
)

// Serve accepts until the context ends, then waits for open connections to end
// with it.
func (f *Forwarder) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	var open sync.WaitGroup
	defer open.Wait()
	slots := make(chan struct{}, maxConnections)
	for {
		client, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept connections: %w", err)
		}
		slots <- struct{}{}
		open.Go(func() {
			defer func() { <-slots }()
			if err := f.pass(ctx, client); err != nil {
				f.Log.Warn("connection not passed on", "client", client.RemoteAddr().String(), "error", err)
			}
		})
	}
}

func (f *Forwarder) pass(ctx context.Context, client net.Conn) error {
	defer func() { _ = client.Close() }()
	dialContext, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	server, err := f.dial(dialContext)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	header, err := Header(client.RemoteAddr(), client.LocalAddr())
	if err != nil {
		return err
	}
	if _, err := io.WriteString(server, header); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
	defer stop()
	var copying sync.WaitGroup
	copying.Go(func() { copyHalf(server, client) })
	copyHalf(client, server)
	copying.Wait()
	return nil
}

// dial connects to the Service. A Service without a ready pod refuses: while its
// pods are replaced that lasts a moment, so the client waits as long as it may.
func (f *Forwarder) dial(ctx context.Context) (net.Conn, error) {
	for {
		target, err := f.Resolve(ctx)
		if err != nil {
			return nil, err
		}
		server, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return server, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Header is the line of PROXY protocol version 1 for a connection.
func Header(from, to net.Addr) (string, error) {
	source, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return "", fmt.Errorf("the client's address: %w", err)
	}
	destination, err := netip.ParseAddrPort(to.String())
	if err != nil {
		return "", fmt.Errorf("the listener's address: %w", err)
	}
	family := "TCP6"
	if source.Addr().Unmap().Is4() && destination.Addr().Unmap().Is4() {
		family = "TCP4"
	}
	return fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family,
		source.Addr().Unmap().WithZone(""), destination.Addr().Unmap().WithZone(""), source.Port(), destination.Port()), nil
}

// copyHalf passes one direction on and ends only that one, so that a request
// whose sender has finished still gets its answer.
func copyHalf(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		_ = from.SetReadDeadline(time.Now().Add(idleLimit))
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			return
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}
