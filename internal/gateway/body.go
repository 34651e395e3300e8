package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// body lets at most so many bytes of a request through, also when nobody said in
// advance how many there are. It remembers why it ended, because the proxy's error
// does not say whose fault it was. The proxy reads it from another goroutine.
type body struct {
	io.ReadCloser
	left     int64
	tooLarge atomic.Bool
	broken   atomic.Bool // the client stalled, left, or sent broken chunks
}

var errTooLarge = errors.New("the request is larger than the plan allows")

func limitBody(r *http.Request, most int64) *body {
	b := &body{ReadCloser: r.Body, left: most}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = b
	}
	return b
}

// Read returns an error in place of the byte that is too much, so that the app gets
// a request that breaks off and never one that looks complete.
func (b *body) Read(p []byte) (int, error) {
	if b.tooLarge.Load() {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		b.tooLarge.Store(true)
		n, b.left = int(b.left), 0
		return n, errTooLarge
	}
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken.Store(true)
	}
	return n, err
}
