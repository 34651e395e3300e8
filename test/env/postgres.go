package env

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

// postgresScript runs PostgreSQL from the unpacked Debian image. $1 is the image's
// folder, $2 the port, $3 the superuser's password, $4 the data folder or empty for
// one in memory, $5 on or off for fsync. User 100 is the image's postgres.
const postgresScript = `
if [ -n "$4" ]; then mount --bind "$4" "$1/mnt"; else mount -t tmpfs -o size=4g tmpfs "$1/mnt"; fi
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
chown 100:100 "$1/mnt"
as() { chroot --userspec=100:100 "$1" /usr/bin/env -i LC_ALL=C.UTF-8 PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin sh -euc "$2" sh "$3" "$4" "$5"; }
as "$1" '
cd /mnt
if [ ! -e data/PG_VERSION ]; then
  printf %s "$2" >pw
  initdb -D data -U postgres --pwfile=pw -A scram-sha-256 --locale=C.UTF-8 --encoding=UTF8 --no-sync >initdb.log 2>&1 || { cat initdb.log; exit 1; }
  rm pw
fi
exec postgres -D data -p "$1" -k "" -c listen_addresses=127.0.0.1 -c fsync="$3" -c synchronous_commit="$3" -c full_page_writes="$3" \
  -c max_connections=300 -c shared_buffers=64MB -c dynamic_shared_memory_type=mmap -c jit=off -c max_locks_per_transaction=256 -c recovery_init_sync_method=syncfs
' "$2" "$3" "$5"
exit $?
`

// Server is a running PostgreSQL.
type Server struct {
	Host     string
	Port     int
	password string
	data     string
	process  *process
}

// Database is an empty database and a login that may create roles and databases
// but is no superuser: what a DatabaseServer's admin is.
type Database struct {
	Host     string
	Port     int
	Name     string
	User     string
	Password string
}

// DSN is the connection URL of the login.
func (d Database) DSN() string {
	return fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", d.User, d.Password, d.Host, d.Port, d.Name)
}

// StartPostgres starts PostgreSQL 17 on a loopback port (0: a free one). With a
// data folder the server is durable and keeps what it has; without one it lives in
// memory and promises nothing after a crash.
func StartPostgres(data string, port int, superuserPassword string) (*Server, error) {
	parts, err := Parts("postgres")
	if err != nil {
		return nil, err
	}
	if port == 0 {
		if port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	fsync := "off"
	if data != "" {
		fsync = "on"
	}
	log, err := logFile("postgres")
	if err != nil {
		return nil, err
	}
	p, err := spawn(postgresScript, log, parts["postgres"], strconv.Itoa(port), superuserPassword, data, fsync)
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Port: port, password: superuserPassword, data: data, process: p}
	return s, p.wait("PostgreSQL", func() error {
		return s.Exec("postgres", "SELECT 1")
	})
}

// SuperuserDSN is the connection URL of the superuser, for setting up and for
// looking behind the product's back.
func (s *Server) SuperuserDSN(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s:%d/%s?sslmode=disable", s.password, s.Host, s.Port, database)
}

// Exec runs statements as superuser.
func (s *Server) Exec(database string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.SuperuserDSN(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// CreateDatabase makes an empty database with an admin login of the same name.
func (s *Server) CreateDatabase(name, secret string) (Database, error) {
	d := Database{Host: s.Host, Port: s.Port, Name: name, User: name, Password: secret}
	quoted := pgx.Identifier{name}.Sanitize()
	return d, s.Exec("postgres",
		fmt.Sprintf("CREATE ROLE %s LOGIN CREATEROLE CREATEDB PASSWORD '%s'", quoted, secret),
		fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE template0 LOCALE 'C.UTF-8' ENCODING 'UTF8'", quoted, quoted))
}

// Stop kills the server with everything in it.
func (s *Server) Stop() { s.process.stop() }

// Again starts a server that was stopped, on its port and its data folder.
func (s *Server) Again() error {
	now, err := StartPostgres(s.data, s.Port, s.password)
	if err != nil {
		return err
	}
	*s = *now
	return nil
}

var (
	sharedPostgres shared[*Server]
	databases      counter
)

// Postgres returns a fresh database on this test process's PostgreSQL.
func Postgres(t testing.TB) Database {
	t.Helper()
	d, err := PostgresServer(t).CreateDatabase(fmt.Sprintf("test_%d", databases.next()), password())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// PostgresServer returns this test process's PostgreSQL.
func PostgresServer(t testing.TB) *Server {
	t.Helper()
	s, err := sharedPostgres.get(func() (*Server, error) { return StartPostgres("", 0, password()) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// logFile is where a server of this process writes what it prints.
func logFile(name string) (string, error) {
	dir := filepath.Join(os.TempDir(), "atrium-test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%d.log", name, databases.next()*100000+os.Getpid())), nil
}
