-- What can be found, a row for each passage. vector is made a moment later, by package
-- search; it also holds who may find the row (containers) and its week.
CREATE TABLE search_entry (
	id         uuid PRIMARY KEY,
	kind       text NOT NULL,
	ref        uuid NOT NULL,
	passage    integer NOT NULL,
	containers text[] NOT NULL,
	names      text[] NOT NULL,
	title      text NOT NULL,
	text       text NOT NULL,
	at         timestamptz NOT NULL,
	vector     tsvector
);
CREATE UNIQUE INDEX search_entry_ref ON search_entry (kind, ref, passage);
CREATE INDEX search_entry_new ON search_entry (id) WHERE vector IS NULL;
-- Rows go into the index many at a time, so a list of those still to be sorted in, which
-- every search would read, would gain nothing.
CREATE INDEX search_entry_vector ON search_entry USING gin (vector) WITH (fastupdate = off);
