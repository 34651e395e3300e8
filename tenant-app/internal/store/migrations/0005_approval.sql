-- Versions of forms are never changed: approvals point at the one they were made with.
CREATE TABLE form_definition (
	key        text NOT NULL,
	version    integer NOT NULL,
	format     integer NOT NULL,
	definition jsonb NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (key, version)
);

-- The last number given out, by the letters of a form and the day.
CREATE TABLE number_rule (
	prefix text NOT NULL,
	day    text NOT NULL,
	last   integer NOT NULL,
	PRIMARY KEY (prefix, day)
);

-- state is what the rules in package engine know; it follows from the actions.
CREATE TABLE approval (
	id            uuid PRIMARY KEY,
	form_key      text NOT NULL,
	form_version  integer NOT NULL,
	number        text NOT NULL,
	submitter_id  uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	department_id uuid REFERENCES department (id) DEFERRABLE,
	status        text NOT NULL,
	form_values   jsonb NOT NULL,
	state         jsonb NOT NULL,
	revision      bigint NOT NULL,
	away_from     timestamptz,
	away_to       timestamptz,
	submitted_at  timestamptz NOT NULL,
	updated_at    timestamptz NOT NULL,
	ended_at      timestamptz,
	FOREIGN KEY (form_key, form_version) REFERENCES form_definition (key, version) DEFERRABLE
);
CREATE UNIQUE INDEX approval_number ON approval (number);
CREATE INDEX approval_submitter ON approval (submitter_id, submitted_at DESC, id DESC);
CREATE INDEX approval_department ON approval (department_id);
CREATE INDEX approval_away ON approval (away_to) WHERE away_to IS NOT NULL AND status = 'approved';

-- Everything that was done to an approval, with the facts that were found then, so
-- that it can be replayed without asking anybody.
CREATE TABLE approval_action (
	approval_id uuid NOT NULL REFERENCES approval (id) ON DELETE CASCADE DEFERRABLE,
	seq         integer NOT NULL,
	id          uuid NOT NULL,
	person_id   uuid,
	verb        text NOT NULL,
	entry       jsonb NOT NULL,
	at          timestamptz NOT NULL,
	PRIMARY KEY (approval_id, seq)
);
CREATE UNIQUE INDEX approval_action_id ON approval_action (id);

-- Who takes part besides the submitter: holder (is to decide now), decided, asked
-- (was to decide and need not any more), cc.
CREATE TABLE approval_participant (
	approval_id uuid NOT NULL REFERENCES approval (id) ON DELETE CASCADE DEFERRABLE,
	person_id   uuid NOT NULL REFERENCES person (id) DEFERRABLE,
	part        text NOT NULL CHECK (part IN ('holder', 'decided', 'asked', 'cc')),
	at          timestamptz NOT NULL,
	PRIMARY KEY (approval_id, person_id, part)
);
CREATE INDEX approval_participant_person ON approval_participant (person_id, part, at DESC, approval_id DESC);

CREATE TABLE approval_draft (
	id           uuid PRIMARY KEY,
	person_id    uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	form_key     text NOT NULL,
	form_values  jsonb NOT NULL,
	revision     bigint NOT NULL,
	updated_at   timestamptz NOT NULL
);
CREATE INDEX approval_draft_person ON approval_draft (person_id, updated_at DESC, id DESC);

-- 常用语
CREATE TABLE approval_phrase (
	person_id uuid PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	phrases   text[] NOT NULL
);

-- 委派: the delegate decides instead from one day to another, both included.
CREATE TABLE approval_delegation (
	person_id   uuid PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	delegate_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	from_day    date NOT NULL,
	to_day      date NOT NULL,
	updated_at  timestamptz NOT NULL,
	CHECK (from_day <= to_day),
	CHECK (person_id <> delegate_id)
);
CREATE INDEX approval_delegation_delegate ON approval_delegation (delegate_id);

-- 待办: what waits for a person. A row goes when it is done.
CREATE TABLE todo_item (
	id        uuid PRIMARY KEY,
	person_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	kind      text NOT NULL,
	ref       uuid NOT NULL,
	title     jsonb NOT NULL,
	summary   jsonb NOT NULL,
	from_id   uuid REFERENCES person (id) DEFERRABLE,
	since     timestamptz NOT NULL,
	due       timestamptz,
	data      jsonb NOT NULL
);
CREATE UNIQUE INDEX todo_item_once ON todo_item (person_id, kind, ref);
CREATE INDEX todo_item_person ON todo_item (person_id, since DESC, id DESC);
CREATE INDEX todo_item_ref ON todo_item (ref);
