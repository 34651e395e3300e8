-- Work that is to be done later or again: one row until it is done, then none. A row
-- that is leased is being worked on; dead_at is set once trying again was given up.
CREATE TABLE job (
	id           uuid PRIMARY KEY,
	kind         text NOT NULL,
	version      integer NOT NULL,
	key          text,
	payload      json NOT NULL,
	run_at       timestamptz NOT NULL,
	leased_until timestamptz,
	again        boolean NOT NULL DEFAULT false,
	attempts     integer NOT NULL DEFAULT 0,
	last_error   text,
	data_epoch   bigint NOT NULL,
	created_at   timestamptz NOT NULL,
	dead_at      timestamptz
);
CREATE UNIQUE INDEX job_key ON job (kind, key) WHERE key IS NOT NULL AND dead_at IS NULL;
CREATE INDEX job_run_at ON job (run_at) WHERE dead_at IS NULL;
CREATE INDEX job_dead_at ON job (dead_at) WHERE dead_at IS NOT NULL;
