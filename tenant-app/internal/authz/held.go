package authz

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// held is what reaches one person.
type held struct {
	person  kernel.ID
	rights  map[string][]grant
	stands  []kernel.ID     // ids that stand for the person: own, departments and those above, positions, roles
	objects map[string]bool // kind and right of which some object was given
}

// grant is one right by one way on which it reaches a person.
type grant struct {
	id     kernel.ID // of the role's grant
	role   roleRef
	to     GranteeKind
	toID   kernel.ID
	scope  Scope
	homes  []kernel.ID // departments by which it came
	chosen []kernel.ID // departments that the role names
	masks  []string
}

type roleRef struct {
	ID   kernel.ID `json:"id"`
	Key  string    `json:"key"`
	Name string    `json:"name"`
}

// Has says whether the person holds a right at all.
func (h *held) Has(right string) bool { return len(h.rights[right]) > 0 }

// List is the rights that the person holds, in order.
func (h *held) List() []string {
	list := make([]string, 0, len(h.rights))
	for right := range h.rights {
		list = append(list, right)
	}
	slices.Sort(list)
	return list
}

// heldQuery reads a person and what reaches them. Outsiders and those who work here
// are reached by roles of their own sort alone, whatever was granted.
const heldQuery = `WITH RECURSIVE me AS (
	SELECT p.id, p.name, p.deactivated_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > ?1) AS active, coalesce(o.kind, '') AS outside
	FROM person p LEFT JOIN external_organisation o ON o.id = p.external_organisation_id WHERE p.id = ?0
), home AS (
	SELECT department_id, position_id FROM membership WHERE person_id = ?0 AND valid_to IS NULL
), up (id, home) AS (
	SELECT department_id, department_id FROM home
	UNION SELECT d.parent_id, up.home FROM up JOIN department d ON d.id = up.id WHERE d.parent_id IS NOT NULL
), headed AS (
	SELECT h.department_id FROM department_head h JOIN department d ON d.id = h.department_id AND d.closed_at IS NULL WHERE h.person_id = ?0
), stands (id) AS (
	SELECT ?0::uuid UNION SELECT id FROM up UNION SELECT position_id FROM home WHERE position_id IS NOT NULL
), reached AS (
	SELECT g.id, g.role_id, g.grantee_kind, g.grantee_id, r.key, r.name, CASE g.grantee_kind
			WHEN 'department' THEN ARRAY(SELECT home FROM up WHERE id = g.grantee_id)
			WHEN 'position' THEN ARRAY(SELECT department_id FROM home WHERE position_id = g.grantee_id)
			WHEN 'heads' THEN ARRAY(SELECT department_id FROM headed)
			ELSE ARRAY(SELECT department_id FROM home) END AS homes
	FROM role_grant g JOIN role r ON r.id = g.role_id JOIN me ON r.external = (me.outside <> '')
	WHERE CASE g.grantee_kind
		WHEN 'staff' THEN me.outside = ''
		WHEN 'heads' THEN EXISTS (SELECT 1 FROM headed)
		WHEN 'customers' THEN me.outside = 'customer'
		WHEN 'suppliers' THEN me.outside = 'supplier'
		WHEN 'partners' THEN me.outside = 'partner'
		ELSE g.grantee_id IN (SELECT id FROM stands) END
), given AS (
	SELECT DISTINCT o.kind || ' ' || o.right_name AS what FROM object_right o
	WHERE o.grantee_id IN (SELECT id FROM stands UNION SELECT role_id FROM reached)
)
SELECT me.name, me.active, me.outside <> '' AS outsider,
	(SELECT json_agg(id) FROM (SELECT id FROM stands UNION SELECT role_id FROM reached) s) AS stands,
	(SELECT json_agg(what) FROM given) AS objects,
	(SELECT json_agg(json_build_object('grant', g.id, 'role', json_build_object('id', g.role_id, 'key', coalesce(g.key, ''), 'name', g.name),
		'to', g.grantee_kind, 'toID', coalesce(g.grantee_id, ?2), 'homes', g.homes,
		'rights', (SELECT json_agg(json_build_object('right', rr.right_name, 'scope', rr.scope, 'departments', rr.departments, 'masks', rr.masks))
			FROM role_right rr WHERE rr.role_id = g.role_id)) ORDER BY g.id) FROM reached g) AS grants
FROM me`

type reachedRole struct {
	Grant  kernel.ID   `json:"grant"`
	Role   roleRef     `json:"role"`
	To     GranteeKind `json:"to"`
	ToID   kernel.ID   `json:"toID"`
	Homes  []kernel.ID `json:"homes"`
	Rights []setting   `json:"rights"`
}

// setting is what a role says of one right.
type setting struct {
	Right       string      `json:"right"`
	Scope       Scope       `json:"scope"`
	Departments []kernel.ID `json:"departments"`
	Masks       []string    `json:"masks"`
}

// load reads a person and what reaches them in one query; nil if there is nobody.
func (s *Service) load(ctx context.Context, person kernel.ID) (*held, kernel.Principal, bool, error) {
	var row struct {
		Name     string          `bun:"name"`
		Active   bool            `bun:"active"`
		Outsider bool            `bun:"outsider"`
		Stands   json.RawMessage `bun:"stands,type:json"`
		Objects  json.RawMessage `bun:"objects,type:json"`
		Grants   json.RawMessage `bun:"grants,type:json"`
	}
	err := s.db.Q(ctx).NewRaw(heldQuery, person, s.clock(), kernel.NoID).Scan(ctx, &row)
	if store.IsNoRows(err) {
		return nil, kernel.Principal{}, false, nil
	}
	if err != nil {
		return nil, kernel.Principal{}, false, fmt.Errorf("read what a person may do: %w", err)
	}
	h := &held{person: person, rights: map[string][]grant{}, objects: map[string]bool{}}
	var objects []string
	var roles []reachedRole
	for raw, into := range map[*json.RawMessage]any{&row.Stands: &h.stands, &row.Objects: &objects, &row.Grants: &roles} {
		if len(*raw) == 0 {
			continue
		}
		if err := json.Unmarshal(*raw, into); err != nil {
			return nil, kernel.Principal{}, false, fmt.Errorf("read what a person may do: %w", err)
		}
	}
	for _, what := range objects {
		h.objects[what] = true
	}
	for _, role := range roles {
		s.addRole(h, role, row.Outsider)
	}
	return h, kernel.Principal{PersonID: person, Name: row.Name, External: row.Outsider, Rights: h}, row.Active, nil
}

// addRole adds the rights of one role as one grant gives them.
func (s *Service) addRole(h *held, r reachedRole, outsider bool) {
	for _, right := range s.rights {
		set, ok := settingOf(right, r.Role.Key, r.Rights)
		if !ok || (outsider && !right.Outside) {
			continue
		}
		if outsider && set.Scope != ScopeSelf {
			set.Scope = ScopePart
		}
		h.rights[right.Name] = append(h.rights[right.Name], grant{
			id: r.Grant, role: r.Role, to: r.To, toID: r.ToID,
			scope: set.Scope, homes: r.Homes, chosen: set.Departments, masks: set.Masks,
		})
	}
}

// settingOf is what a role gives of a right: what an administrator chose, else the
// default of a ready-made role.
func settingOf(right Right, key string, chosen []setting) (setting, bool) {
	for _, set := range chosen {
		if set.Right == right.Name && !fixed[key] {
			return set, set.Scope != ScopeNone
		}
	}
	scope, ok := right.Default[key]
	return setting{Right: right.Name, Scope: scope, Masks: right.Masked[key]}, ok
}
