package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Names of what a tenant has on a server. All come from its id.
type Names struct {
	Schema  string
	Owner   string // NOLOGIN, owns the tables
	App     string // NOLOGIN, changes rows
	LoginA  string // members of App; rotation swaps between them
	LoginB  string
	Migrate string // member of Owner
}

// NamesOf gives the names for a tenant's id and the number of its schema.
func NamesOf(id string, schema int) Names {
	prefix := "t_" + id
	return Names{
		Schema: prefix + "_" + strconv.Itoa(schema), Owner: prefix + "_owner", App: prefix + "_app",
		LoginA: prefix + "_app_a", LoginB: prefix + "_app_b", Migrate: prefix + "_migrate",
	}
}

// Roles are all roles of the tenant, members before the roles that they belong to.
func (n Names) Roles() []string { return []string{n.LoginA, n.LoginB, n.Migrate, n.App, n.Owner} }

// Limits of the app's logins.
type Limits struct {
	Connections      int32
	StatementTimeout time.Duration
}

const (
	migrateConnections = 4
	// An open transaction that nobody works on holds locks and keeps dead rows.
	appIdleInTransaction = "60s"
	// A migration of much data takes long; the Job's own deadline ends it.
	migrateStatementTimeout = "0"
	migrateLockTimeout      = "2s"
)

// login is one role that may log in, as it should be.
type login struct {
	name, group string
	connections int32
	enabled     bool
	config      map[string]string
}

func (n Names) logins(limits Limits) []login {
	app := map[string]string{
		"search_path": n.Schema, "statement_timeout": milliseconds(limits.StatementTimeout),
		"idle_in_transaction_session_timeout": appIdleInTransaction,
	}
	migrate := map[string]string{
		"search_path": n.Schema, "statement_timeout": migrateStatementTimeout, "lock_timeout": migrateLockTimeout,
	}
	return []login{
		{n.LoginA, n.App, limits.Connections, true, app},
		{n.LoginB, n.App, limits.Connections, false, app},
		{n.Migrate, n.Owner, migrateConnections, true, migrate},
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }

// EnsureTenant makes schema, roles, memberships, default privileges and limits of
// a tenant as they should be, inside a transaction that holds the tenant's row in
// the registry. It writes nothing when all is so already, and reports whether it
// wrote. With existing true a missing schema is a fault: its data is gone, and an
// empty one would hide that.
func (s *Server) EnsureTenant(ctx context.Context, tx pgx.Tx, n Names, limits Limits, existing bool) (bool, error) {
	now, err := observe(ctx, tx, n)
	if err != nil {
		return false, err
	}
	if existing && !now.schema {
		return false, fault.Blocked(v1alpha1.ReasonSchemaMissing, nil,
			"schema %s is gone from DatabaseServer %s: restore it from a backup, or create it empty by hand to go on without the data", n.Schema, s.config.Name)
	}
	script := now.script(s.connectors(), n, limits)
	if script == "" {
		return false, nil
	}
	_, err = tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol)
	return err == nil, err
}

// SetPassword gives a login its password. Only the SCRAM verifier travels, so that
// no log of the server can hold the password.
func SetPassword(ctx context.Context, tx pgx.Tx, role, password string) error {
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", quote(role), verifier), pgx.QueryExecModeSimpleProtocol)
	return err
}

// CloseTenant takes LOGIN from the tenant's roles and ends their sessions. Data
// stays. It writes nothing when they are closed already.
func (s *Server) CloseTenant(ctx context.Context, tx pgx.Tx, n Names) error {
	rows, err := tx.Query(ctx, `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1) AND rolcanlogin`, n.Roles())
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(open) == 0 {
		return err
	}
	var script strings.Builder
	for _, role := range open {
		fmt.Fprintf(&script, "ALTER ROLE %s NOLOGIN;\n", quote(role))
	}
	if _, err := tx.Exec(ctx, script.String(), pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	return s.endSessions(ctx, tx, open)
}

// endSessions terminates the backends of roles. To be allowed to, the admin takes
// the privileges of each role for the rest of the transaction.
func (s *Server) endSessions(ctx context.Context, tx pgx.Tx, roles []string) error {
	rows, err := tx.Query(ctx, `SELECT DISTINCT usename::text FROM pg_catalog.pg_stat_activity WHERE usename = ANY($1)`, roles)
	if err != nil {
		return err
	}
	busy, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, role := range busy {
		script := fmt.Sprintf("GRANT %[1]s TO CURRENT_USER WITH INHERIT TRUE;\n"+
			"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = %[2]s;\n"+
			"REVOKE INHERIT OPTION FOR %[1]s FROM CURRENT_USER", quote(role), literal(role))
		if _, err := tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// DropTenant removes the tenant's schemas (all of them, whatever their number) and
// its roles. It is for a confirmed deletion alone.
func (s *Server) DropTenant(ctx context.Context, tx pgx.Tx, id string, n Names) error {
	if err := s.CloseTenant(ctx, tx, n); err != nil {
		return err
	}
	schemas, roles, err := inventory(ctx, tx, id)
	if err != nil {
		return err
	}
	var script strings.Builder
	for _, schema := range schemas {
		fmt.Fprintf(&script, "DROP SCHEMA %s CASCADE;\n", quote(schema))
	}
	slices.SortFunc(roles, func(a, b string) int { return slices.Index(n.Roles(), a) - slices.Index(n.Roles(), b) })
	if slices.Contains(roles, n.Owner) {
		// Default privileges depend on the roles; only their owner may take them back.
		fmt.Fprintf(&script, "GRANT %[1]s TO CURRENT_USER WITH SET TRUE;\nSET LOCAL ROLE %[1]s;\nDROP OWNED BY %[1]s;\nRESET ROLE;\n", quote(n.Owner))
	}
	for _, role := range roles {
		fmt.Fprintf(&script, "DROP ROLE %s;\n", quote(role))
	}
	if script.Len() == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, script.String(), pgx.QueryExecModeSimpleProtocol)
	return err
}

// Inventory lists what exists for a tenant's id, as "schema/<name>" and "role/<name>".
func (s *Server) Inventory(ctx context.Context, id string) ([]string, error) {
	var all []string
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		schemas, roles, err := inventory(ctx, tx, id)
		for _, name := range schemas {
			all = append(all, "schema/"+name)
		}
		for _, name := range roles {
			all = append(all, "role/"+name)
		}
		return err
	})
	return all, err
}

func inventory(ctx context.Context, tx pgx.Tx, id string) (schemas, roles []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT nspname::text, true FROM pg_catalog.pg_namespace WHERE starts_with(nspname, $1)
		UNION ALL
		SELECT rolname::text, false FROM pg_catalog.pg_roles WHERE starts_with(rolname, $1) ORDER BY 1`, "t_"+id+"_")
	if err != nil {
		return nil, nil, err
	}
	var name string
	var isSchema bool
	_, err = pgx.ForEachRow(rows, []any{&name, &isSchema}, func() error {
		if isSchema {
			schemas = append(schemas, name)
		} else {
			roles = append(roles, name)
		}
		return nil
	})
	return schemas, roles, err
}

func quote(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
