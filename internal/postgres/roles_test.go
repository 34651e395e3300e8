package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

// What a session of each login starts with.
func TestLoginsHaveLimits(t *testing.T) {
	s, db := prepared(t)
	id, _ := ids(db)
	n := NamesOf(id, 1)
	company(t, s, db, id)
	openBackup(t, s, n)
	want := map[string]string{
		n.LoginA:  "10 connections, statement 5s, lock 10s, idle in transaction 1min, idle 15min, read-only off",
		n.Migrate: "4 connections, statement 15min, lock 2s, idle in transaction 1min, idle 15min, read-only off",
		n.Backup:  "2 connections, statement 2h, lock 10s, idle in transaction 15min, idle 15min, read-only on",
	}
	for login, password := range map[string]string{n.LoginA: "app-" + id, n.Migrate: "migrate-" + id, n.Backup: "backup"} {
		var got string
		err := connect(t, db, login, password).QueryRow(t.Context(), `
			SELECT format('%s connections, statement %s, lock %s, idle in transaction %s, idle %s, read-only %s', rolconnlimit, current_setting('statement_timeout'),
			       current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('idle_session_timeout'), current_setting('transaction_read_only'))
			FROM pg_roles WHERE rolname = session_user`).Scan(&got)
		if err != nil || got != want[login] {
			t.Errorf("%s has %s, %v\nwant %s", login, got, err, want[login])
		}
	}
}

// openBackup opens the login of backups, as those will.
func openBackup(t *testing.T, s *Server, n Names) {
	t.Helper()
	if err := s.Tx(t.Context(), func(tx pgx.Tx) error { return OpenLogin(t.Context(), tx, n.Backup, "backup") }); err != nil {
		t.Fatal(err)
	}
}

