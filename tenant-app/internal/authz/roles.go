package authz

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Limits of roles.
const (
	maxRoles     = 100
	maxRoleName  = 40 // characters
	maxRoleGrant = 2000
)

// RightRef names a person, department, position or role.
type RightRef struct {
	ID   kernel.ID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

// Role is a role with what it gives and to whom.
type Role struct {
	ID       kernel.ID     `json:"id" format:"uuid"`
	Key      string        `json:"key,omitempty" doc:"Of a ready-made role; the page has its name in each language"`
	Name     string        `json:"name"`
	External bool          `json:"external" doc:"For outsiders; all other roles are for those who work here"`
	Fixed    bool          `json:"fixed" doc:"Its rights cannot be changed, and only people can have it"`
	Rights   []RoleRight   `json:"rights" doc:"What it gives, in the order of the catalogue"`
	Grants   []RoleGrantee `json:"grants"`
	Revision int64         `json:"revision"`
}

// RoleRight is one cell of the matrix.
type RoleRight struct {
	Right       string     `json:"right" example:"directory.read"`
	Scope       Scope      `json:"scope" enum:"self,part,department,tree,chosen,all"`
	Departments []RightRef `json:"departments,omitempty" doc:"With scope chosen: these, with those below"`
	Masks       []string   `json:"masks,omitempty" doc:"Fields that it does not show"`
}

// RoleGrantee is someone who has a role.
type RoleGrantee struct {
	ID   kernel.ID   `json:"id" format:"uuid" doc:"Of the grant"`
	Kind GranteeKind `json:"kind" enum:"person,department,position,heads,staff,customers,suppliers,partners"`
	To   *RightRef   `json:"to,omitempty" doc:"Absent for groups"`
}

const rolesQuery = `SELECT r.id, coalesce(r.key, '') AS key, r.name, r.external, r.revision,
	(SELECT json_agg(json_build_object('right', rr.right_name, 'scope', rr.scope, 'departments', rr.departments, 'masks', rr.masks))
		FROM role_right rr WHERE rr.role_id = r.id) AS rights,
	(SELECT json_agg(json_build_object('id', g.id, 'kind', g.grantee_kind, 'to', CASE WHEN g.grantee_id IS NOT NULL THEN
			json_build_object('id', g.grantee_id, 'name', coalesce(p.name, d.name, po.name)) END) ORDER BY g.created_at, g.id)
		FROM role_grant g LEFT JOIN person p ON p.id = g.grantee_id LEFT JOIN department d ON d.id = g.grantee_id
		LEFT JOIN position po ON po.id = g.grantee_id WHERE g.role_id = r.id) AS grants
	FROM role r`

type roleRow struct {
	ID       kernel.ID       `bun:"id"`
	Key      string          `bun:"key"`
	Name     string          `bun:"name"`
	External bool            `bun:"external"`
	Revision int64           `bun:"revision"`
	Rights   json.RawMessage `bun:"rights,type:json"`
	Grants   json.RawMessage `bun:"grants,type:json"`
}

// Roles are all roles, the ready-made ones first.
func (s *Service) Roles(ctx context.Context) ([]Role, error) {
	var rows []roleRow
	if err := s.db.Q(ctx).NewRaw(rolesQuery+" ORDER BY r.key IS NULL, r.id").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list the roles: %w", err)
	}
	names, err := s.departmentNames(ctx)
	if err != nil {
		return nil, err
	}
	roles := make([]Role, len(rows))
	for i, row := range rows {
		if roles[i], err = s.role(row, names); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

// Role is one of them.
func (s *Service) Role(ctx context.Context, id kernel.ID) (Role, error) {
	var row roleRow
	err := s.db.Q(ctx).NewRaw(rolesQuery+" WHERE r.id = ?", id).Scan(ctx, &row)
	if store.IsNoRows(err) {
		return Role{}, kernel.NotFound("role_unknown")
	}
	if err != nil {
		return Role{}, fmt.Errorf("read the role: %w", err)
	}
	names, err := s.departmentNames(ctx)
	if err != nil {
		return Role{}, err
	}
	return s.role(row, names)
}

func (s *Service) role(row roleRow, names map[kernel.ID]string) (Role, error) {
	role := Role{
		ID: row.ID, Key: row.Key, Name: row.Name, External: row.External, Fixed: fixed[row.Key],
		Rights: []RoleRight{}, Grants: []RoleGrantee{}, Revision: row.Revision,
	}
	var chosen []setting
	for raw, into := range map[*json.RawMessage]any{&row.Rights: &chosen, &row.Grants: &role.Grants} {
		if len(*raw) == 0 {
			continue
		}
		if err := json.Unmarshal(*raw, into); err != nil {
			return role, fmt.Errorf("read the role: %w", err)
		}
	}
	for _, right := range s.rights {
		set, ok := settingOf(right, row.Key, chosen)
		if !ok {
			continue
		}
		cell := RoleRight{Right: set.Right, Scope: set.Scope, Masks: set.Masks}
		for _, id := range set.Departments {
			cell.Departments = append(cell.Departments, RightRef{ID: id, Name: names[id]})
		}
		role.Rights = append(role.Rights, cell)
	}
	return role, nil
}

func (s *Service) departmentNames(ctx context.Context) (map[kernel.ID]string, error) {
	var rows []RightRef
	if err := s.db.Q(ctx).NewRaw("SELECT id, name FROM department").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the departments: %w", err)
	}
	names := make(map[kernel.ID]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, nil
}

func cleanRoleName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", kernel.Invalid("name_missing").OnField("body.name")
	case utf8.RuneCountInString(name) > maxRoleName:
		return "", kernel.Invalid("name_too_long").With("max", maxRoleName).OnField("body.name")
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", kernel.Invalid("name_characters").OnField("body.name")
	}
	return name, nil
}

