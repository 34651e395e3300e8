package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// NextSchema names a further schema of a tenant: its number is above all that there are.
func NextSchema(ctx context.Context, tx pgx.Tx, id string) (string, error) {
	schemas, _, err := inventory(ctx, tx, id)
	if err != nil {
		return "", err
	}
	highest := 0
	for _, name := range schemas {
		if number, err := strconv.Atoi(name[strings.LastIndexByte(name, '_')+1:]); err == nil {
			highest = max(highest, number)
		}
	}
	return NamesOf(id, highest+1).Schema, nil
}

// EnsureSchema makes a further schema of a tenant with the rights and default privileges
// that EnsureTenant gives the active one. The logins go on finding that one.
func (s *Server) EnsureSchema(ctx context.Context, tx pgx.Tx, n Names) error {
	now, err := observe(ctx, tx, n)
	if err != nil {
		return err
	}
	script := now.schemaScript(n)
	if script == "" {
		return nil
	}
	_, err = tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol)
	return err
}

// DropSchema removes a schema with all that is in it, if it is there. It is for one that
// no company works on: the caller holds the tenant's row and has seen that.
func DropSchema(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+quote(schema)+" CASCADE", pgx.QueryExecModeSimpleProtocol)
	return err
}

// Sessions counts what of roles may still read or write: logins that are open, and
// sessions.
func Sessions(ctx context.Context, tx pgx.Tx, roles []string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = ANY($1) AND rolcanlogin)
		+ (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = ANY($1))`, roles).Scan(&n)
	return n, err
}
