package directory

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Show names a person from what a query of another package read: avatar is the column.
func Show(id kernel.ID, name, avatar string, deactivated bool) PersonRef {
	return personJSON{ID: id, Name: name, Avatar: avatar, Deactivated: deactivated}.ref()
}

// SearchQuery turns what was typed into a tsquery on person.search; empty if nothing
// could match.
func SearchQuery(text string) string { return searchQuery(text) }

// Named gives people as they are shown, by id. Who is not there is left out.
func Named(ctx context.Context, db *store.DB, ids []kernel.ID) (map[kernel.ID]PersonRef, error) {
	out := map[kernel.ID]PersonRef{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID          kernel.ID `bun:"id"`
		Name        string    `bun:"name"`
		Avatar      string    `bun:"avatar"`
		Deactivated bool      `bun:"deactivated"`
	}
	err := db.Q(ctx).NewRaw(`SELECT id, name, coalesce(avatar, '') AS avatar, deactivated_at IS NOT NULL AS deactivated
		FROM person WHERE id IN (?)`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the names of people: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = Show(r.ID, r.Name, r.Avatar, r.Deactivated)
	}
	return out, nil
}
