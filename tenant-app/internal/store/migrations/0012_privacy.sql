-- Who agreed to which edition of the user agreement and the privacy policy, when and from
-- where. A row is never changed but for its withdrawal.
CREATE TABLE consent (
	id           uuid PRIMARY KEY,
	person_id    uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	edition      integer NOT NULL,
	locale       text NOT NULL,
	address      text NOT NULL,
	agent        text NOT NULL,
	at           timestamptz NOT NULL,
	withdrawn_at timestamptz
);
CREATE UNIQUE INDEX consent_once ON consent (person_id, edition) WHERE withdrawn_at IS NULL;
