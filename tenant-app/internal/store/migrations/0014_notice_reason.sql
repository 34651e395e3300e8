-- Why the last message to a person did not go out; empty: it did.
ALTER TABLE notice_channel ADD COLUMN failed_why text NOT NULL DEFAULT '';
