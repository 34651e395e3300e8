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
	schema   bool
	usage    bool // the schema's rights are granted
	defaults bool // the owner's default privileges are set
	roles    map[string]roleState
}

type roleState struct {
	canLogin    bool
	connections int32
	config      map[string]string
	groups      []string
}

// observeQuery answers with one row per role, and one for the schema.
const observeQuery = `
SELECT r.rolname::text, r.rolcanlogin, r.rolconnlimit,
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0), '{}')::text[],
       array(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
FROM pg_catalog.pg_roles r WHERE r.rolname = ANY($1)
UNION ALL
SELECT '', strpos(array_to_string(n.nspacl, ' '), $3 || '=UC/') > 0 AND strpos(array_to_string(n.nspacl, ' '), $4 || '=U/') > 0,
       (SELECT count(*)::int FROM pg_catalog.pg_default_acl d WHERE d.defaclnamespace = n.oid), '{}', '{}'
FROM pg_catalog.pg_namespace n WHERE n.nspname = $2`

// defaultACLs is how many kinds of objects have default privileges: tables and sequences.
const defaultACLs = 2

func observe(ctx context.Context, tx pgx.Tx, n Names) (observed, error) {
	now := observed{roles: map[string]roleState{}}
	rows, err := tx.Query(ctx, observeQuery, n.Roles(), n.Schema, n.Owner, n.App)
	if err != nil {
		return now, err
	}
	var name string
	var flag bool
	var number int32
	var config, groups []string
	_, err = pgx.ForEachRow(rows, []any{&name, &flag, &number, &config, &groups}, func() error {
		if name == "" {
			now.schema, now.usage, now.defaults = true, flag, number >= defaultACLs
			return nil
		}
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
func (o observed) script(group string, n Names, limits Limits) string {
	var b strings.Builder
	for _, role := range []string{n.Owner, n.App} {
		if _, ok := o.roles[role]; !ok {
			fmt.Fprintf(&b, "CREATE ROLE %s NOLOGIN;\n", quote(role))
		}
	}
	for _, l := range n.logins(limits) {
		o.loginScript(&b, l, group)
	}
	if !o.schema {
		fmt.Fprintf(&b, "CREATE SCHEMA %s;\n", quote(n.Schema))
	}
	if !o.usage {
		fmt.Fprintf(&b, "GRANT USAGE, CREATE ON SCHEMA %[1]s TO %[2]s;\nGRANT USAGE ON SCHEMA %[1]s TO %[3]s;\n", quote(n.Schema), quote(n.Owner), quote(n.App))
	}
	if !o.defaults {
		// Default privileges belong to the role that makes the objects, so they are
		// set in its name; the admin keeps no other right of it.
		fmt.Fprintf(&b, "GRANT %[2]s TO CURRENT_USER WITH SET TRUE;\nSET LOCAL ROLE %[2]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %[3]s;\n"+
			"ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO %[3]s;\n"+
			"RESET ROLE;\nREVOKE SET OPTION FOR %[2]s FROM CURRENT_USER;\n",
			quote(n.Schema), quote(n.Owner), quote(n.App))
	}
	return b.String()
}

func (o observed) loginScript(b *strings.Builder, l login, connectors string) {
	now, exists := o.roles[l.name]
	attributes := "NOLOGIN"
	if l.enabled {
		attributes = "LOGIN"
	}
	if !exists {
		fmt.Fprintf(b, "CREATE ROLE %s %s CONNECTION LIMIT %d;\n", quote(l.name), attributes, l.connections)
	} else if now.canLogin != l.enabled || now.connections != l.connections {
		fmt.Fprintf(b, "ALTER ROLE %s %s CONNECTION LIMIT %d;\n", quote(l.name), attributes, l.connections)
	}
	for _, group := range []string{l.group, connectors} {
		if slices.Contains(now.groups, group) {
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
