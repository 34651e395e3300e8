-- The tree of departments. A closed one stays, because history names it.
CREATE TABLE department (
	id         uuid PRIMARY KEY,
	parent_id  uuid REFERENCES department (id) DEFERRABLE,
	name       text NOT NULL,
	sort       integer NOT NULL,
	revision   bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	closed_at  timestamptz,
	CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX department_name ON department (parent_id, name) NULLS NOT DISTINCT WHERE closed_at IS NULL;
CREATE INDEX department_parent_id ON department (parent_id);

CREATE TABLE position (
	id         uuid PRIMARY KEY,
	name       text NOT NULL,
	sort       integer NOT NULL,
	revision   bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	closed_at  timestamptz
);
CREATE UNIQUE INDEX position_name ON position (name) WHERE closed_at IS NULL;

-- Customers, suppliers and partners, to whom outsiders belong.
CREATE TABLE external_organisation (
	id         uuid PRIMARY KEY,
	name       text NOT NULL,
	kind       text NOT NULL CHECK (kind IN ('customer', 'supplier', 'partner')),
	revision   bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	closed_at  timestamptz
);
CREATE UNIQUE INDEX external_organisation_name ON external_organisation (name) WHERE closed_at IS NULL;

-- sort_key is the name in pinyin, search holds what a person is found by: both are
-- made by package directory. An outsider has an organisation and a liaison (对接人).
CREATE TABLE person (
	id                       uuid PRIMARY KEY,
	name                     text NOT NULL,
	sort                     integer NOT NULL,
	sort_key                 text NOT NULL,
	search                   tsvector NOT NULL,
	staff_no                 text,
	phone                    text,
	mail                     text,
	hired_on                 date,
	manager_id               uuid REFERENCES person (id) DEFERRABLE,
	avatar                   text,
	external_organisation_id uuid REFERENCES external_organisation (id) DEFERRABLE,
	liaison_id               uuid REFERENCES person (id) DEFERRABLE,
	revision                 bigint NOT NULL DEFAULT 1,
	created_at               timestamptz NOT NULL,
	updated_at               timestamptz NOT NULL,
	deactivated_at           timestamptz,
	CHECK (manager_id <> id),
	CHECK ((external_organisation_id IS NULL) = (liaison_id IS NULL))
);
CREATE UNIQUE INDEX person_staff_no ON person (lower(staff_no));
CREATE UNIQUE INDEX person_phone ON person (phone);
CREATE UNIQUE INDEX person_mail ON person (mail);
CREATE INDEX person_active ON person (sort, sort_key, id) WHERE deactivated_at IS NULL;
CREATE INDEX person_deactivated ON person (sort, sort_key, id) WHERE deactivated_at IS NOT NULL;
-- People change seldom, so entries go into the index at once: a list of those still
-- to be sorted in would be read by every search.
CREATE INDEX person_search ON person USING gin (search) WITH (fastupdate = off);
CREATE INDEX person_manager_id ON person (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX person_liaison_id ON person (liaison_id) WHERE liaison_id IS NOT NULL;
CREATE INDEX person_external_organisation_id ON person (external_organisation_id) WHERE external_organisation_id IS NOT NULL;

-- Who was where, and when: [valid_from, valid_to). Rows are closed, not changed.
CREATE TABLE membership (
	id            uuid PRIMARY KEY,
	person_id     uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	department_id uuid NOT NULL REFERENCES department (id) DEFERRABLE,
	position_id   uuid REFERENCES position (id) DEFERRABLE,
	is_primary    boolean NOT NULL,
	valid_from    timestamptz NOT NULL,
	valid_to      timestamptz,
	CHECK (valid_from < valid_to)
);
CREATE UNIQUE INDEX membership_primary ON membership (person_id) WHERE is_primary AND valid_to IS NULL;
CREATE UNIQUE INDEX membership_current ON membership (person_id, department_id) WHERE valid_to IS NULL;
CREATE INDEX membership_department ON membership (department_id) WHERE valid_to IS NULL;
CREATE INDEX membership_position ON membership (position_id) WHERE valid_to IS NULL;
CREATE INDEX membership_person_id ON membership (person_id, valid_from);

CREATE TABLE department_head (
	department_id uuid NOT NULL REFERENCES department (id) ON DELETE CASCADE DEFERRABLE,
	person_id     uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	sort          integer NOT NULL,
	PRIMARY KEY (department_id, person_id)
);
CREATE INDEX department_head_person_id ON department_head (person_id);
