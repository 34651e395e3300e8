package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// SetPassword gives a login its password. Only the SCRAM verifier travels, so that
// no log of the server can hold the password.
func SetPassword(ctx context.Context, tx pgx.Tx, role, password string) error {
	return alterPassword(ctx, tx, role, "", password)
}

// OpenLogin lets a role log in with a password.
func OpenLogin(ctx context.Context, tx pgx.Tx, role, password string) error {
	return alterPassword(ctx, tx, role, "LOGIN ", password)
}

func alterPassword(ctx context.Context, tx pgx.Tx, role, attribute, password string) error {
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("ALTER ROLE %s %sPASSWORD '%s'", quote(role), attribute, verifier), pgx.QueryExecModeSimpleProtocol)
	return err
}

// ShutLogin takes a role's right to log in and its password, if there is such a role.
// Its sessions go on, see CloseLogins.
func ShutLogin(ctx context.Context, tx pgx.Tx, role string) error {
	there, err := names(ctx, tx, `SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY($1)`, []string{role})
	if err != nil || len(there) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, "ALTER ROLE "+quote(role)+" NOLOGIN PASSWORD NULL", pgx.QueryExecModeSimpleProtocol)
	return err
}

// ClearPassword takes a role's password, so that nobody gets in with it even should
// the role be opened again.
func ClearPassword(ctx context.Context, tx pgx.Tx, role string) error {
	_, err := tx.Exec(ctx, "ALTER ROLE "+quote(role)+" PASSWORD NULL", pgx.QueryExecModeSimpleProtocol)
	return err
}

// CloseLogins takes LOGIN from roles; it writes nothing when they have none. Their
// sessions go on: end them in a later transaction, since until this one is
// committed new ones can begin.
func CloseLogins(ctx context.Context, tx pgx.Tx, roles []string) error {
	open, err := names(ctx, tx, `SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY($1) AND rolcanlogin`, roles)
	if err != nil || len(open) == 0 {
		return err
	}
	var script strings.Builder
	for _, role := range open {
		fmt.Fprintf(&script, "ALTER ROLE %s NOLOGIN;\n", quote(role))
	}
	_, err = tx.Exec(ctx, script.String(), pgx.QueryExecModeSimpleProtocol)
	return err
}

// endLimit is how long one session may take to end, in milliseconds.
const endLimit = 2000

// EndSessions terminates the backends of roles and waits until they are gone. To be
// allowed to, the admin takes the privileges of each role for the rest of the
// transaction. It writes nothing when there are none.
func EndSessions(ctx context.Context, tx pgx.Tx, roles []string) error {
	busy, err := names(ctx, tx, `SELECT DISTINCT usename::text FROM pg_catalog.pg_stat_activity WHERE usename = ANY($1)`, roles)
	if err != nil {
		return err
	}
	for _, role := range busy {
		script := fmt.Sprintf("GRANT %[1]s TO CURRENT_USER WITH INHERIT TRUE;\n"+
			"SELECT pg_catalog.pg_terminate_backend(pid, %[3]d) FROM pg_catalog.pg_stat_activity WHERE usename = %[2]s;\n"+
			"REVOKE INHERIT OPTION FOR %[1]s FROM CURRENT_USER", quote(role), literal(role), endLimit)
		if _, err := tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// LetsIn says whether one of these roles may log in, or has a session.
func LetsIn(ctx context.Context, tx pgx.Tx, roles []string) (open bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ANY($1) AND rolcanlogin)
		OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE usename = ANY($1))`, roles).Scan(&open)
	if err != nil {
		return true, fmt.Errorf("look whether logins are closed: %w", err)
	}
	return open, nil
}

func names(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
