-- What somebody was shown, or did, that only the page knows of.
CREATE TABLE guide_mark (
	person_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	mark      text NOT NULL,
	at        timestamptz NOT NULL,
	PRIMARY KEY (person_id, mark)
);