// Backups read every row of their company, those of tables that come later too,
// and change nothing.
func TestBackupReadsAndChangesNothing(t *testing.T) {
	s, db := prepared(t)
	id, neighbour := ids(db)
	n := NamesOf(id, 1)
	app, migrate := company(t, s, db, id)
	_, other := company(t, s, db, neighbour)
	must(t, other, `SET ROLE t_`+neighbour+`_owner`, `CREATE TABLE people (id int)`)
	var canLogin bool
	if err := s.Pool().QueryRow(t.Context(), `SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, n.Backup).Scan(&canLogin); err != nil || canLogin {
		t.Errorf("before there are backups their login is open: %v, %v", canLogin, err)
	}
	openBackup(t, s, n)
	backup := connect(t, db, n.Backup, "backup")
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id bigserial PRIMARY KEY, name text)`)
	must(t, app, `INSERT INTO people (name) VALUES ('王芳')`)
	must(t, backup, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
	var name string
	var last int
	if err := backup.QueryRow(t.Context(), `SELECT name, (SELECT last_value FROM people_id_seq) FROM people`).Scan(&name, &last); err != nil || name != "王芳" || last != 1 {
		t.Errorf("read %s and %d, %v", name, last, err)
	}
	must(t, backup, `COMMIT`, `SET default_transaction_read_only = off`)
	for _, statement := range []string{
		`INSERT INTO people (name) VALUES ('x')`, `UPDATE people SET name = 'x'`, `DELETE FROM people`, `TRUNCATE people`,
		`SELECT nextval('people_id_seq')`, `CREATE TABLE mine (id int)`, `SELECT * FROM t_` + neighbour + `_1.people`,
		`SET ROLE t_` + id + `_owner`, `SET ROLE t_` + id + `_app`, `COPY people TO PROGRAM 'true'`,
	} {
		if _, err := backup.Exec(t.Context(), statement); err == nil {
			t.Errorf("backups may %s", statement)
		}
	}
}

// Until a swap is over both logins work; then the former one does not, and nobody
// is left in it.
func TestRetiredLoginIsWorthNothing(t *testing.T) {
	s, db := prepared(t)
	id, _ := ids(db)
	n := NamesOf(id, 1)
	former, _ := company(t, s, db, id)
	in := func(do func(pgx.Tx) error) {
		t.Helper()
		if err := s.Tx(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	in(func(tx pgx.Tx) error { return OpenLogin(t.Context(), tx, n.LoginB, "next") })
	next := connect(t, db, n.LoginB, "next")
	must(t, former, `SELECT 1`)
	in(func(tx pgx.Tx) error { return CloseLogins(t.Context(), tx, []string{n.LoginA}) })
	in(func(tx pgx.Tx) error { return EndSessions(t.Context(), tx, []string{n.LoginA}) })
	in(func(tx pgx.Tx) error { return ClearPassword(t.Context(), tx, n.LoginA) })
	if _, err := former.Exec(t.Context(), `SELECT 1`); err == nil {
		t.Error("a session of the former login goes on")
	}
	must(t, next, `SELECT 1`)
	if err := env.PostgresServer(t).Exec(db.Name, `ALTER ROLE `+n.LoginA+` LOGIN`); err != nil {
		t.Fatal(err)
	}
	db.User, db.Password = n.LoginA, "app-"+id
	if conn, err := pgx.Connect(t.Context(), db.DSN()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the former password works once the login is open again")
	}
}

// A superuser as admin works, and can become an ordinary login later without
// losing the roles that it made.
func TestSuperuserCanBecomeOrdinary(t *testing.T) {
	server := env.PostgresServer(t)
	s, db := dial(t, nil)
	if err := server.Exec(db.Name, fmt.Sprintf("ALTER ROLE %s SUPERUSER", db.User)); err != nil {
		t.Fatal(err)
	}
	facts, err := s.Prepare(t.Context())
	if err != nil || !facts.Superuser {
		t.Fatalf("Prepare by a superuser = %+v, %v", facts, err)
	}
	id, _ := ids(db)
	n := NamesOf(id, 1)
	app, migrate := company(t, s, db, id)
	must(t, migrate, `SET ROLE t_`+id+`_owner`, `CREATE TABLE people (id int)`)
	must(t, app, `INSERT INTO people VALUES (1)`)
	if err := server.Exec(db.Name, fmt.Sprintf("ALTER ROLE %s NOSUPERUSER CREATEROLE CREATEDB", db.User)); err != nil {
		t.Fatal(err)
	}
	s.Pool().Reset()
	if facts, err := s.Prepare(t.Context()); err != nil || facts.Superuser {
		t.Fatalf("Prepare by an ordinary login = %+v, %v", facts, err)
	}
	err = s.Tx(t.Context(), func(tx pgx.Tx) error {
		if _, err := s.EnsureTenant(t.Context(), tx, n, Limits{12, 7 * time.Second}, []string{n.LoginB, n.Migrate}, true); err != nil {
			return err
		}
		return SetPassword(t.Context(), tx, n.LoginB, "next")
	})
	if err != nil {
		t.Fatal(err)
	}
	must(t, connect(t, db, n.LoginB, "next"), `INSERT INTO people VALUES (2)`)
	closed(t, s, n)
	if err := s.Tx(t.Context(), func(tx pgx.Tx) error { return s.DropTenant(t.Context(), tx, id, n) }); err != nil {
		t.Fatal(err)
	}
	if left := inventoryOf(t, s, id); len(left) > 0 {
		t.Errorf("there is still %v", left)
	}
}

// On 15 an admin with CREATEROLE could grant itself the execution of programs.
func TestOlderServersAreRefused(t *testing.T) {
	s, _ := dial(t, nil)
	fit := preparedState{number: MinVersion, createRole: true, ownsDB: true}
	if err := s.usable(fit); err != nil {
		t.Errorf("PostgreSQL 16: %v", err)
	}
	fit.number, fit.version = 150014, "15.14"
	if err := s.usable(fit); !fault.Is(err, v1alpha1.ReasonDatabaseTooOld) {
		t.Errorf("PostgreSQL 15: %v, want DatabaseTooOld", err)
	}
}
