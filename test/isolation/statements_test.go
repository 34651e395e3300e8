package isolation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// SQLSTATEs of refusals.
const (
	noRight     = "42501"
	noTable     = "42P01"
	noPassword  = "28P01"
	notAdmitted = "28000"
)

// againstOthers is tried by every role of a company on every other company. Names
// in braces are the victim's; {self} is the role that tries.
var againstOthers = []string{
	`INSERT INTO {schema}.once (key) VALUES ('x')`,
	`UPDATE {schema}.once SET key = 'x'`,
	`DELETE FROM {schema}.once`,
	`TRUNCATE {schema}.once`,
	`DO $$ BEGIN LOCK TABLE {schema}.schema_version IN EXCLUSIVE MODE; END $$`,
	`COPY {schema}.person TO STDOUT`,
	`CREATE TABLE {schema}.x (id int)`,
	`CREATE VIEW {schema}.x AS SELECT 1`,
	`CREATE FUNCTION {schema}.x() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
	`DROP TABLE {schema}.once`,
	`DROP SCHEMA {schema} CASCADE`,
	`ALTER SCHEMA {schema} RENAME TO x`,
	`COMMENT ON SCHEMA {schema} IS 'x'`,
	`GRANT USAGE ON SCHEMA {schema} TO {self}`,
	`GRANT {app} TO {self}`,
	`GRANT {owner} TO {self}`,
	`REASSIGN OWNED BY {owner} TO {self}`,
	`DROP OWNED BY {app}`,
	`ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO {self}`,
	`ALTER ROLE {app}_a PASSWORD 'x'`,
	`ALTER ROLE {app}_a NOLOGIN`,
	`ALTER ROLE {app}_a SET search_path = x`,
	`DROP ROLE {app}_a`,
	`SELECT pg_terminate_backend({pid})`,
	`SELECT pg_cancel_backend({pid})`,
	`SELECT lo_get({large})`,
	`SELECT lo_put({large}, 0, 'x')`,
	`SELECT lo_unlink({large})`,
}

// againstServer is tried by every role once.
var againstServer = []string{
	`SET ROLE {admin}`, `SET ROLE postgres`, `SET ROLE pg_read_all_data`, `SET ROLE pg_read_server_files`, `SET ROLE pg_execute_server_program`,
	`SELECT pg_read_file('/etc/passwd')`, `SELECT pg_read_binary_file('/etc/passwd')`, `SELECT pg_ls_dir('/')`, `SELECT pg_stat_file('/etc/passwd')`,
	`SELECT pg_ls_waldir()`, `SELECT lo_import('/etc/passwd')`, `SELECT lo_export({large}, '/tmp/x')`,
	`COPY (SELECT 1) TO PROGRAM 'true'`, `COPY (SELECT 1) TO '/tmp/x'`,
	`CREATE TABLE public.x (id int)`, `CREATE TEMP TABLE x (id int)`, `CREATE SCHEMA x`, `CREATE DATABASE x`, `CREATE ROLE x`, `CREATE TABLESPACE x LOCATION '/tmp'`,
	`CREATE EXTENSION hstore SCHEMA public`, `CREATE PUBLICATION x`, `CREATE FOREIGN DATA WRAPPER x`, `CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION pg_catalog.now()`,
	`CREATE SUBSCRIPTION x CONNECTION 'host=127.0.0.1' PUBLICATION x`,
	`ALTER SYSTEM SET work_mem = '1GB'`, `SET session_replication_role = replica`, `SET log_statement = 'all'`, `CHECKPOINT`,
	`SELECT pg_reload_conf()`, `SELECT pg_rotate_logfile()`, `SELECT pg_switch_wal()`, `SELECT pg_stat_reset()`, `SELECT pg_create_physical_replication_slot('x')`,
	`SELECT * FROM pg_authid`, `SELECT * FROM pg_shadow`, `SELECT * FROM pg_hba_file_rules`, `SELECT * FROM pg_statistic`, `SELECT * FROM pg_largeobject`,
	`ALTER ROLE {self} SUPERUSER`, `ALTER ROLE {self} CREATEROLE`, `ALTER ROLE {self} CREATEDB`, `ALTER ROLE {self} REPLICATION`, `ALTER ROLE {self} BYPASSRLS`,
	`ALTER ROLE {self} CONNECTION LIMIT -1`, `ALTER DATABASE {database} SET statement_timeout = 0`, `DROP DATABASE {database}`,
	`UPDATE atrium.tenants SET state = 'dropped'`, `UPDATE atrium.installations SET epoch = 0`, `CREATE TABLE atrium.x (id int)`,
}

// blind are questions of which the answer must not tell one row of another company.
var blind = []string{
	`SELECT 1 FROM pg_stats WHERE schemaname = '{bare}'`,
	`SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND query <> '<insufficient privilege>'`,
	`SELECT 1 FROM information_schema.columns WHERE table_schema = '{bare}'`,
	`SELECT 1 FROM information_schema.role_table_grants WHERE table_schema = '{bare}'`,
}

// actor is a role of a company with a connection of its own.
type actor struct {
	role string
	of   *tenant
	conn *pgx.Conn
}

// victim is what another company has open while it is attacked.
type victim struct {
	*tenant
	pid   uint32
	large uint32 // a large object
}

// statements tries SQL.
func (w *world) statements() {
	w.t.Helper()
	victims := map[*tenant]victim{}
	for _, o := range w.tenants {
		victims[o] = w.victim(o)
	}
	for _, o := range w.tenants {
		for _, role := range w.rolesOf(o) {
			a := actor{role, o, w.become(o, role)}
			w.own(a)
			for _, other := range w.others(o) {
				w.against(a, victims[other])
			}
			for _, s := range againstServer {
				w.refuses(a, w.fill(s, a, victims[w.others(o)[0]]), noRight)
			}
			for _, table := range w.tables(a) {
				w.refuses(a, "SELECT * FROM "+table, noRight)
			}
		}
		w.logins(o)
	}
}

// victim opens a session of a company's app and a large object of it.
func (w *world) victim(o *tenant) victim {
	conn := rig.Connect(w.t, o.app)
	v := victim{tenant: o, pid: conn.PgConn().PID()}
	rig.Check(w.t, conn.QueryRow(w.t.Context(), `SELECT lo_from_bytea(0, 'secret')`).Scan(&v.large))
	w.works("sql", o.name+" reads its own large object", execute(w, conn, fmt.Sprintf(`SELECT lo_get(%d)`, v.large)))
	return v
}

// become connects as a role: with its password where it has one, and otherwise as
// the superuser who took its place.
func (w *world) become(o *tenant, role string) *pgx.Conn {
	w.t.Helper()
	for _, d := range []contract.Database{o.app, o.migrate} {
		if d.User == role {
			return rig.Connect(w.t, d)
		}
	}
	conn, err := pgx.Connect(w.t.Context(), env.PostgresServer(w.t).SuperuserDSN(w.rig.Database.Name))
	rig.Check(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close(w.t.Context()) })
	var login bool
	rig.Check(w.t, conn.QueryRow(w.t.Context(), `SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, role).Scan(&login))
	if login {
		w.t.Errorf("role %s may log in and no Secret that the matrix knows holds its password", role)
	}
	rig.Check(w.t, execute(w, conn, "SET SESSION AUTHORIZATION "+role))
	return conn
}

