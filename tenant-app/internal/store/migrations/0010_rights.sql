-- An outsider's access ends. People who work here have no such time.
ALTER TABLE person ADD COLUMN expires_at timestamptz;

-- What a person may do. Ready-made roles have a key; their rights stand in the
-- program, and in role_right only what an administrator chose otherwise.
CREATE TABLE role (
	id         uuid PRIMARY KEY,
	key        text,
	name       text NOT NULL,
	external   boolean NOT NULL,
	revision   bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX role_key ON role (key);
CREATE UNIQUE INDEX role_name ON role (name);

CREATE TABLE role_right (
	role_id     uuid NOT NULL REFERENCES role (id) ON DELETE CASCADE DEFERRABLE,
	right_name  text NOT NULL,
	scope       text NOT NULL,
	departments uuid[] NOT NULL,
	masks       text[] NOT NULL,
	PRIMARY KEY (role_id, right_name)
);

-- Who has a role. grantee_id is a person, department (with those below) or position;
-- groups have none.
CREATE TABLE role_grant (
	id           uuid PRIMARY KEY,
	role_id      uuid NOT NULL REFERENCES role (id) ON DELETE CASCADE DEFERRABLE,
	grantee_kind text NOT NULL,
	grantee_id   uuid,
	created_by   uuid,
	created_at   timestamptz NOT NULL,
	CHECK ((grantee_id IS NOT NULL) = (grantee_kind IN ('person', 'department', 'position')))
);
CREATE UNIQUE INDEX role_grant_once ON role_grant (role_id, grantee_kind, grantee_id) NULLS NOT DISTINCT;
CREATE INDEX role_grant_grantee_id ON role_grant (grantee_id);

-- Single objects given to someone; grantee_id may be a role too.
CREATE TABLE object_right (
	id           uuid PRIMARY KEY,
	kind         text NOT NULL,
	object_id    uuid NOT NULL,
	right_name   text NOT NULL,
	grantee_kind text NOT NULL,
	grantee_id   uuid NOT NULL,
	created_by   uuid NOT NULL,
	created_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX object_right_once ON object_right (object_id, right_name, grantee_id, kind);
CREATE INDEX object_right_grantee_id ON object_right (grantee_id);

INSERT INTO role (id, key, name, external, created_at, updated_at) VALUES
	('00000000-0000-7000-8000-000000000001', 'administrator', '管理员', false, now(), now()),
	('00000000-0000-7000-8000-000000000002', 'system-administrator', '系统管理员', false, now(), now()),
	('00000000-0000-7000-8000-000000000003', 'security-administrator', '安全管理员', false, now(), now()),
	('00000000-0000-7000-8000-000000000004', 'audit-administrator', '审计管理员', false, now(), now()),
	('00000000-0000-7000-8000-000000000005', 'head', '部门负责人', false, now(), now()),
	('00000000-0000-7000-8000-000000000006', 'staff', '员工', false, now(), now()),
	('00000000-0000-7000-8000-000000000007', 'customer', '外部客户', true, now(), now()),
	('00000000-0000-7000-8000-000000000008', 'supplier', '供应商', true, now(), now()),
	('00000000-0000-7000-8000-000000000009', 'partner', '合作伙伴', true, now(), now());

INSERT INTO role_grant (id, role_id, grantee_kind, created_at) VALUES
	('00000000-0000-7000-8001-000000000005', '00000000-0000-7000-8000-000000000005', 'heads', now()),
	('00000000-0000-7000-8001-000000000006', '00000000-0000-7000-8000-000000000006', 'staff', now()),
	('00000000-0000-7000-8001-000000000007', '00000000-0000-7000-8000-000000000007', 'customers', now()),
	('00000000-0000-7000-8001-000000000008', '00000000-0000-7000-8000-000000000008', 'suppliers', now()),
	('00000000-0000-7000-8001-000000000009', '00000000-0000-7000-8000-000000000009', 'partners', now());

-- Those who administer the company go on. The column stays for the release before.
INSERT INTO role_grant (id, role_id, grantee_kind, grantee_id, created_at)
	SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'person', person_id, now() FROM account WHERE administrator;
