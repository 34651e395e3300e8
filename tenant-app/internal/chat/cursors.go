package chat

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Cursors are the rooms to which a person belongs, with their last sequence.
func (s *Service) Cursors(ctx context.Context, person kernel.ID) (map[kernel.ID]int64, error) {
	var rows []struct {
		ID  kernel.ID `bun:"id"`
		Seq int64     `bun:"last_seq"`
	}
	err := s.db.Q(ctx).NewRaw(`SELECT r.id, r.last_seq FROM chat_member b JOIN chat_room r ON r.id = b.room_id WHERE b.person_id = ? AND b.left_seq IS NULL`, person).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the cursors: %w", err)
	}
	out := make(map[kernel.ID]int64, len(rows))
	for _, row := range rows {
		out[row.ID] = row.Seq
	}
	return out, nil
}
