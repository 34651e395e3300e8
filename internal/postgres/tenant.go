package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// EnsureTenant makes schema, roles, memberships, default privileges and limits of
// a tenant as they should be, inside a transaction that holds the tenant's row in
// the registry. Of the roles, those in open may log in. It writes nothing when all
// is so already, and reports whether it wrote. With existing true a missing schema
// is a fault: its data is gone, and an empty one would hide that.
func (s *Server) EnsureTenant(ctx context.Context, tx pgx.Tx, n Names, limits Limits, open []string, existing bool) (bool, error) {
	now, err := observe(ctx, tx, n)
	if err != nil {
		return false, err
	}
	if existing && !now.schema {
		return false, fault.Blocked(v1alpha1.ReasonSchemaMissing, nil,
			"schema %s is gone from DatabaseServer %s: restore it from a backup, or create it empty by hand to go on without the data", n.Schema, s.config.Name)
	}
	script := now.script(s.connectors(), n, limits, open)
	if script == "" {
		return false, nil
	}
	_, err = tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol)
	return err == nil, err
}

// DropTenant removes the tenant's schemas (all of them, whatever their number) and
// its roles, whose sessions have ended. It is for a confirmed deletion alone.
func (s *Server) DropTenant(ctx context.Context, tx pgx.Tx, id string, n Names) error {
	schemas, roles, err := inventory(ctx, tx, id)
	if err != nil {
		return err
	}
	var script strings.Builder
	for _, schema := range schemas {
		fmt.Fprintf(&script, "DROP SCHEMA %s CASCADE;\n", quote(schema))
	}
	slices.SortFunc(roles, func(a, b string) int { return slices.Index(n.Roles(), a) - slices.Index(n.Roles(), b) })
	for _, role := range roles {
		// A role cannot go while it owns something, a large object outside of every
		// schema for example, or has default privileges; it alone may take them back.
		fmt.Fprintf(&script, "GRANT %[1]s TO CURRENT_USER WITH SET TRUE;\nSET LOCAL ROLE %[1]s;\nDROP OWNED BY %[1]s;\nRESET ROLE;\n", quote(role))
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
