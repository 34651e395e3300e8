package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Setting reads what the company decided under a key into value, and its revision; 0,
// and value as it was, if it decided nothing.
func (d *DB) Setting(ctx context.Context, key string, value any) (revision int64, err error) {
	var row struct {
		Value    string `bun:"value"`
		Revision int64  `bun:"revision"`
	}
	err = d.Q(ctx).NewRaw("SELECT value, revision FROM setting WHERE key = ?", key).Scan(ctx, &row)
	if IsNoRows(err) {
		return 0, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(row.Value), value)
	}
	if err != nil {
		return 0, fmt.Errorf("read the setting %s: %w", key, err)
	}
	return row.Revision, nil
}

// Decide keeps value under a key, as of now, and gives its revision.
func (d *DB) Decide(ctx context.Context, key string, value any, now time.Time) (revision int64, err error) {
	raw, err := json.Marshal(value)
	if err == nil {
		err = d.Q(ctx).NewRaw(`INSERT INTO setting AS s (key, value, updated_at) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at, revision = s.revision + 1
			RETURNING revision`, key, string(raw), now).Scan(ctx, &revision)
	}
	if err != nil {
		return 0, fmt.Errorf("keep the setting %s: %w", key, err)
	}
	return revision, nil
}

// DecideOnce keeps value under a key unless something was decided there.
func (d *DB) DecideOnce(ctx context.Context, key string, value any, now time.Time) error {
	raw, err := json.Marshal(value)
	if err == nil {
		_, err = d.Q(ctx).NewRaw(`INSERT INTO setting (key, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING`, key, string(raw), now).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("keep the setting %s: %w", key, err)
	}
	return nil
}
