-- A room: two persons (direct), a group, the people of a department, oneself
-- (文件传输助手) or an assistant that writes to one person. unique_key is set where
-- there is one room only: of two persons, of a department, of oneself. last_seq is the
-- sequence of its last message; members and externals count those who belong now.
CREATE TABLE chat_room (
	id            uuid PRIMARY KEY,
	kind          text NOT NULL CHECK (kind IN ('direct', 'group', 'department', 'self', 'assistant')),
	name          text NOT NULL,
	unique_key    text,
	department_id uuid REFERENCES department (id) DEFERRABLE,
	owner_id      uuid REFERENCES person (id) DEFERRABLE,
	notice        text NOT NULL DEFAULT '',
	notice_by     uuid REFERENCES person (id) DEFERRABLE,
	notice_at     timestamptz,
	last_seq      bigint NOT NULL DEFAULT 0,
	last_at       timestamptz NOT NULL,
	members       integer NOT NULL DEFAULT 0,
	externals     integer NOT NULL DEFAULT 0,
	created_by    uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	created_at    timestamptz NOT NULL
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX chat_room_unique_key ON chat_room (unique_key);
CREATE INDEX chat_room_department_id ON chat_room (department_id) WHERE department_id IS NOT NULL;

-- One stay of a person in a room: they see the messages with joined_seq < seq <=
-- left_seq. Whoever comes back gets a further row. read_seq is how far they have read.
CREATE TABLE chat_member (
	room_id    uuid NOT NULL REFERENCES chat_room (id) DEFERRABLE,
	person_id  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	joined_seq bigint NOT NULL,
	left_seq   bigint,
	read_seq   bigint NOT NULL,
	joined_at  timestamptz NOT NULL,
	left_at    timestamptz,
	pinned     boolean NOT NULL DEFAULT false,
	muted      boolean NOT NULL DEFAULT false,
	PRIMARY KEY (room_id, person_id, joined_seq),
	CHECK (joined_seq <= read_seq),
	CHECK (joined_seq <= left_seq)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX chat_member_current ON chat_member (person_id, room_id) WHERE left_seq IS NULL;

-- seq is the message's place in its room; a reply in a thread has the place of the
-- room's last message then, and its own place in the thread. Written by the thousand,
-- so there are no foreign keys: rooms, people and messages are never deleted. What was
-- recalled has no content any more.
CREATE TABLE chat_message (
	id          uuid PRIMARY KEY,
	room_id     uuid NOT NULL,
	seq         bigint NOT NULL,
	thread_id   uuid,
	thread_seq  bigint NOT NULL DEFAULT 0, -- of a reply: its place; else of the last reply
	author_id   uuid,                      -- NULL: an assistant
	kind        text NOT NULL CHECK (kind IN ('text', 'file', 'picture', 'voice', 'forward', 'card', 'system')),
	text        text NOT NULL,
	data        jsonb,
	mentions    uuid[],
	mention_all boolean NOT NULL DEFAULT false,
	quote_id    uuid,
	receipt     boolean NOT NULL DEFAULT false,
	urgent      boolean NOT NULL DEFAULT false,
	card_ref    uuid,
	at          timestamptz NOT NULL,
	edited_at   timestamptz,
	recalled_at timestamptz,
	nudged_at   timestamptz,
	revision    bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX chat_message_room ON chat_message (room_id, seq) WHERE thread_id IS NULL;
CREATE UNIQUE INDEX chat_message_thread ON chat_message (thread_id, thread_seq) WHERE thread_id IS NOT NULL;
CREATE INDEX chat_message_mentions ON chat_message (room_id, seq) WHERE mention_all OR mentions IS NOT NULL;
CREATE INDEX chat_message_urgent ON chat_message (room_id, seq) WHERE urgent AND recalled_at IS NULL;
CREATE INDEX chat_message_card_ref ON chat_message (card_ref) WHERE card_ref IS NOT NULL;

CREATE TABLE chat_reaction (
	message_id uuid NOT NULL REFERENCES chat_message (id) DEFERRABLE,
	emoji      text NOT NULL,
	person_id  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	at         timestamptz NOT NULL,
	PRIMARY KEY (message_id, emoji, person_id)
);

-- What somebody answered to a message that asked: a receipt (已收到, 处理中, 已完成),
-- or that they have seen an urgent one. No row: nothing yet.
CREATE TABLE chat_receipt (
	message_id      uuid NOT NULL REFERENCES chat_message (id) DEFERRABLE,
	person_id       uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	state           text CHECK (state IN ('received', 'working', 'done')),
	at              timestamptz NOT NULL,
	acknowledged_at timestamptz,
	PRIMARY KEY (message_id, person_id)
);

-- Who follows a thread, and how far they have read it.
CREATE TABLE chat_thread_member (
	thread_id uuid NOT NULL REFERENCES chat_message (id) DEFERRABLE,
	person_id uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	read_seq  bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (thread_id, person_id)
);

-- 稍后处理: what a person put aside.
CREATE TABLE chat_later (
	person_id  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	message_id uuid NOT NULL REFERENCES chat_message (id) DEFERRABLE,
	at         timestamptz NOT NULL,
	PRIMARY KEY (person_id, message_id)
);
CREATE INDEX chat_later_at ON chat_later (person_id, at DESC);

-- Counts what a person was told of: the second cursor of the live stream.
CREATE TABLE live_inbox (
	person_id uuid PRIMARY KEY REFERENCES person (id) DEFERRABLE,
	seq       bigint NOT NULL
);
