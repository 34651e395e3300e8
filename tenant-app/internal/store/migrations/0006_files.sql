-- What people hand in. Its content lies in the bucket under content_id, which copies
-- share. Without owner_id it belongs to nothing and is deleted after some days.
CREATE TABLE file (
	id           uuid PRIMARY KEY,
	content_id   uuid NOT NULL,
	kind         text NOT NULL,
	owner_id     uuid,
	sort         integer NOT NULL DEFAULT 0,
	name         text NOT NULL,
	type         text NOT NULL,
	size         bigint NOT NULL,
	sha256       bytea NOT NULL,
	width        integer NOT NULL DEFAULT 0,
	height       integer NOT NULL DEFAULT 0,
	preview      boolean NOT NULL DEFAULT false,
	uploaded_by  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	received     bigint NOT NULL DEFAULT 0,
	progress     json,
	created_at   timestamptz NOT NULL,
	completed_at timestamptz,
	loose_since  timestamptz NOT NULL
);
CREATE INDEX file_owner ON file (kind, owner_id, sort) WHERE owner_id IS NOT NULL;
CREATE INDEX file_loose ON file (loose_since) WHERE owner_id IS NULL;
CREATE INDEX file_loose_of ON file (uploaded_by) WHERE owner_id IS NULL;
CREATE INDEX file_content_id ON file (content_id);

-- What people say about an object of any kind.
CREATE TABLE comment (
	id         uuid PRIMARY KEY,
	kind       text NOT NULL,
	owner_id   uuid NOT NULL,
	author_id  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	text       text NOT NULL,
	created_at timestamptz NOT NULL,
	deleted_at timestamptz
);
CREATE INDEX comment_owner ON comment (kind, owner_id, created_at, id);