// own shows that the role is alive: what is refused elsewhere works at home.
func (w *world) own(a actor) {
	switch a.role {
	case a.of.app.User:
		w.works("sql", a.role+" reads its own people", execute(w, a.conn, "SELECT * FROM person"))
		w.works("sql", a.role+" writes its own table", execute(w, a.conn, "INSERT INTO once (key) VALUES ('isolation')"))
	case a.of.migrate.User:
		w.works("sql", a.role+" takes its own owner's role", execute(w, a.conn, "SET ROLE "+a.of.migrate.Role+"; RESET ROLE"))
	}
}

func (w *world) against(a actor, v victim) {
	for _, s := range againstOthers {
		w.refuses(a, w.fill(s, a, v), noRight)
	}
	for _, role := range w.rolesOf(v.tenant) {
		w.refuses(a, "SET ROLE "+role, noRight)
	}
	// A schema without the right to use it is passed over in the search path.
	w.refuses(a, fmt.Sprintf("SET search_path = %s; SELECT * FROM person", v.schema), noTable)
	for _, question := range blind {
		question = w.fill(question, a, v)
		var seen int
		err := a.conn.QueryRow(w.t.Context(), "SELECT count(*) FROM ("+question+") AS q", pgx.QueryExecModeSimpleProtocol).Scan(&seen)
		rig.Check(w.t, err)
		if err = errors.New("nothing to see"); seen > 0 {
			err = nil
		}
		w.refused("sql", a.role+": "+question, err, func(error) bool { return true })
	}
}

