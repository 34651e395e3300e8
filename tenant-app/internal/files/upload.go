package files

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const sniffed = 512 // bytes from which a type is told

// Receive takes the part of an upload that begins at offset and has length bytes, and
// keeps none of it in memory. A part that comes out of turn is refused with code
// offset_other and the offset to go on from; so is one of another length than the rest
// or PartSize. Content that is not what Create was told begins anew: file_damaged.
func (s *Service) Receive(ctx context.Context, who, id kernel.ID, offset, length int64, body io.Reader) (Upload, error) {
	row, err := s.read(ctx, id)
	switch {
	case err != nil:
		return Upload{}, err
	case row.UploadedBy != who:
		return Upload{}, errUnknown()
	case row.CompletedAt != nil:
		return s.State(ctx, who, id)
	case offset != row.Received:
		return Upload{}, errOffset(row.Received)
	}
	want := min(PartSize, row.Size-row.Received)
	if length != want {
		return Upload{}, kernel.Invalid("part_size_wrong").With("want", want)
	}
	sum, err := row.Progress.resume()
	if err != nil {
		return Upload{}, err
	}
	buffered := bufio.NewReaderSize(body, sniffed)
	if offset == 0 {
		head, err := buffered.Peek(int(min(sniffed, length)))
		if err != nil {
			return Upload{}, errCutOff(err)
		}
		row.Type = typeOf(head, row.Type)
		if !s.kinds[row.Kind].allowed(row.Type) {
			return Upload{}, kernel.Invalid("file_type_refused").With("type", row.Type)
		}
	}
	counted := &sender{from: io.TeeReader(io.LimitReader(buffered, length), sum)}
	if err := s.keep(ctx, row, counted, length); err != nil {
		if counted.err != nil {
			return Upload{}, errCutOff(errors.Join(counted.err, err))
		}
		return Upload{}, s.lost(ctx, row, err)
	}
	if err := s.advance(ctx, row, sum, length); err != nil {
		return Upload{}, err
	}
	return row.upload(), nil
}

// keep stores a part in the bucket; a file of one part is stored as it is.
func (s *Service) keep(ctx context.Context, row *fileRow, body io.Reader, length int64) error {
	if row.Size <= PartSize {
		return s.bucket.Stream(ctx, row.key(), row.Type, body, length)
	}
	p := row.Progress
	if p.UploadID == "" {
		upload, err := s.bucket.Begin(ctx, row.key(), row.Type)
		if err != nil {
			return err
		}
		p.UploadID, p.Tags = upload, nil
		if err := s.save(ctx, row, row.Received); err != nil { // at once, or nobody would ever abort it
			return err
		}
	}
	tag, err := s.bucket.PutPart(ctx, row.key(), p.UploadID, len(p.Tags)+1, body, length)
	p.Tags = append(p.Tags, tag)
	return err
}

// advance writes down that a part is safe; after the last one the file is complete.
func (s *Service) advance(ctx context.Context, row *fileRow, sum hash.Hash, length int64) error {
	before := row.Received
	row.Received += length
	if row.Received == row.Size {
		if !bytes.Equal(sum.Sum(nil), row.SHA256) {
			return s.restart(ctx, row, before, kernel.Invalid("file_damaged"))
		}
		if row.Size > PartSize {
			if err := s.bucket.Complete(ctx, row.key(), row.Progress.UploadID, row.Progress.Tags); err != nil {
				return s.lost(ctx, row, err)
			}
		}
		now := s.clock()
		row.CompletedAt, row.Progress = &now, nil
		s.look(ctx, row)
	} else {
		state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return fmt.Errorf("keep how far a file is: %w", err)
		}
		row.Progress.Hash = state
	}
	return s.save(ctx, row, before)
}

// save writes a row back whose upload stood at before; another request that was
// quicker wins.
func (s *Service) save(ctx context.Context, row *fileRow, before int64) error {
	result, err := s.db.Q(ctx).NewUpdate().Model(row).WherePK().Where("received = ?", before).Where("completed_at IS NULL").
		Column("type", "width", "height", "preview", "received", "progress", "completed_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep how far a file is: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	now, err := s.read(ctx, row.ID)
	if err != nil {
		return err
	}
	return errOffset(now.Received)
}

// lost begins an upload anew of which the bucket knows nothing any more.
func (s *Service) lost(ctx context.Context, row *fileRow, err error) error {
	if !kernel.IsKind(err, kernel.KindNotFound) {
		return err
	}
	before, err := s.read(ctx, row.ID)
	if err != nil {
		return err
	}
	return s.restart(ctx, row, before.Received, errOffset(0))
}

// restart forgets what came so far and answers with why.
func (s *Service) restart(ctx context.Context, row *fileRow, before int64, why error) error {
	if upload := row.Progress.UploadID; upload != "" {
		if err := s.bucket.Abort(ctx, row.key(), upload); err != nil {
			return err
		}
	}
	row.Received, row.Progress, row.CompletedAt = 0, &progress{}, nil
	if err := s.save(ctx, row, before); err != nil {
		return err
	}
	return why
}

// resume gives the hash as the parts before left it.
func (p *progress) resume() (hash.Hash, error) {
	sum := sha256.New()
	if len(p.Hash) == 0 {
		return sum, nil
	}
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.Hash); err != nil {
		return nil, fmt.Errorf("go on with a file: %w", err)
	}
	return sum, nil
}

// sender tells a broken connection to the sender from one to the bucket.
type sender struct {
	from io.Reader
	err  error
}

func (c *sender) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

func errOffset(received int64) error {
	return kernel.Conflict("offset_other").With("received", received)
}

func errCutOff(err error) error { return kernel.Malformed("part_cut_off").Because(err) }
