-- What happened, for reports: who, in which department at that time, moved what from
-- where to where.
CREATE TABLE fact (
	id            uuid PRIMARY KEY,
	kind          text NOT NULL,
	person_id     uuid NOT NULL,
	department_id uuid,
	object_id     uuid NOT NULL,
	from_state    text NOT NULL,
	to_state      text NOT NULL,
	at            timestamptz NOT NULL
);
CREATE INDEX fact_kind_at ON fact (kind, at);

-- Who did what, for auditors. no and hash are set by the sealer: a chain without a gap.
CREATE TABLE audit_entry (
	id        uuid PRIMARY KEY,
	no        bigint,
	hash      bytea,
	event     text NOT NULL,
	person_id uuid,
	person    text NOT NULL,
	object_id uuid,
	details   json NOT NULL,
	address   text NOT NULL,
	agent     text NOT NULL,
	request   text NOT NULL,
	at        timestamptz NOT NULL
);
CREATE UNIQUE INDEX audit_entry_no ON audit_entry (no) WHERE no IS NOT NULL;
CREATE INDEX audit_entry_unsealed ON audit_entry (at, id) WHERE no IS NULL;
CREATE INDEX audit_entry_at ON audit_entry (at, id);
CREATE INDEX audit_entry_person ON audit_entry (person_id, at, id);
CREATE INDEX audit_entry_object ON audit_entry (object_id, at, id);

-- Each run of the sealer: entries first_no to last_no, and the hash of the last one.
CREATE TABLE audit_seal (
	last_no   bigint PRIMARY KEY,
	first_no  bigint NOT NULL,
	hash      bytea NOT NULL,
	sealed_at timestamptz NOT NULL
);

-- Days that are not as their weekday says: holidays, and make-up days (调休上班).
CREATE TABLE calendar_day (
	day     date PRIMARY KEY,
	workday boolean NOT NULL,
	name    text NOT NULL
);

-- What a company has decided for itself, by the name of what it is about.
CREATE TABLE setting (
	key        text PRIMARY KEY,
	value      json NOT NULL,
	revision   bigint NOT NULL DEFAULT 1,
	updated_at timestamptz NOT NULL
);

-- The State Council's arrangement for 2026.
INSERT INTO calendar_day (day, workday, name)
SELECT day::date, false, name FROM (VALUES
	('2026-01-01'::date, '2026-01-03'::date, '元旦'), ('2026-02-15', '2026-02-23', '春节'), ('2026-04-04', '2026-04-06', '清明节'),
	('2026-05-01', '2026-05-05', '劳动节'), ('2026-06-19', '2026-06-21', '端午节'), ('2026-09-25', '2026-09-27', '中秋节'),
	('2026-10-01', '2026-10-07', '国庆节')) AS holiday (first, last, name), generate_series(first, last, interval '1 day') AS day;
INSERT INTO calendar_day (day, workday, name) VALUES
	('2026-01-04', true, '元旦调休上班'), ('2026-02-14', true, '春节调休上班'), ('2026-02-28', true, '春节调休上班'),
	('2026-05-09', true, '劳动节调休上班'), ('2026-09-20', true, '国庆节调休上班'), ('2026-10-10', true, '国庆节调休上班');
