package main

import (
	"context"
	"log/slog"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// seed adds a company of 30 people to try the office with. None of them can sign
// in until an administrator invites them. Run again it adds nobody.
func seed(ctx context.Context, dir string, log *slog.Logger) error {
	m, err := mount(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = m.db.Close() }()
	people, err := directory.Seed(ctx, m.db, kernel.SystemClock)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "seeded", "people", len(people))
	return nil
}
