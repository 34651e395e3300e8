-- What happens once in a company's life, such as the first administrator.
CREATE TABLE once (
	key text PRIMARY KEY,
	at  timestamptz NOT NULL DEFAULT now()
);

-- Replies to mutating requests, so that a repeated one gets the same reply.
CREATE TABLE idempotency_key (
	person_id   uuid NOT NULL,
	key         text NOT NULL,
	operation   text NOT NULL,
	body_sha256 bytea NOT NULL,
	status      integer,
	headers     jsonb,
	body        bytea,
	created_at  timestamptz NOT NULL,
	PRIMARY KEY (person_id, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);

-- How a person signs in. A person without a row has never been invited.
CREATE TABLE account (
	person_id           uuid PRIMARY KEY,
	password_hash       text,
	password_changed_at timestamptz,
	administrator       boolean NOT NULL DEFAULT false,
	locale              text,
	created_at          timestamptz NOT NULL
);

CREATE TABLE session (
	id           uuid PRIMARY KEY,
	person_id    uuid NOT NULL REFERENCES account (person_id) ON DELETE CASCADE DEFERRABLE,
	token_sha256 bytea NOT NULL,
	shared       boolean NOT NULL,
	data_epoch   bigint NOT NULL,
	user_agent   text NOT NULL,
	address      text NOT NULL,
	created_at   timestamptz NOT NULL,
	seen_at      timestamptz NOT NULL,
	expires_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX session_token_sha256 ON session (token_sha256);
CREATE INDEX session_person_id ON session (person_id);
CREATE INDEX session_expires_at ON session (expires_at);

-- One-time links and codes that set a password. At most one is open per person.
CREATE TABLE invitation (
	person_id    uuid PRIMARY KEY REFERENCES account (person_id) ON DELETE CASCADE DEFERRABLE,
	token_sha256 bytea NOT NULL,
	data_epoch   bigint NOT NULL,
	created_by   uuid NOT NULL,
	created_at   timestamptz NOT NULL,
	expires_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX invitation_token_sha256 ON invitation (token_sha256);

-- Attempts to sign in, counted by a hash of what was tried, whether or not it exists.
CREATE TABLE sign_in_attempt (
	key_sha256   bytea PRIMARY KEY,
	attempts     integer NOT NULL,
	window_start timestamptz NOT NULL,
	locked_until timestamptz
);
CREATE INDEX sign_in_attempt_window_start ON sign_in_attempt (window_start);
