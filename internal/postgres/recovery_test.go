package postgres

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/test/env"
)

// own is a server that a test may stop and start again.
type own struct {
	t      *testing.T
	data   string
	server *env.Server
	db     env.Database
	seen   *Server
}

func startOwn(t *testing.T) *own {
	t.Helper()
	o := &own{t: t, data: t.TempDir()}
	var err error
	if o.server, err = env.StartPostgres(o.data, 0, "secret"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.server.Stop() })
	if o.db, err = o.server.CreateDatabase("own", "secret"); err != nil {
		t.Fatal(err)
	}
	servers := NewServers(nil)
	t.Cleanup(servers.Close)
	o.seen, err = servers.Get(t.Context(), Config{
		Name: "main", Host: o.db.Host, Port: int32(o.db.Port), Database: o.db.Name, User: o.db.User, Password: o.db.Password, SSLMode: "disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *own) exec(statements ...string) {
	o.t.Helper()
	if err := o.server.Exec("postgres", statements...); err != nil {
		o.t.Fatal(err)
	}
}

// restart kills the server and starts it on what it left; the port is free again a
// moment after.
func (o *own) restart() {
	o.t.Helper()
	o.server.Stop()
	o.until("the server is back", func() bool {
		again, err := env.StartPostgres(o.data, o.server.Port, "secret")
		if err == nil {
			o.server = again
		}
		return err == nil
	})
}

func (o *own) until(what string, holds func() bool) {
	o.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			o.t.Fatalf("waited a minute until %s", what)
		case <-tick.C:
		}
	}
}

func (o *own) recovery() Recovery {
	o.t.Helper()
	var r Recovery
	o.until("the server tells of its backups", func() (ok bool) {
		var err error
		r, err = o.seen.Recovery(o.t.Context())
		return err == nil
	})
	return r
}

// A server tells whether it archives, and its last base backup to a monitor.
func TestRecoveryIsSeen(t *testing.T) {
	o := startOwn(t)
	if r := o.recovery(); r.Archives || r.MayList || !r.LastArchived.IsZero() {
		t.Errorf("a new server tells %+v", r)
	}
	o.exec("ALTER SYSTEM SET archive_mode = on", "ALTER SYSTEM SET archive_command = '/bin/true'")
	o.restart()
	if r := o.recovery(); !r.Archives {
		t.Errorf("with archive_mode on it tells %+v", r)
	}
	o.exec("CREATE TABLE x (id int)", "SELECT pg_switch_wal()")
	o.until("it archives", func() bool { return !o.recovery().LastArchived.IsZero() })
	o.exec("GRANT pg_monitor TO own")
	if r := o.recovery(); !r.MayList || !r.BaseBackup.IsZero() {
		t.Errorf("before the first base backup it tells a monitor %+v", r)
	}
	begun := time.Now().Add(-time.Minute)
	o.exec("SELECT pg_backup_start('base', true)", "SELECT pg_backup_stop(false)")
	if r := o.recovery(); r.BaseBackup.Before(begun) {
		t.Errorf("after a base backup it tells %+v", r)
	}
	o.exec("ALTER SYSTEM SET archive_command = '/bin/false'", "SELECT pg_reload_conf()", "CREATE TABLE y (id int)", "SELECT pg_switch_wal()")
	o.until("archiving fails", func() bool { r := o.recovery(); return r.LastFailed.After(r.LastArchived) })
}

// A standby is named, and used as soon as it is the primary.
func TestStandbyIsNamed(t *testing.T) {
	o := startOwn(t)
	if _, err := o.seen.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.data, "data", "standby.signal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	o.restart()
	o.until("the standby is named", func() bool {
		_, err := o.seen.Prepare(t.Context())
		return fault.Is(err, v1alpha1.ReasonDatabaseReadOnly)
	})
	o.exec("SELECT pg_promote()")
	o.until("the new primary is used", func() bool {
		_, err := o.seen.Prepare(t.Context())
		return err == nil
	})
}
