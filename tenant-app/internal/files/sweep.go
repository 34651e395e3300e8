package files

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/store"
)

// Sweep deletes files that have belonged to nothing for three days, one transaction
// each: first the content, so that a crash leaves a row to begin again from.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		more := false
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			row := new(fileRow)
			err := s.db.Q(ctx).NewSelect().Model(row).Where("owner_id IS NULL").Where("loose_since < ?", s.clock().Add(-keepLoose)).
				Order("loose_since").Limit(1).For("UPDATE SKIP LOCKED").Scan(ctx)
			if store.IsNoRows(err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("look for files that belong to nothing: %w", err)
			}
			more = true
			return s.delete(ctx, row)
		})
		if err != nil || !more {
			return err
		}
	}
}

func (s *Service) delete(ctx context.Context, row *fileRow) error {
	if row.Progress != nil && row.Progress.UploadID != "" {
		if err := s.bucket.Abort(ctx, row.key(), row.Progress.UploadID); err != nil {
			return err
		}
	}
	shared, err := s.db.Q(ctx).NewSelect().Model((*fileRow)(nil)).Where("content_id = ?", row.ContentID).Where("id <> ?", row.ID).Exists(ctx)
	if err != nil {
		return fmt.Errorf("look for copies of a file: %w", err)
	}
	if !shared {
		for _, key := range []string{row.key(), row.previewKey()} {
			if err := s.bucket.Delete(ctx, key); err != nil {
				return err
			}
		}
	}
	if _, err := s.db.Q(ctx).NewDelete().Model(row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("delete a file's row: %w", err)
	}
	return nil
}