// fill puts names into a statement.
func (w *world) fill(statement string, a actor, v victim) string {
	names := postgres.NamesOf(v.id, 1)
	return strings.NewReplacer(
		"{self}", a.role, "{schema}", v.schema, "{bare}", v.schema, "{app}", names.App, "{owner}", names.Owner,
		"{pid}", fmt.Sprint(v.pid), "{large}", fmt.Sprint(v.large), "{admin}", w.rig.Database.User, "{database}", w.rig.Database.Name,
	).Replace(statement)
}

// tables of other companies and of the platform.
func (w *world) tables(a actor) []string {
	w.t.Helper()
	found, err := a.conn.Query(w.t.Context(), `
		SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_') AND nspname <> $1`, a.of.schema)
	rig.Check(w.t, err)
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	rig.Check(w.t, err)
	if !slices.Contains(tables, "atrium.tenants") || len(tables) < 2+2*10 {
		w.t.Fatalf("%s sees %d foreign tables: the registry or the apps' are missing", a.role, len(tables))
	}
	return tables
}

// refuses is one cell of a statement.
func (w *world) refuses(a actor, statement string, code ...string) {
	w.t.Helper()
	w.refused("sql", a.role+": "+short(statement), execute(w, a.conn, statement), stateIn(code...))
}

func execute(w *world, conn *pgx.Conn, statement string) error {
	_, err := conn.PgConn().Exec(w.t.Context(), statement).ReadAll()
	return err
}

func stateIn(codes ...string) func(error) bool {
	return func(err error) bool {
		pg, ok := errors.AsType[*pgconn.PgError](err)
		return ok && slices.Contains(codes, pg.Code)
	}
}

// logins tries a company's passwords at logins and databases that are not its own.
func (w *world) logins(o *tenant) {
	w.t.Helper()
	elsewhere := w.otherInstallation()
	for _, mine := range []contract.Database{o.app, o.migrate} {
		w.works("sql", mine.User+" logs in", w.logIn(mine))
		away := mine
		away.Name = elsewhere
		w.refused("sql", mine.User+" connects to another installation's database", w.logIn(away), stateIn(noRight))
		for _, other := range w.tenants {
			for _, role := range w.rolesOf(other) {
				if role == mine.User {
					continue
				}
				as := mine
				as.User = role
				w.refused("sql", mine.User+"'s password as "+role, w.logIn(as), stateIn(noPassword, notAdmitted))
			}
		}
	}
}

func (w *world) logIn(d contract.Database) error {
	config, err := pgx.ParseConfig("sslmode=disable")
	rig.Check(w.t, err)
	config.Host, config.Port, config.Database, config.User, config.Password = d.Host, uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(w.t.Context(), config)
	if err != nil {
		return err
	}
	return conn.Close(w.t.Context())
}

// otherInstallation is a database on the same server that another operator uses.
func (w *world) otherInstallation() string {
	w.t.Helper()
	d := env.Postgres(w.t)
	servers := postgres.NewServers(nil)
	w.t.Cleanup(servers.Close)
	server, err := servers.Get(w.t.Context(), postgres.Config{
		Name: "other", Host: d.Host, Port: int32(d.Port), Database: d.Name, User: d.User, Password: d.Password, SSLMode: "disable",
	})
	rig.Check(w.t, err)
	_, err = server.Prepare(w.t.Context())
	rig.Check(w.t, err)
	return d.Name
}
