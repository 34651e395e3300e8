package blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// Reader reads a file from wherever it is asked to.
type Reader struct {
	bucket *Bucket
	ctx    context.Context //nolint:containedctx // io.ReadSeeker hands none over
	key    string
	size   int64
	at     int64
	body   io.ReadCloser // nil: closed
	bodyAt int64         // where body stands
}

// Open opens a file at its beginning; ctx holds until the caller closes it. Code
// file_unknown if there is none.
func (b *Bucket) Open(ctx context.Context, key string) (*Reader, error) {
	body, info, err := b.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return &Reader{bucket: b, ctx: ctx, key: key, size: info.Size, body: body}, nil
}

// Read fetches on from where the reader stands.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if r.body == nil || r.bodyAt != r.at {
		if err := r.reopen(); err != nil {
			return 0, err
		}
	}
	n, err := r.body.Read(p)
	r.at += int64(n)
	r.bodyAt = r.at
	if errors.Is(err, io.EOF) && r.at < r.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *Reader) reopen() error {
	_ = r.Close()
	options := minio.GetObjectOptions{}
	if r.at > 0 {
		if err := options.SetRange(r.at, 0); err != nil {
			return fmt.Errorf("read %s from byte %d: %w", r.key, r.at, err)
		}
	}
	err := r.bucket.call(func(t *target) (err error) {
		r.body, _, _, err = t.client.GetObject(r.ctx, t.settings.Name, r.key, options)
		return err
	})
	if err != nil {
		return fmt.Errorf("read %s from the bucket: %w", r.key, classify(err))
	}
	r.bodyAt = r.at
	return nil
}

// Seek goes elsewhere; the next Read fetches from there.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("read %s: there is no byte %d", r.key, offset)
	}
	r.at = offset
	return offset, nil
}

// Close ends fetching.
func (r *Reader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
