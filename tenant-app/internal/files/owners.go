package files

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Attach gives complete files of the person behind ctx to an object, in this order and
// in the caller's transaction. Again with the same files it changes nothing. Code
// file_unknown if one is not theirs, not complete, for another kind or another object's.
func (s *Service) Attach(ctx context.Context, owner Ref, ids []kernel.ID) error {
	who, _ := kernel.PrincipalFrom(ctx)
	for i, id := range ids {
		result, err := s.db.Q(ctx).NewUpdate().Model((*fileRow)(nil)).Set("owner_id = ?", owner.ID).Set("sort = ?", i).
			Where("id = ?", id).Where("kind = ?", owner.Kind).Where("uploaded_by = ?", who.PersonID).
			Where("completed_at IS NOT NULL").Where("owner_id IS NULL OR owner_id = ?", owner.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("attach a file: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil {
			return fmt.Errorf("attach a file: %w", err)
		} else if n == 0 {
			return kernel.Invalid("file_unknown").OnField(fmt.Sprintf("body.fileIds[%d]", i))
		}
	}
	return nil
}

// Hold keeps files of the person behind ctx that belong to nothing yet until a time, and
// as long after it as any other: for what is not finished. Others are left as they are.
func (s *Service) Hold(ctx context.Context, ids []kernel.ID, until time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	who, _ := kernel.PrincipalFrom(ctx)
	_, err := s.db.Q(ctx).NewUpdate().Model((*fileRow)(nil)).Set("loose_since = ?", until).
		Where("id IN (?)", bun.List(ids)).Where("uploaded_by = ?", who.PersonID).Where("owner_id IS NULL").Exec(ctx)
	if err != nil {
		return fmt.Errorf("hold files: %w", err)
	}
	return nil
}

// Share gives copies of files that the person behind ctx may read to another object,
// in the caller's transaction: forwarded, they outlive the first object. Their content
// is not copied.
func (s *Service) Share(ctx context.Context, owner Ref, ids []kernel.ID) error {
	who, _ := kernel.PrincipalFrom(ctx)
	now := s.clock()
	for i, id := range ids {
		row, err := s.readable(ctx, who.PersonID, id)
		if err != nil {
			return err
		}
		// The row stays while its copy is written, so the content does.
		err = s.db.Q(ctx).NewSelect().Model(row).WherePK().For("SHARE").Scan(ctx)
		if err != nil || row.CompletedAt == nil {
			return errUnknown()
		}
		row.ID, row.Kind, row.OwnerID, row.Sort, row.UploadedBy, row.CreatedAt, row.LooseSince = kernel.NewID(), owner.Kind, &owner.ID, i, who.PersonID, now, now
		if _, err := s.db.Q(ctx).NewInsert().Model(row).Exec(ctx); err != nil {
			return fmt.Errorf("share a file: %w", err)
		}
	}
	return nil
}

// Of gives the files of objects of one kind, by object, in their order.
func (s *Service) Of(ctx context.Context, kind string, objects []kernel.ID) (map[kernel.ID][]File, error) {
	out := map[kernel.ID][]File{}
	if len(objects) == 0 {
		return out, nil
	}
	var rows []fileRow
	err := s.db.Q(ctx).NewSelect().Model(&rows).Where("kind = ?", kind).Where("owner_id IN (?)", bun.List(objects)).Order("sort", "id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the files of objects: %w", err)
	}
	for i := range rows {
		out[*rows[i].OwnerID] = append(out[*rows[i].OwnerID], rows[i].file())
	}
	return out, nil
}

// Drop takes all files from an object, in the caller's transaction: nobody reads them
// any more but those who handed them in, and after some days nobody at all.
func (s *Service) Drop(ctx context.Context, owner Ref) error {
	_, err := s.db.Q(ctx).NewUpdate().Model((*fileRow)(nil)).Set("owner_id = NULL").Set("loose_since = ?", s.clock()).
		Where("kind = ?", owner.Kind).Where("owner_id = ?", owner.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("drop the files of an object: %w", err)
	}
	return nil
}
