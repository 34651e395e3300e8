package agent

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"atrium.dev/atrium/internal/backup"
)

// sum is a SHA-256 that shows itself as manifests do.
type sum struct{ hash.Hash }

func newSum() sum { return sum{sha256.New()} }

func (s sum) String() string { return hex.EncodeToString(s.Sum(nil)) }

// errDiffers says that content is not what its digest says.
var errDiffers = errors.New("its content is not what was backed up")

// checked reads content of a known size and digest. Its last bytes come only after
// all have been compared, so that whoever stores what it gives never has all of
// something else.
type checked struct {
	in   *bufio.Reader
	sum  sum
	left int64
	want string
	err  error  // of the content, not its end
	stop func() // called once there is one: whoever sends the content need not try again
}

func newChecked(r io.Reader, size int64, want string, stop func()) *checked {
	return &checked{in: bufio.NewReaderSize(r, 64<<10), sum: newSum(), left: size, want: want, stop: stop}
}

// Read gives errDiffers in place of the last bytes of other content.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	_, _ = c.sum.Write(p[:n])
	c.left -= int64(n)
	if err == nil {
		_, err = c.in.Peek(1)
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		c.err = fmt.Errorf("read content: %w", err)
	case c.left != 0 || c.sum.String() != c.want:
		c.err = fail(backup.ExitDiffers, errDiffers)
	default:
		return n, io.EOF
	}
	c.stop()
	return 0, c.err
}
