//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"
)

// slowBuffer is how much of a download the client's kernel takes on its own, in bytes.
const slowBuffer = 64 << 10

// slow is a client as strict's whose kernel takes little of an answer before the
// reader does.
func slow(gateway string) *http.Client {
	dialer := &net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var refused error
		err := raw.Control(func(fd uintptr) {
			refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, slowBuffer)
		})
		return errors.Join(err, refused)
	}}
	client := strict(gateway)
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, gateway)
	}
	return client
}

var assetOfPage = regexp.MustCompile(`/assets/[^"'\s>]+\.(?:js|css)`)

// largest finds the largest file that the sign-in page names, and reads it.
func largest(t testing.TB, client *http.Client, origin string) (url string, content []byte) {
	t.Helper()
	page, err := readAll(t.Context(), client, origin+"/login")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range assetOfPage.FindAllString(string(page), -1) {
		file, err := readAll(t.Context(), client, origin+path)
		if err != nil {
			t.Fatal(err)
		}
		if len(file) > len(content) {
			url, content = origin+path, file
		}
	}
	// What the client's kernel takes at once, no gateway's end can cut.
	if len(content) < 4*slowBuffer {
		t.Fatalf("the largest file of %s, %q, has %d bytes: too few for a download that lasts", origin, url, len(content))
	}
	return url, content
}

// download reads a file evenly over a time, or the rest of it at once when there is no
// more need to wait, and says whether it came as it is.
func download(ctx context.Context, client *http.Client, url string, want []byte, lasts time.Duration, hurry <-chan struct{}) error {
	const step = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, 2*lasts)
	defer cancel()
	began := time.Now()
	body, err := fetch(ctx, client, url)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	tick := time.NewTicker(step)
	defer tick.Stop()
	sum, read := sha256.New(), int64(0)
	for piece := int64(len(want))/int64(lasts/step) + 1; ; {
		n, err := io.CopyN(sum, body, piece)
		read += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s broke off after %d of %d bytes and %s: %w", url, read, len(want), time.Since(began).Round(time.Second), err)
		}
		select {
		case <-hurry:
			piece = int64(len(want))
		case <-tick.C:
		}
	}
	if digest := sha256.Sum256(want); !slices.Equal(sum.Sum(nil), digest[:]) {
		return fmt.Errorf("%s: %d bytes came, but not the %d that it has", url, read, len(want))
	}
	return nil
}