// CreateRole adds a role that gives nothing yet. The same id again is the same role.
func (s *Service) CreateRole(ctx context.Context, id kernel.ID, name string, external bool) (Role, error) {
	name, err := cleanRoleName(name)
	if err != nil {
		return Role{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var roles int
		if err := s.db.Q(ctx).NewRaw("SELECT count(*) FROM role").Scan(ctx, &roles); err != nil {
			return fmt.Errorf("count the roles: %w", err)
		}
		if roles >= maxRoles {
			return kernel.Conflict("roles_too_many").With("max", maxRoles)
		}
		now := s.clock()
		_, err := s.db.Q(ctx).NewRaw("INSERT INTO role (id, name, external, created_at, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
			id, name, external, now, now).Exec(ctx)
		if err != nil {
			return roleNamed(err, "create the role")
		}
		return s.audit.Write(ctx, "role_created", id, map[string]any{"name": name, "external": external})
	})
	if err != nil {
		return Role{}, err
	}
	return s.Role(ctx, id)
}

func roleNamed(err error, attempted string) error {
	if store.IsUnique(err, "role_name") {
		return kernel.Conflict("role_name_taken").OnField("body.name")
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

// checkVersion compares the version that somebody changed with the present one.
type checkVersion func(revision int64) error

// changeRole runs change on a role at the version that check accepts and counts the
// version up. Ready-made roles are refused unless readyMade.
func (s *Service) changeRole(ctx context.Context, id kernel.ID, check checkVersion, readyMade bool, change func(context.Context, Role) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.Q(ctx).NewRaw("SELECT id FROM role WHERE id = ? FOR NO KEY UPDATE", id).Exec(ctx); err != nil {
			return fmt.Errorf("lock the role: %w", err)
		}
		role, err := s.Role(ctx, id)
		if err != nil {
			return err
		}
		if role.Fixed || (role.Key != "" && !readyMade) {
			return kernel.Conflict("role_fixed")
		}
		if err := check(role.Revision); err != nil {
			return err
		}
		if err := change(ctx, role); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw("UPDATE role SET revision = revision + 1, updated_at = ? WHERE id = ?", s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("count the version of the role up: %w", err)
		}
		return nil
	})
}

// RenameRole changes the name of a company's own role.
func (s *Service) RenameRole(ctx context.Context, id kernel.ID, name string, check checkVersion) error {
	name, err := cleanRoleName(name)
	if err != nil {
		return err
	}
	return s.changeRole(ctx, id, check, false, func(ctx context.Context, role Role) error {
		if _, err := s.db.Q(ctx).NewRaw("UPDATE role SET name = ? WHERE id = ?", name, id).Exec(ctx); err != nil {
			return roleNamed(err, "rename the role")
		}
		return s.audit.Write(ctx, "role_renamed", id, map[string]any{"from": role.Name, "to": name})
	})
}

// DeleteRole takes a company's own role from all who have it.
func (s *Service) DeleteRole(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changeRole(ctx, id, check, false, func(ctx context.Context, role Role) error {
		if _, err := s.db.Q(ctx).NewRaw("DELETE FROM object_right WHERE grantee_id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("take back objects: %w", err)
		}
		if _, err := s.db.Q(ctx).NewRaw("DELETE FROM role WHERE id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("delete the role: %w", err)
		}
		return s.audit.Write(ctx, "role_deleted", id, map[string]any{"name": role.Name})
	})
}
