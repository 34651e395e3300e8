package files

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/picture"
)

// look finds out how large a picture is and makes its preview. What only calls itself
// a picture becomes an ordinary file; a bucket that is away costs the preview alone.
func (s *Service) look(ctx context.Context, row *fileRow) {
	if !shown[row.Type] {
		return
	}
	err := s.preview(ctx, row)
	switch {
	case kernel.HasCode(err, "picture_unreadable"):
		row.Type, row.Width, row.Height = unknownType, 0, 0
	case kernel.HasCode(err, "picture_too_many_pixels"): // it is shown as it is, when somebody opens it
	case err != nil:
		s.log.WarnContext(ctx, "a picture has no preview", "file", row.ID.String(), "error", err.Error())
	}
}

func (s *Service) preview(ctx context.Context, row *fileRow) error {
	reader, err := s.bucket.Open(ctx, row.key())
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	if row.Width, row.Height, err = picture.Size(reader); err != nil {
		return err
	}
	if row.Size > previewMost || (row.Size <= smallPicture && max(row.Width, row.Height) <= previewSize) {
		return nil
	}
	select {
	case s.previewing <- struct{}{}:
		defer func() { <-s.previewing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := reader.Seek(0, io.SeekStart); err != nil {
		return err
	}
	raw, err := io.ReadAll(reader)
	if err != nil {
		return fmt.Errorf("read a picture: %w", err)
	}
	small, err := picture.Preview(ctx, raw, previewSize)
	if err != nil {
		return err
	}
	if err := s.bucket.Put(ctx, row.previewKey(), "image/jpeg", bytes.NewReader(small), int64(len(small))); err != nil {
		return err
	}
	row.Preview = true
	return nil
}
