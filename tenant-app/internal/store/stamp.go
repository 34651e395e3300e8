package store

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// writeHead is how much of a statement is read for the table that it writes. What
// begins with WITH is read whole: the table may stand anywhere.
const writeHead = 200

// stamp names what some tables hold: it is another one after each write to them, in
// any process, and never one that was there before, also not after a restore. Who
// reads the stamp with something cheap need not read the tables again.
type stamp struct {
	db     *DB
	name   string
	writes *regexp.Regexp
}

// StampWrites keeps a stamp of tables from now on. It must be called before the first
// query. A row of that name must stand in table stamp.
func (d *DB) StampWrites(name string, tables ...string) {
	//nolint:staticcheck // WithQueryHook hooks a copy, this is about all queries
	d.bun.AddQueryHook(&stamp{d, name, regexp.MustCompile(`(?i)\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:` + strings.Join(tables, "|") + `)\b`)})
}

// BeforeQuery is bun's.
func (s *stamp) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery is bun's: it notes a write. The transaction renews the stamp last of all,
// so that nobody waits for that row with another in hand.
func (s *stamp) AfterQuery(ctx context.Context, event *bun.QueryEvent) {
	query := event.Query
	if event.Err != nil || strings.HasPrefix(query, "SELECT") {
		return
	}
	if !strings.HasPrefix(query, "WITH") {
		query = query[:min(len(query), writeHead)]
	}
	if !s.writes.MatchString(query) {
		return
	}
	if t := current(ctx); t != nil {
		if !slices.Contains(t.stamps, s) {
			t.stamps = append(t.stamps, s)
		}
		return
	}
	// A write by itself is there already. If its stamp is not renewed, what was read
	// before it stays in use until its time is up.
	_ = s.renew(ctx, s.db.bun)
}

func (s *stamp) renew(ctx context.Context, db bun.IDB) error {
	if _, err := db.NewRaw("UPDATE stamp SET value = gen_random_uuid() WHERE name = ?", s.name).Exec(ctx); err != nil {
		return fmt.Errorf("renew the stamp of %s: %w", s.name, err)
	}
	return nil
}

// renewStamps is what a transaction does before its commit.
func (t *transaction) renewStamps(ctx context.Context) error {
	slices.SortFunc(t.stamps, func(a, b *stamp) int { return cmp.Compare(a.name, b.name) })
	for _, s := range t.stamps {
		if err := s.renew(ctx, t.tx); err != nil {
			return err
		}
	}
	return nil
}
