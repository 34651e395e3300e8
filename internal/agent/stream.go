package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"atrium.dev/atrium/internal/backup"
)

// maxLine bounds lines of a stream outside of tables.
const maxLine = 4 << 20

// errStream says that a stream is not what its manifest says.
func errStream(format string, args ...any) error {
	return fail(backup.ExitDiffers, fmt.Errorf("read the stream: "+format, args...))
}

// lines reads a stream line by line.
type lines struct{ in *bufio.Reader }

func newLines(r io.Reader) *lines { return &lines{bufio.NewReaderSize(r, 256<<10)} }

// next gives a line with its newline, valid until the next call.
func (l *lines) next() ([]byte, error) {
	var long []byte
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case err == nil && long == nil:
			return part, nil
		case err == nil:
			return append(long, part...), nil
		case errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine:
			long = append(long, part...)
		case errors.Is(err, io.EOF):
			return nil, errStream("it is cut off")
		default:
			return nil, fmt.Errorf("read the stream: %w", err)
		}
	}
}

// expect reads lines that are known beforehand.
func (l *lines) expect(want ...string) error {
	for _, w := range want {
		line, err := l.next()
		if err != nil {
			return err
		}
		if string(line) != w+"\n" {
			return errStream("a line is not %.80q", w)
		}
	}
	return nil
}

// end makes sure that nothing follows.
func (l *lines) end() error {
	if _, err := l.in.ReadByte(); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the stream: %w", err)
	}
	return errStream("something follows its end")
}

// readObjects reads the lines of objects up to LineRows, and sums them up.
func readObjects(l *lines, each func(backup.Object) error) (backup.Objects, error) {
	var all backup.Objects
	digest := newSum()
	for {
		line, err := l.next()
		if err != nil {
			return all, err
		}
		if string(line) == backup.LineRows+"\n" {
			all.Digest = digest.String()
			return all, nil
		}
		text, ok := bytes.CutPrefix(line, []byte(backup.LineObject))
		var o backup.Object
		if !ok || json.Unmarshal(text, &o) != nil {
			return all, errStream("a line names no object")
		}
		_, _ = digest.Write(line)
		all.Count++
		all.Bytes += o.Size
		if err := each(o); err != nil {
			return all, err
		}
	}
}

// rows reads the rows of a table up to the line that ends them.
type rows struct {
	*lines
	sum   sum
	count int64
	part  bool   // of a line that is longer than the buffer
	rest  []byte // of what was read and not yet given
	done  bool
}

func newRows(l *lines) *rows { return &rows{lines: l, sum: newSum()} }

// Read gives whole rows and parts of them, without the line that ends them.
func (r *rows) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.rest) == 0 {
			if err := r.fill(); errors.Is(err, io.EOF) && n > 0 {
				return n, nil
			} else if err != nil {
				return n, err
			}
		}
		copied := copy(p[n:], r.rest)
		r.rest = r.rest[copied:]
		n += copied
	}
	return n, nil
}

func (r *rows) fill() error {
	if r.done {
		return io.EOF
	}
	line, err := r.in.ReadSlice('\n')
	if !r.part && string(line) == backup.LineCopyEnd+"\n" {
		r.done = true
		return io.EOF
	}
	switch {
	case err == nil:
		r.count++
		r.part = false
	case errors.Is(err, bufio.ErrBufferFull):
		r.part = true
	case errors.Is(err, io.EOF):
		return errStream("it is cut off")
	default:
		return fmt.Errorf("read the stream: %w", err)
	}
	_, _ = r.sum.Write(line)
	r.rest = line
	return nil
}

// readStream reads a whole stream in one pass and compares it with its manifest: what
// is given to objects and tables may be used once readStream returns nil. Each table
// is read by table to its end.
func readStream(r io.Reader, m backup.Manifest, object func(backup.Object) error, begin func() error, table func(backup.Table, io.Reader) error) error {
	l := newLines(r)
	all, err := readObjects(l, object)
	if err != nil {
		return err
	}
	if all != m.Objects {
		return errStream("its list of objects is not that of the manifest")
	}
	if err := begin(); err != nil {
		return err
	}
	if err := l.expect(backup.Begin(m.Tables)...); err != nil {
		return err
	}
	for _, t := range m.Tables {
		if err := l.expect(t.CopyLine("")); err != nil {
			return err
		}
		r := newRows(l)
		if err := table(t, r); err != nil {
			return err
		}
		if !r.done || r.count != t.Rows || r.sum.String() != t.Digest {
			return errStream("the rows of table %s are not those of the manifest", t.Name)
		}
	}
	for _, s := range m.Sequences {
		if err := l.expect(s.SetLine("")); err != nil {
			return err
		}
	}
	if err := l.expect(backup.LineCommit, backup.LineEnd); err != nil {
		return err
	}
	return l.end()
}
