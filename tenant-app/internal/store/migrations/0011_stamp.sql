-- Names the state of what some tables hold (package store: StampWrites), so that it
-- can be kept in memory while it stays.
CREATE TABLE stamp (
	name  text PRIMARY KEY,
	value uuid NOT NULL
);

INSERT INTO stamp (name, value) VALUES ('access', gen_random_uuid());
