package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// observed is what a server has of a tenant now.
type observed struct {
	schema    bool
	usage     bool // the schema's rights are granted
	defaults  bool // the owner's default privileges are set
	superuser bool // we are one
	roles     map[string]roleState
}

type roleState struct {
	canLogin    bool
	connections int32
	config      map[string]string
	groups      []string
}

// observeQuery answers with one row per role, ourselves included, and one for the
// schema.
const observeQuery = `
SELECT r.rolname::text, r.rolcanlogin, r.rolsuper AND r.rolname = current_user, r.rolconnlimit,
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0), '{}')::text[],
       array(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
FROM pg_catalog.pg_roles r WHERE r.rolname = ANY($1) OR r.rolname = current_user
UNION ALL
SELECT '', strpos(array_to_string(n.nspacl, ' '), $3 || '=UC/') > 0 AND strpos(array_to_string(n.nspacl, ' '), $4 || '=U/') > 0
       AND strpos(array_to_string(n.nspacl, ' '), $5 || '=U/') > 0, false,
       (SELECT count(*)::int FROM pg_catalog.pg_default_acl d WHERE d.defaclnamespace = n.oid AND strpos(array_to_string(d.defaclacl, ' '), $5 || '=r/') > 0), '{}', '{}'
FROM pg_catalog.pg_namespace n WHERE n.nspname = $2`

// defaultACLs is how many kinds of objects have default privileges: tables and sequences.
const defaultACLs = 2

func observe(ctx context.Context, tx pgx.Tx, n Names) (observed, error) {
	now := observed{roles: map[string]roleState{}}
	rows, err := tx.Query(ctx, observeQuery, n.Roles(), n.Schema, n.Owner, n.App, n.Backup)
	if err != nil {
		return now, err
	}
	var name string
	var flag, super bool
	var number int32
	var config, groups []string
	_, err = pgx.ForEachRow(rows, []any{&name, &flag, &super, &number, &config, &groups}, func() error {
		if name == "" {
			now.schema, now.usage, now.defaults = true, flag, number >= defaultACLs
			return nil
		}
		now.superuser = now.superuser || super
		state := roleState{canLogin: flag, connections: number, config: map[string]string{}, groups: slices.Clone(groups)}
		for _, setting := range config {
			key, value, _ := strings.Cut(setting, "=")
			state.config[key] = value
		}
		now.roles[name] = state
		return nil
	})
	return now, err
}

// script holds the statements that lead from what is to what should be; empty when
// nothing is missing.
func (o observed) script(connectors string, n Names, limits Limits, open []string) string {
	var b strings.Builder
	for _, role := range []string{n.Owner, n.App} {
		if _, ok := o.roles[role]; !ok {
			b.WriteString(createRole(role, "NOLOGIN", o.superuser))
		}
	}
	for _, l := range n.logins(limits) {
		o.loginScript(&b, l, slices.Contains(open, l.name), connectors)
	}
	return b.String() + o.schemaScript(n)
}

// schemaScript is the part of it that makes the schema, for roles that are there.
func (o observed) schemaScript(n Names) string {
	var b strings.Builder
	if !o.schema {
		fmt.Fprintf(&b, "CREATE SCHEMA %s;\n", quote(n.Schema))
	}
	if !o.usage {
		fmt.Fprintf(&b, "GRANT USAGE, CREATE ON SCHEMA %[1]s TO %[2]s;\nGRANT USAGE ON SCHEMA %[1]s TO %[3]s, %[4]s;\n",
			quote(n.Schema), quote(n.Owner), quote(n.App), quote(n.Backup))
	}
	if !o.defaults {
		// Default privileges belong to the role that makes the objects, so they are
		// set in its name; the admin keeps no other right of it.
		fmt.Fprintf(&b, "GRANT %[2]s TO CURRENT_USER WITH SET TRUE;\nSET LOCAL ROLE %[2]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %[3]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO %[3]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT SELECT ON TABLES TO %[4]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT SELECT ON SEQUENCES TO %[4]s;\n"+
			"GRANT SELECT ON ALL TABLES IN SCHEMA %[1]s TO %[4]s;\nGRANT SELECT ON ALL SEQUENCES IN SCHEMA %[1]s TO %[4]s;\n"+
			"RESET ROLE;\nREVOKE SET OPTION FOR %[2]s FROM CURRENT_USER;\n",
			quote(n.Schema), quote(n.Owner), quote(n.App), quote(n.Backup))
	}
	return b.String()
}

// createRole makes a role that we may administer. A superuser may anyway, but gets
// no membership by itself: without one, an admin that later becomes an ordinary
// login would have lost the roles that it made.
func createRole(name, attributes string, superuser bool) string {
	script := fmt.Sprintf("CREATE ROLE %s %s;\n", quote(name), attributes)
	if superuser {
		script += fmt.Sprintf("GRANT %s TO CURRENT_USER WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;\n", quote(name))
	}
	return script
}

func (o observed) loginScript(b *strings.Builder, l login, open bool, connectors string) {
	now, exists := o.roles[l.name]
	attributes := "NOLOGIN"
	if open {
		attributes = "LOGIN"
	}
	attributes = fmt.Sprintf("%s CONNECTION LIMIT %d", attributes, l.connections)
	if !exists {
		b.WriteString(createRole(l.name, attributes, o.superuser))
	} else if now.canLogin != open || now.connections != l.connections {
		fmt.Fprintf(b, "ALTER ROLE %s %s;\n", quote(l.name), attributes)
	}
	for _, group := range []string{l.group, connectors} {
		if group == "" || slices.Contains(now.groups, group) {
			continue
		}
		// Whoever migrates works as the owner through SET ROLE; whoever logs in for
		// the app simply has the app's rights.
		options := "INHERIT TRUE, SET FALSE"
		if group == l.group && !l.isApp() {
			options = "INHERIT FALSE, SET TRUE"
		}
		fmt.Fprintf(b, "GRANT %s TO %s WITH %s;\n", quote(group), quote(l.name), options)
	}
	for _, key := range slices.Sorted(maps.Keys(l.config)) {
		if now.config[key] != l.config[key] {
			value := literal(l.config[key])
			if key == "search_path" {
				value = quote(l.config[key]) // a list of identifiers: a literal would be one too, but read back quoted
			}
			fmt.Fprintf(b, "ALTER ROLE %s SET %s = %s;\n", quote(l.name), key, value)
		}
	}
}

func (l login) isApp() bool { return strings.HasSuffix(l.group, "_app") }
