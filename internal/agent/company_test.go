package agent_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/env/app"
)

const schemaVersion = 15

// office is the app of this checkout, built once.
var office = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "atrium-agent-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "atrium-office")
	return program, app.Build(context.Background(), program)
})

func TestMain(m *testing.M) {
	if task := os.Getenv(asAgent); task != "" {
		os.Exit(beAgent(task, os.Args[1:]))
	}
	code := m.Run()
	if program, err := office(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// company is a tenant as the operator makes one, with the real app's schema and people.
// Its number 1 is seeded; 2 and 3 are as a restore finds them.
type company struct {
	t            *testing.T
	installation string
	db           env.Database
	store        *env.Store
	root         *minio.Client
	bucket       string // the tenant's
	backups      string // bucket in the backup store, which is the same server here
	key          keys.Key
	keys         backup.Keys
	epoch        backup.Epoch
	config       agent.Config
	// On a store without STS: who makes buckets, and the keys that reach one, by its name.
	// Elsewhere all is done with root's.
	issuer string
	users  map[string]credentials.Value
}

// id of all companies here: they have the same roles, and a copy each of one database.
const id = "agentagent"

const schemas = 3

// prepared is the database that the companies' are copied from; migrations and people
// take their time.
var prepared struct {
	sync.Once
	db env.Database
}

const template = "prepared"

// companies counts those of this process.
var companies int

func newCompany(t *testing.T) *company {
	t.Helper()
	return companyOn(t, env.MinIO(t))
}

// companyOn has its buckets in a store.
func companyOn(t *testing.T, store *env.Store) *company {
	t.Helper()
	prepared.Do(func() { prepared.db = prepare(t) })
	companies++
	server, quoted := env.PostgresServer(t), pgx.Identifier{prepared.db.Name}.Sanitize()
	if err := server.Exec("postgres", "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)", "CREATE DATABASE "+quoted+" TEMPLATE "+template+" OWNER "+quoted); err != nil {
		t.Fatal(err)
	}
	c := bare(t, prepared.db, store)
	c.makeBucket(c.bucket)
	c.makeBucket(c.backups)
	return c
}

// bare is a company without schema and buckets.
func bare(t *testing.T, db env.Database, store *env.Store) *company {
	t.Helper()
	restic, pgDump := env.AgentPrograms(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	installation := fmt.Sprintf("demo%d", companies)
	return &company{
		t: t, installation: installation, db: db, store: store, root: store.Root(t), bucket: installation + "-" + id, backups: backup.Bucket(installation, id),
		key: key, keys: backup.KeysOf(key.Derive(keys.Backup)),
		epoch:  backup.Epoch{ID: "2026-11-a", Recipient: identity.Recipient().String(), Identity: identity.String()},
		config: agent.Config{TaskDir: t.TempDir(), Restic: restic, PgDump: pgDump, Now: time.Now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil))},
	}
}

// prepare makes a company, and puts its database aside as a template.
func prepare(t *testing.T) env.Database {
	t.Helper()
	db := env.Postgres(t)
	bare(t, db, env.MinIO(t)).fill()
	if err := env.PostgresServer(t).Exec("postgres", "ALTER DATABASE "+pgx.Identifier{db.Name}.Sanitize()+" RENAME TO "+template); err != nil {
		t.Fatal(err)
	}
	return db
}

// fill makes the schemas and the people.
func (c *company) fill() {
	c.t.Helper()
	servers := postgres.NewServers(nil)
	defer servers.Close()
	server, err := servers.Get(c.t.Context(), postgres.Config{
		Name: "main", Host: c.db.Host, Port: int32(c.db.Port), Database: c.db.Name, User: c.db.User, Password: c.db.Password, SSLMode: "disable",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := server.Prepare(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.makeBucket(pages)
	for number := range schemas {
		c.schema(server, number+1)
	}
	c.app(1, contract.CommandSeed)
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func (c *company) makeBucket(name string) {
	c.t.Helper()
	if err := c.root.MakeBucket(c.t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		c.t.Fatal(err)
	}
	if err := c.root.EnableVersioning(c.t.Context(), name); err != nil {
		c.t.Fatal(err)
	}
	if c.issuer != "" {
		c.mayReach(name, c.store.Grant)
	}
}

// odd are tables with all that the app's own do not have.
const odd = `
CREATE TABLE odd (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, "we""ird 名" text, f double precision, b bytea, at timestamptz, day date,
	span interval, words text[], doc jsonb, twice int GENERATED ALWAYS AS (n * 2) STORED, above bigint REFERENCES odd DEFERRABLE);
CREATE INDEX odd_doc ON odd USING gin (doc);
CREATE UNIQUE INDEX odd_n ON odd (n) WHERE f IS NOT NULL;
CREATE TABLE "Zeal" (kind text, no int, day date, PRIMARY KEY (kind, no, day));
CREATE TABLE seeded (id int PRIMARY KEY, note text);
INSERT INTO seeded VALUES (1, 'by a migration');`

const oddRows = `
INSERT INTO odd ("we""ird 名", f, b, at, day, span, words, doc, above) VALUES
	(E'\\.', 'NaN', '\x00ff', 'infinity', '0044-03-15 BC', '-1 mon +2 days -03:04:05.000006', '{"a,b",NULL,"\""}', '{"z": [1, 2.50]}', 3),
	(E'tab\tnew\nline\\N\r', '-Infinity', '', '1970-01-01 00:00:00.000001+08', 'infinity', '0', '{}', 'null', 1),
	('', 0.1, NULL, now(), now(), '1 year', NULL, NULL, NULL), (repeat(E'长\n', 200000), 1e-308, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO "Zeal" SELECT chr(c), n, date '2026-01-01' + n FROM generate_series(1, 30) n, unnest(ARRAY[65, 97, 66, 98, 20013, 228, 95]) c;
UPDATE seeded SET note = 'changed by people'; INSERT INTO seeded VALUES (2, 'new');`

// schema makes a schema of this number as a restore or onboarding finds it.
func (c *company) schema(server *postgres.Server, number int) {
	c.t.Helper()
	n := postgres.NamesOf(id, number)
	err := server.Tx(c.t.Context(), func(tx pgx.Tx) error {
		if _, err := server.EnsureTenant(c.t.Context(), tx, n, postgres.Limits{Connections: 10, StatementTimeout: time.Minute}, []string{n.LoginA, n.Migrate}, false); err != nil {
			return err
		}
		for _, login := range []string{n.LoginA, n.Migrate, n.Backup} {
			if err := postgres.OpenLogin(c.t.Context(), tx, login, "secret"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.app(number, contract.CommandMigrate, "up")
	c.exec(number, odd)
}

const pages = "pages"

// app runs the app's program on a schema. The files of its page, which not every
// checkout has built, go to a bucket of their own.
func (c *company) app(number int, args ...string) {
	c.t.Helper()
	program, err := office()
	if err != nil {
		c.t.Fatal(err)
	}
	a := &app.App{Program: program, Settings: c.t.TempDir()}
	database := c.login(number, false)
	if args[0] == contract.CommandMigrate {
		database = c.login(number, true)
	}
	for file, value := range map[string]any{
		contract.FileSettings: contract.Settings{
			TenantID: id, DisplayName: "云杉科技有限公司", URL: "http://localhost", Release: app.Release, Locale: "zh-CN", Timezone: "Asia/Shanghai", DataEpoch: 1,
		},
		contract.FileDatabase: database, contract.FileBucket: c.reach(pages), contract.FileKeys: contract.Keys{},
	} {
		write(c.t, filepath.Join(a.Settings, file), value)
	}
	if err := a.Run(c.t.Context(), args...); err != nil {
		c.t.Fatal(err)
	}
}

func write(t *testing.T, file string, value any) {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *company) login(schema int, owner bool) contract.Database {
	n := postgres.NamesOf(id, schema)
	d := contract.Database{
		Host: c.db.Host, Port: c.db.Port, Name: c.db.Name, User: n.LoginA, Password: "secret", Schema: n.Schema, SSLMode: "disable", MaxConns: 2,
	}
	if owner {
		d.User, d.Role = n.Migrate, n.Owner
	}
	return d
}

func (c *company) reach(bucket string) contract.Bucket {
	reach := contract.Bucket{Endpoint: c.store.Endpoint, Region: "us-east-1", Name: bucket, PathStyle: true, AccessKey: c.store.AccessKey, SecretKey: c.store.SecretKey}
	if user, limited := c.users[bucket]; limited {
		reach.AccessKey, reach.SecretKey = user.AccessKeyID, user.SecretAccessKey
	}
	return reach
}

// exec runs statements as the owner of a schema.
func (c *company) exec(schema int, script string) {
	c.t.Helper()
	conn, done := c.connect(schema)
	defer done()
	n := postgres.NamesOf(id, schema)
	if _, err := conn.Exec(c.t.Context(), "SET ROLE "+n.Owner+"; SET search_path = "+n.Schema+"; "+script, pgx.QueryExecModeSimpleProtocol); err != nil {
		c.t.Fatal(err)
	}
}

func (c *company) connect(schema int) (conn *pgx.Conn, done func()) {
	c.t.Helper()
	d := c.login(schema, true)
	conn, err := pgx.Connect(c.t.Context(), fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", d.User, d.Password, d.Host, d.Port, d.Name))
	if err != nil {
		c.t.Fatal(err)
	}
	return conn, func() { _ = conn.Close(context.WithoutCancel(c.t.Context())) }
}

func (c *company) put(key, kind string, content []byte) {
	c.t.Helper()
	if _, err := c.root.PutObject(c.t.Context(), c.bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{ContentType: kind}); err != nil {
		c.t.Fatal(err)
	}
}

// task of a backup in generation g.
func (c *company) task(name, previous string) backup.Task {
	database := c.login(1, false)
	database.User = postgres.NamesOf(id, 1).Backup
	t := backup.Task{
		Backup: name, TenantID: id, Tenant: "acme", Installation: c.installation, Release: app.Release, SchemaVersion: schemaVersion, OperatorVersion: "0.1.0", KeyID: c.key.ID(),
		Database: database, Bucket: c.reach(c.bucket), Store: c.reach(c.backups),
		Generation: "g1", Password: c.keys.Password("g1"), Full: previous == "",
		Epoch: backup.Epoch{ID: c.epoch.ID, Recipient: c.epoch.Recipient}, Sign: c.keys.Signer().Seed(), Verify: c.keys.Verifier(),
	}
	if previous != "" {
		t.Previous = backup.Former{Backup: previous, Password: c.keys.Password("g1")}
	}
	return t
}

// back is the task of a restore into a schema and a bucket (empty: a drill).
func (c *company) back(name string, schema int, bucket string) backup.Task {
	t := backup.Task{
		Backup: name, TenantID: id, SchemaVersion: schemaVersion, Store: c.reach(c.backups), Database: c.login(schema, true),
		Password: c.keys.Password("g1"), Verify: c.keys.Verifier(), Epochs: []backup.Epoch{c.epoch},
	}
	if bucket != "" {
		t.Bucket = c.reach(bucket)
	}
	return t
}

// run runs the agent.
func (c *company) run(command string, task backup.Task) (backup.Outcome, int) {
	c.t.Helper()
	write(c.t, filepath.Join(c.config.TaskDir, backup.TaskFile), task)
	return agent.Run(c.t.Context(), c.config, command)
}

// must runs the agent, which has to end well.
func (c *company) must(command string, task backup.Task) *backup.Restored {
	c.t.Helper()
	outcome, code := c.run(command, task)
	if code != contract.ExitOK {
		c.t.Fatalf("%s %s ended with %d: %s", command, task.Backup, code, outcome.Message)
	}
	return outcome.Restored
}

// read gives an object of the backup store.
func (c *company) read(key string) []byte {
	c.t.Helper()
	body, err := c.root.GetObject(c.t.Context(), c.backups, key, minio.GetObjectOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

func (c *company) manifest(name string) backup.Manifest {
	c.t.Helper()
	m, err := backup.Open(c.read(backup.ManifestOf(name)), c.read(backup.SignatureOf(name)), c.keys.Verifier(), name, id)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}
