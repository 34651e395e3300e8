-- 建议箱. Of an anonymous one nothing leads to its author: neither person nor the time to
-- the minute, and its id is made from the code that the author alone has.
CREATE TABLE suggestion (
	id         uuid PRIMARY KEY,
	author_id  uuid REFERENCES person (id) DEFERRABLE,
	code_hash  bytea,
	title      text NOT NULL,
	text       text NOT NULL,
	state      text NOT NULL CHECK (state IN ('waiting', 'working', 'answered', 'closed')),
	handler_id uuid REFERENCES person (id) DEFERRABLE,
	due        timestamptz,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	revision   bigint NOT NULL DEFAULT 1,
	CHECK ((author_id IS NULL) = (code_hash IS NOT NULL))
);
CREATE UNIQUE INDEX suggestion_code ON suggestion (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX suggestion_author ON suggestion (author_id, updated_at DESC, id DESC);
CREATE INDEX suggestion_state ON suggestion (state, updated_at DESC, id DESC);

-- What was said and done about one; person_id is NULL for its anonymous author.
CREATE TABLE suggestion_entry (
	id            uuid PRIMARY KEY,
	suggestion_id uuid NOT NULL REFERENCES suggestion (id) ON DELETE CASCADE DEFERRABLE,
	seq           integer NOT NULL,
	person_id     uuid REFERENCES person (id) DEFERRABLE,
	verb          text NOT NULL CHECK (verb IN ('take', 'answer', 'close', 'follow')),
	text          text NOT NULL,
	at            timestamptz NOT NULL
);
CREATE UNIQUE INDEX suggestion_entry_seq ON suggestion_entry (suggestion_id, seq);
