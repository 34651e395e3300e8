package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Belonging is a schema or a role that was made for a tenant.
type Belonging struct {
	Kind string // schema or role
	Name string
	ID   string // of the tenant, from the name
}

// belongings are the schemas of this database, and the roles of their tenants and of
// the logins that may connect to it. Roles belong to the whole server: one that
// nothing ties to this database may be another database's, and is left out.
const belongings = `/* sweep */
WITH schemas AS (SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname ~ '^t_[a-z][a-z2-7]{9}_[0-9]+$'),
members AS (
	SELECT r.rolname::text AS name FROM pg_catalog.pg_auth_members m
	JOIN pg_catalog.pg_roles r ON r.oid = m.member JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
	WHERE g.rolname = $1),
ids AS (SELECT substr(name, 3, 10) AS id FROM schemas UNION SELECT substr(name, 3, 10) FROM members)
SELECT 'schema', name, substr(name, 3, 10) FROM schemas
UNION ALL
SELECT 'role', rolname::text, substr(rolname::text, 3, 10) FROM pg_catalog.pg_roles
WHERE rolname ~ '^t_[a-z][a-z2-7]{9}_' AND substr(rolname::text, 3, 10) IN (SELECT id FROM ids)
ORDER BY 1 DESC, 2`

// Belongings lists what the database holds for tenants, whoever they are.
func (s *Server) Belongings(ctx context.Context) ([]Belonging, error) {
	rows, err := s.pool.Query(ctx, belongings, s.connectors())
	if err != nil {
		return nil, s.Fault(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Belonging])
	return all, s.Fault(err)
}

// Remove drops one belonging with all that is in it. It is for what a person ordered
// to be removed alone.
func (s *Server) Remove(ctx context.Context, tx pgx.Tx, b Belonging) error {
	script := fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE", quote(b.Name))
	if b.Kind == "role" {
		// As the admin, which has the role's rights: the role itself could not give back
		// what was granted to it.
		script = fmt.Sprintf("ALTER ROLE %[1]s NOLOGIN;\nGRANT %[1]s TO CURRENT_USER WITH INHERIT TRUE;\n"+
			"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = %[2]s;\n"+
			"DROP OWNED BY %[1]s;\nDROP ROLE %[1]s", quote(b.Name), literal(b.Name))
	}
	_, err := tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol)
	return err
}
