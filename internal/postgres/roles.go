package postgres

import (
	"strconv"
	"time"
)

// Names of what a tenant has on a server. All come from its id.
type Names struct {
	Schema  string
	Owner   string // NOLOGIN, owns the tables
	App     string // NOLOGIN, changes rows
	LoginA  string // members of App; rotation swaps between them
	LoginB  string
	Migrate string // member of Owner
	Backup  string // reads rows; closed and without a password until backups use it
}

// NamesOf gives the names for a tenant's id and the number of its schema.
func NamesOf(id string, schema int) Names {
	prefix := "t_" + id
	return Names{
		Schema: prefix + "_" + strconv.Itoa(schema), Owner: prefix + "_owner", App: prefix + "_app",
		LoginA: prefix + "_app_a", LoginB: prefix + "_app_b", Migrate: prefix + "_migrate", Backup: prefix + "_backup",
	}
}

// Login is the app's login that the registry calls a or b.
func (n Names) Login(letter string) string {
	if letter == "b" {
		return n.LoginB
	}
	return n.LoginA
}

// Other is the app's login that is not in use while letter is.
func (n Names) Other(letter string) string { return n.Login(OtherLogin(letter)) }

// OtherLogin is b for a, and a for b.
func OtherLogin(letter string) string {
	if letter == "b" {
		return "a"
	}
	return "b"
}

// Roles are all roles of the tenant, members before the roles that they belong to.
func (n Names) Roles() []string {
	return []string{n.LoginA, n.LoginB, n.Migrate, n.Backup, n.App, n.Owner}
}

// Limits of the app's logins, from the plan.
type Limits struct {
	Connections      int32
	StatementTimeout time.Duration
}

// Limits of the other logins, and those that no plan changes.
const (
	migrateConnections = 4
	BackupConnections  = 2
	// An open transaction that nobody works on holds locks and keeps dead rows.
	// A backup holds one while the store takes what it reads.
	idleInTransaction       = "60s"
	backupIdleInTransaction = "15min"
	// The app's pool gives back what it has not used for a minute, so what idles
	// longer has lost its app: a node that is gone closes no connection.
	idleSession = "15min"
	// A statement that waits for a lock stops those behind it as well. Migrations
	// try again, and the longest wait of a person is far below this.
	appLock     = "10s"
	migrateLock = "2s"
	// A migration of much data takes long; this ends what outlives its Job, which
	// has ten minutes. A backup reads a table in one statement.
	migrateStatement = "15min"
	backupStatement  = "2h"
)

// login is one role that may log in, as it should be.
type login struct {
	name        string
	group       string // whose rights it has; empty when it has its own
	connections int32
	config      map[string]string
}

func (n Names) logins(limits Limits) []login {
	app := map[string]string{
		"search_path": n.Schema, "statement_timeout": milliseconds(limits.StatementTimeout), "lock_timeout": appLock,
		"idle_in_transaction_session_timeout": idleInTransaction, "idle_session_timeout": idleSession,
	}
	migrate := map[string]string{
		"search_path": n.Schema, "statement_timeout": migrateStatement, "lock_timeout": migrateLock,
		"idle_in_transaction_session_timeout": idleInTransaction, "idle_session_timeout": idleSession,
	}
	backup := map[string]string{
		"search_path": n.Schema, "statement_timeout": backupStatement, "lock_timeout": appLock,
		"idle_in_transaction_session_timeout": backupIdleInTransaction, "idle_session_timeout": idleSession,
		"default_transaction_read_only": "on",
	}
	return []login{
		{n.LoginA, n.App, limits.Connections, app},
		{n.LoginB, n.App, limits.Connections, app},
		{n.Migrate, n.Owner, migrateConnections, migrate},
		{n.Backup, "", BackupConnections, backup},
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }
