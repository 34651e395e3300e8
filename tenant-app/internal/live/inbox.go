package live

import (
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Tell hints at something that people must not miss: it counts their inbox sequence up
// in the transaction of ctx, so that a page that was away sees that it missed something.
func (h *Hub) Tell(ctx context.Context, people []kernel.ID, hint Hint) error {
	if len(people) == 0 {
		return nil
	}
	// In one order, so that two transactions cannot wait for each other.
	people = slices.Clone(people)
	slices.SortFunc(people, func(a, b kernel.ID) int { return slices.Compare(a[:], b[:]) })
	people = slices.Compact(people)
	var rows []struct {
		PersonID kernel.ID `bun:"person_id"`
		Seq      int64     `bun:"seq"`
	}
	err := h.config.DB.Q(ctx).NewRaw(`INSERT INTO live_inbox (person_id, seq) SELECT id, 1 FROM unnest(ARRAY[?]::uuid[]) WITH ORDINALITY AS p (id, n) ORDER BY n
		ON CONFLICT (person_id) DO UPDATE SET seq = live_inbox.seq + 1 RETURNING person_id, seq`, bun.List(people)).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("count the inbox up: %w", err)
	}
	store.AfterCommit(ctx, func() {
		for _, row := range rows {
			each := hint
			each.Inbox = row.Seq
			h.bus.Publish(Signal{Kind: signalHint, To: To{People: []kernel.ID{row.PersonID}}, Hint: each})
		}
	})
	return nil
}
