-- Messages in 消息 for which somebody is to be called outside of the page, until they
-- have seen it. What it says is read from the message: it may have been recalled.
CREATE TABLE notice (
	id         uuid PRIMARY KEY,
	person_id  uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	message_id uuid NOT NULL,
	urgent     boolean NOT NULL,
	at         timestamptz NOT NULL,
	sent       text[] NOT NULL DEFAULT '{}', -- channels that took it
	sent_at    timestamptz,
	done_at    timestamptz
);
CREATE UNIQUE INDEX notice_once ON notice (person_id, message_id);
CREATE INDEX notice_open ON notice (person_id, at) WHERE done_at IS NULL;
CREATE INDEX notice_done_at ON notice (done_at) WHERE done_at IS NOT NULL;

-- Ways to a person outside of the page. tested_at is set once a code that went that way
-- was typed in: only those are used.
CREATE TABLE notice_channel (
	person_id   uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	kind        text NOT NULL CHECK (kind IN ('push', 'wecom', 'dingtalk', 'feishu', 'mail', 'sms')),
	address     text NOT NULL,
	code_sha256 bytea,
	code_at     timestamptz,
	tries       integer NOT NULL DEFAULT 0,
	tested_at   timestamptz,
	failed_at   timestamptz,
	PRIMARY KEY (person_id, kind)
);

-- A browser that takes messages while the page is closed, until its session ends.
CREATE TABLE push_subscription (
	id         uuid PRIMARY KEY,
	person_id  uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE DEFERRABLE,
	endpoint   text NOT NULL,
	p256dh     text NOT NULL,
	auth       text NOT NULL,
	created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX push_subscription_endpoint ON push_subscription (endpoint);
CREATE INDEX push_subscription_person ON push_subscription (person_id);
CREATE INDEX push_subscription_session ON push_subscription (session_id);

-- When somebody is not to be called, but for what is urgent. No row: 22:00 to 08:00.
CREATE TABLE notice_setting (
	person_id  uuid PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE DEFERRABLE,
	quiet_from text NOT NULL,
	quiet_to   text NOT NULL
);
