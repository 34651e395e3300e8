package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// connectors is the role that may connect to the database, and nothing else; all
// logins of tenants are members. A membership costs nothing, where one ACL entry
// per tenant would make each connection read a long list. Roles belong to the whole
// server and databases may have different admins, hence the database in the name.
func (s *Server) connectors() string { return s.config.Database + "_tenants" }

// Facts about a server.
type Facts struct {
	Version   string // for example 17.6
	Superuser bool   // the admin is one, which is more than is needed
}

// Prepare checks that the server can be used (version, rights of the admin) and
// makes what all tenants share: the group that may connect, and a database and
// public schema that are closed to everybody else. It writes only what is missing,
// and asks one question when nothing is.
func (s *Server) Prepare(ctx context.Context) (Facts, error) {
	facts, err := s.prepare(ctx)
	if fault.Is(err, v1alpha1.ReasonDatabaseUnreachable) {
		s.pool.Reset() // its connections lead nowhere: none is tried again
	}
	return facts, err
}

func (s *Server) prepare(ctx context.Context) (Facts, error) {
	state, err := s.preparedState(ctx)
	if err != nil {
		return Facts{}, s.Fault(err)
	}
	facts := Facts{Version: state.version, Superuser: state.superuser}
	if err := s.usable(state); err != nil || s.prepareScript(state) == "" {
		return facts, err
	}
	return facts, s.Tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, s.prepareScript(state), pgx.QueryExecModeSimpleProtocol)
		return err
	})
}

type preparedState struct {
	version                           string
	number                            int
	createRole, superuser, ownsDB     bool
	readOnly                          bool // a standby
	publicConnects, publicUses, group bool
	groupConnects                     bool
}

func (s *Server) preparedState(ctx context.Context) (p preparedState, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num')::int, current_setting('transaction_read_only')::boolean, r.rolcreaterole, r.rolsuper,
		       pg_catalog.pg_has_role(d.datdba, 'USAGE'),
		       EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WHERE grantee = 0),
		       EXISTS (SELECT FROM pg_catalog.pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) WHERE n.nspname = 'public' AND grantee = 0),
		       g.oid IS NOT NULL,
		       EXISTS (SELECT FROM aclexplode(d.datacl) WHERE grantee = g.oid AND privilege_type = 'CONNECT')
		FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_database d ON d.datname = current_database()
		LEFT JOIN pg_catalog.pg_roles g ON g.rolname = $1
		WHERE r.rolname = current_user`, s.connectors()).
		Scan(&p.version, &p.number, &p.readOnly, &p.createRole, &p.superuser, &p.ownsDB, &p.publicConnects, &p.publicUses, &p.group, &p.groupConnects)
	return p, err
}

func (s *Server) usable(p preparedState) error {
	if p.number < MinVersion {
		return fault.Blocked(v1alpha1.ReasonDatabaseTooOld, nil,
			"DatabaseServer %s runs PostgreSQL %s: Atrium needs 16 or newer, where an admin with CREATEROLE cannot grant itself more", s.config.Name, p.version)
	}
	if p.readOnly {
		return s.readOnly(nil)
	}
	if !p.superuser && !p.createRole || !p.ownsDB {
		return fault.Blocked(v1alpha1.ReasonDatabaseRights, nil,
			"DatabaseServer %s: the admin %[2]q needs CREATEROLE and the ownership of the database: ALTER ROLE %[3]s CREATEROLE CREATEDB; ALTER DATABASE %[4]s OWNER TO %[3]s",
			s.config.Name, s.config.User, quote(s.config.User), quote(s.config.Database))
	}
	return nil
}

func (s *Server) prepareScript(p preparedState) string {
	script := ""
	if !p.group {
		script += createRole(s.connectors(), "NOLOGIN", p.superuser)
	}
	if p.publicConnects {
		script += fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC;\n", quote(s.config.Database))
	}
	if !p.groupConnects {
		script += fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s;\n", quote(s.config.Database), quote(s.connectors()))
	}
	if p.publicUses {
		script += "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
	}
	return script
}
