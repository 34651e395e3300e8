package registry

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// schema of the registry. Only the admin, its owner, can reach it.
const schema = `
CREATE SCHEMA IF NOT EXISTS atrium;
CREATE TABLE IF NOT EXISTS atrium.installations (
	installation text PRIMARY KEY,
	cluster      text NOT NULL,
	heartbeat    timestamptz NOT NULL,
	epoch        bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS atrium.tenants (
	id             text PRIMARY KEY,
	installation   text NOT NULL REFERENCES atrium.installations DEFERRABLE,
	name           text NOT NULL,
	state          text NOT NULL CHECK (state IN ('active', 'retained', 'dropped')),
	store          text NOT NULL,
	bucket         text NOT NULL,
	schema         text NOT NULL DEFAULT '',
	release        text NOT NULL DEFAULT '',
	target         text NOT NULL DEFAULT '',
	app_digest     bytea,
	migrate_digest bytea,
	bucket_made    boolean NOT NULL DEFAULT false,
	fence          bigint NOT NULL,
	changed        timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE atrium.tenants
	ADD COLUMN IF NOT EXISTS login         text NOT NULL DEFAULT 'a' CHECK (login IN ('a', 'b')),
	ADD COLUMN IF NOT EXISTS login_since   timestamptz NOT NULL DEFAULT now(),
	ADD COLUMN IF NOT EXISTS close_other   timestamptz,
	ADD COLUMN IF NOT EXISTS rotation      text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS key           text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS key_check     bytea,
	ADD COLUMN IF NOT EXISTS key_destroyed timestamptz,
	ADD COLUMN IF NOT EXISTS backup        text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS backup_until  timestamptz NOT NULL DEFAULT 'epoch',
	ADD COLUMN IF NOT EXISTS data_epoch    bigint NOT NULL DEFAULT 1 CHECK (data_epoch > 0),
	ADD COLUMN IF NOT EXISTS hold          text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS restored      text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS source        text NOT NULL DEFAULT '';
ALTER TABLE atrium.installations ADD COLUMN IF NOT EXISTS holder text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX IF NOT EXISTS tenants_active ON atrium.tenants (installation, name) WHERE state = 'active';
CREATE INDEX IF NOT EXISTS tenants_name ON atrium.tenants (installation, name);
`

// ensureSchema makes the registry, and brings one of an earlier version up to date.
func ensureSchema(ctx context.Context, tx pgx.Tx) error {
	// The columns that came last say whether there is anything to do.
	var exists bool
	if err := tx.QueryRow(ctx, `
		SELECT count(*) = 2 FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('atrium.tenants') AND attname = 'source'
		OR attrelid = to_regclass('atrium.installations') AND attname = 'holder'`).
		Scan(&exists); err != nil || exists {
		return err
	}
	_, err := tx.Exec(ctx, schema, pgx.QueryExecModeSimpleProtocol)
	return err
}
