package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

func dial(t *testing.T, change func(*Config)) (*Server, env.Database) {
	t.Helper()
	db := env.Postgres(t)
	config := Config{
		Name: "main", Host: db.Host, Port: int32(db.Port), Database: db.Name, User: db.User, Password: db.Password, SSLMode: "disable",
	}
	if change != nil {
		change(&config)
	}
	servers := NewServers(nil)
	t.Cleanup(servers.Close)
	s, err := servers.Get(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

// prepared is a server that the operator has made ready, with an empty database.
func prepared(t *testing.T) (*Server, env.Database) {
	t.Helper()
	s, db := dial(t, nil)
	if _, err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, db
}

// ids are per test, since roles belong to the whole server.
func ids(db env.Database) (one, other string) {
	number := strings.TrimPrefix(db.Name, "test_")
	return strings.Repeat("a", 10-len(number)) + number, strings.Repeat("b", 10-len(number)) + number
}

// company makes a tenant with both working logins and returns their connections.
func company(t *testing.T, s *Server, db env.Database, id string) (app, migrate *pgx.Conn) {
	t.Helper()
	n := NamesOf(id, 1)
	err := s.Tx(t.Context(), func(tx pgx.Tx) error {
		if _, err := s.EnsureTenant(t.Context(), tx, n, Limits{10, 5 * time.Second}, n.open(), false); err != nil {
			return err
		}
		if err := SetPassword(t.Context(), tx, n.LoginA, "app-"+id); err != nil {
			return err
		}
		return SetPassword(t.Context(), tx, n.Migrate, "migrate-"+id)
	})
	if err != nil {
		t.Fatal(err)
	}
	return connect(t, db, n.LoginA, "app-"+id), connect(t, db, n.Migrate, "migrate-"+id)
}

// open are the logins of a tenant that works.
func (n Names) open() []string { return []string{n.LoginA, n.Migrate} }

// closed takes a tenant's logins and ends its sessions.
func closed(t *testing.T, s *Server, n Names) {
	t.Helper()
	for _, do := range []func(context.Context, pgx.Tx, []string) error{CloseLogins, EndSessions} {
		if err := s.Tx(t.Context(), func(tx pgx.Tx) error { return do(t.Context(), tx, n.Roles()) }); err != nil {
			t.Fatal(err)
		}
	}
}

func connect(t *testing.T, db env.Database, user, password string) *pgx.Conn {
	t.Helper()
	db.User, db.Password = user, password
	conn, err := pgx.Connect(t.Context(), db.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func must(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestCompanyWorksInItsOwnSchema(t *testing.T) {
	s, db := prepared(t)
	id, _ := ids(db)
	app, migrate := company(t, s, db, id)
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id bigserial PRIMARY KEY, name text)`)
	must(t, app, `INSERT INTO people (name) VALUES ('王芳')`, `UPDATE people SET name = '李雷'`)
	var name, timeout string
	if err := app.QueryRow(t.Context(), `SELECT name, current_setting('statement_timeout') FROM people`).Scan(&name, &timeout); err != nil {
		t.Fatal(err)
	}
	if name != "李雷" || timeout != "5s" {
		t.Errorf("read %s with statement_timeout %s, want 李雷 with 5s", name, timeout)
	}
}

func TestLoginsReachNothingElse(t *testing.T) {
	s, db := prepared(t)
	id, neighbour := ids(db)
	app, migrate := company(t, s, db, id)
	_, other := company(t, s, db, neighbour)
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id int)`)
	must(t, other, `SET ROLE t_`+neighbour+`_owner`, `CREATE TABLE people (id int)`)
	refused := []string{
		`SELECT * FROM t_` + neighbour + `_1.people`,
		`CREATE TABLE t_` + neighbour + `_1.x (id int)`,
		`SET ROLE t_` + neighbour + `_app`,
		`SET ROLE t_` + neighbour + `_owner`,
		`SET ROLE ` + quote(db.User),
		`CREATE TABLE public.x (id int)`,
		`CREATE SCHEMA x`,
		`CREATE ROLE x`,
		`CREATE TEMP TABLE x (id int)`,
		`SELECT * FROM pg_catalog.pg_authid`,
		`COPY (SELECT 1) TO PROGRAM 'true'`,
		`SELECT pg_read_file('/etc/passwd')`,
	}
	for _, conn := range []*pgx.Conn{app, migrate} {
		for _, statement := range refused {
			if _, err := conn.Exec(t.Context(), statement); err == nil {
				t.Errorf("%s may %s", conn.Config().User, statement)
			}
		}
	}
	for _, statement := range []string{`CREATE TABLE x (id int)`, `DROP TABLE people`, `SET ROLE t_` + id + `_owner`} {
		if _, err := app.Exec(t.Context(), statement); err == nil {
			t.Errorf("the app may %s", statement)
		}
	}
	resting := NamesOf(id, 1).LoginB
	if err := s.Tx(t.Context(), func(tx pgx.Tx) error { return SetPassword(t.Context(), tx, resting, "app-"+id) }); err != nil {
		t.Fatal(err)
	}
	db.User, db.Password = resting, "app-"+id
	if conn, err := pgx.Connect(t.Context(), db.DSN()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the resting login may log in")
	}
}

func TestEnsureWritesOnlyWhatIsMissing(t *testing.T) {
	s, db := prepared(t)
	id, _ := ids(db)
	n := NamesOf(id, 1)
	ensure := func(limits Limits, existing bool) (wrote bool, err error) {
		err = s.Tx(t.Context(), func(tx pgx.Tx) error {
			wrote, err = s.EnsureTenant(t.Context(), tx, n, limits, n.open(), existing)
			return err
		})
		return wrote, err
	}
	limits := Limits{10, 5 * time.Second}
	steps := []struct {
		name   string
		before string // as the admin
		limits Limits
		wrote  bool
	}{
		{"at first", "", limits, true},
		{"again", "", limits, false},
		{"other limits", "", Limits{12, 7 * time.Second}, true},
		{"again with them", "", Limits{12, 7 * time.Second}, false},
		{"a login was closed", "ALTER ROLE t_" + id + "_app_a NOLOGIN", Limits{12, 7 * time.Second}, true},
		{"a membership was taken", "REVOKE t_" + id + "_app FROM t_" + id + "_app_a", Limits{12, 7 * time.Second}, true},
		{"usage was taken", "REVOKE USAGE ON SCHEMA t_" + id + "_1 FROM t_" + id + "_app", Limits{12, 7 * time.Second}, true},
		{"again at the end", "", Limits{12, 7 * time.Second}, false},
	}
	for _, step := range steps {
		if step.before != "" {
			if _, err := s.Pool().Exec(t.Context(), step.before); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
		wrote, err := ensure(step.limits, step.name != "at first")
		if err != nil || wrote != step.wrote {
			t.Errorf("%s: wrote %v, %v; want %v", step.name, wrote, err, step.wrote)
		}
	}
	if _, err := s.Pool().Exec(t.Context(), "DROP SCHEMA t_"+id+"_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := ensure(limits, true); !fault.Is(err, v1alpha1.ReasonSchemaMissing) {
		t.Errorf("a lost schema gives %v, want SchemaMissing", err)
	}
}

func TestCloseEndsSessionsAndKeepsData(t *testing.T) {
	s, db := prepared(t)
	id, _ := ids(db)
	app, migrate := company(t, s, db, id)
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id int)`)
	n := NamesOf(id, 1)
	for range 2 {
		closed(t, s, n)
	}
	if _, err := app.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a session of the app outlived the closing")
	}
	db.User, db.Password = n.LoginA, "app-"+id
	if conn, err := pgx.Connect(t.Context(), db.DSN()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a closed login may log in")
	}
	if got := inventoryOf(t, s, id); len(got) != 7 {
		t.Errorf("after closing there is %v, want the schema and six roles", got)
	}
}

func TestDropLeavesNothing(t *testing.T) {
	s, db := prepared(t)
	id, neighbour := ids(db)
	app, migrate := company(t, s, db, id)
	company(t, s, db, neighbour)
	// A login owns what it makes outside of every schema; nobody may stay by that.
	must(t, app, `SELECT lo_create(0)`)
	must(t, migrate, `SELECT lo_create(0)`)
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id bigserial PRIMARY KEY)`, `CREATE VIEW v AS SELECT * FROM people`)
	for range 2 {
		closed(t, s, NamesOf(id, 1))
		err := s.Tx(t.Context(), func(tx pgx.Tx) error {
			return s.DropTenant(t.Context(), tx, id, NamesOf(id, 1))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := inventoryOf(t, s, id); len(got) != 0 {
		t.Errorf("after dropping there is still %v", got)
	}
	if got := inventoryOf(t, s, neighbour); len(got) != 7 {
		t.Errorf("the neighbour has %v, want the schema and six roles", got)
	}
}

func inventoryOf(t *testing.T, s *Server, id string) []string {
	t.Helper()
	got, err := s.Inventory(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPrepareNamesWhatIsWrong(t *testing.T) {
	server := env.PostgresServer(t)
	cases := map[string]struct {
		change func(*Config)
		before func(env.Database) string // as superuser
		want   string
	}{
		"fine":           {nil, nil, ""},
		"wrong password": {func(c *Config) { c.Password = "wrong" }, nil, v1alpha1.ReasonDatabaseRefused},
		"no database":    {func(c *Config) { c.Database = "nowhere" }, nil, v1alpha1.ReasonDatabaseRefused},
		"nobody there":   {func(c *Config) { c.Port = 1 }, nil, v1alpha1.ReasonDatabaseUnreachable},
		"no TLS there":   {func(c *Config) { c.SSLMode = "require" }, nil, v1alpha1.ReasonDatabaseUnreachable},
		"no connection":  {nil, func(d env.Database) string { return fmt.Sprintf("ALTER ROLE %s CONNECTION LIMIT 0", d.User) }, v1alpha1.ReasonDatabaseFull},
		"read-only": {nil, func(d env.Database) string {
			return fmt.Sprintf("ALTER ROLE %s SET default_transaction_read_only = on", d.User)
		}, v1alpha1.ReasonDatabaseReadOnly},
		"no CREATEROLE": {nil, func(d env.Database) string { return fmt.Sprintf("ALTER ROLE %s NOCREATEROLE", d.User) }, v1alpha1.ReasonDatabaseRights},
		"not the owner": {nil, func(d env.Database) string { return fmt.Sprintf("ALTER DATABASE %s OWNER TO postgres", d.Name) }, v1alpha1.ReasonDatabaseRights},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, db := dial(t, c.change)
			if c.before != nil {
				if err := server.Exec("postgres", c.before(db)); err != nil {
					t.Fatal(err)
				}
			}
			facts, err := s.Prepare(t.Context())
			if c.want == "" {
				if err != nil || facts.Version[:3] != "17." {
					t.Errorf("Prepare = %+v, %v; want PostgreSQL 17", facts, err)
				}
				return
			}
			if !fault.Is(err, c.want) {
				t.Errorf("Prepare = %v, want reason %s", err, c.want)
			}
		})
	}
}

// A database's name is the operator's own choice, and may hold anything.
func TestHostileDatabaseName(t *testing.T) {
	db, err := env.PostgresServer(t).CreateDatabase(`a"b'; DROP ROLE postgres; --`, "secret")
	if err != nil {
		t.Fatal(err)
	}
	servers := NewServers(nil)
	t.Cleanup(servers.Close)
	s, err := servers.Get(t.Context(), Config{
		Name: "main", Host: db.Host, Port: int32(db.Port), Database: db.Name, User: db.User, Password: db.Password, SSLMode: "disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	n := NamesOf("hostilenam", 1)
	for range 2 {
		if _, err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := s.Tx(t.Context(), func(tx pgx.Tx) error {
			_, err := s.EnsureTenant(t.Context(), tx, n, Limits{10, 5 * time.Second}, n.open(), false)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Tx(t.Context(), func(tx pgx.Tx) error { return s.DropTenant(t.Context(), tx, "hostilenam", n) }); err != nil {
		t.Fatal(err)
	}
	if left := inventoryOf(t, s, "hostilenam"); len(left) > 0 {
		t.Errorf("there is still %v", left)
	}
}
