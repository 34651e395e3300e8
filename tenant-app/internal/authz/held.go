package authz

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

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
	SELECT p.id, p.name, p.deactivated_at IS NULL AS active, p.expires_at, coalesce(o.kind, '') AS outside
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
SELECT me.name, me.active, me.expires_at, me.outside <> '' AS outsider, (SELECT value FROM stamp WHERE name = 'access') AS stamp,
	(SELECT json_agg(id) FROM (SELECT id FROM stands UNION SELECT role_id FROM reached) s) AS stands,
	(SELECT json_agg(what) FROM given) AS objects,
	(SELECT json_agg(json_build_object('grant', g.id, 'role', json_build_object('id', g.role_id, 'key', coalesce(g.key, ''), 'name', g.name),
		'to', g.grantee_kind, 'toID', coalesce(g.grantee_id, ?1), 'homes', g.homes,
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

// heldRow is what heldQuery gives.
type heldRow struct {
	Name      string          `bun:"name"`
	Active    bool            `bun:"active"`
	ExpiresAt *time.Time      `bun:"expires_at"`
	Outsider  bool            `bun:"outsider"`
	Stamp     kernel.ID       `bun:"stamp,type:uuid"`
	Stands    json.RawMessage `bun:"stands,type:json"`
	Objects   json.RawMessage `bun:"objects,type:json"`
	Grants    json.RawMessage `bun:"grants,type:json"`
}

// entrant is a person with what reaches them, as long as the stamp stays.
type entrant struct {
	*held
	principal kernel.Principal
	active    bool       // did not leave
	expiresAt *time.Time // of an outsider's access
	stamp     kernel.ID
}

// enters says whether the person may come in now.
func (e *entrant) enters(now time.Time) bool {
	return e != nil && e.active && (e.expiresAt == nil || e.expiresAt.After(now))
}

// load reads a person and what reaches them in one query; nil if there is nobody.
func (s *Service) load(ctx context.Context, person kernel.ID) (*entrant, error) {
	var row heldRow
	err := s.db.Q(ctx).NewRaw(heldQuery, person, kernel.NoID).Scan(ctx, &row)
	if store.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what a person may do: %w", err)
	}
	h := &held{person: person}
	var objects []string
	for raw, into := range map[*json.RawMessage]any{&row.Stands: &h.stands, &row.Objects: &objects} {
		if err := decode(*raw, into); err != nil {
			return nil, err
		}
	}
	for _, what := range objects {
		if h.objects == nil {
			h.objects = map[string]bool{}
		}
		h.objects[what] = true
	}
	if h.rights, err = s.rightsOf(row); err != nil {
		return nil, err
	}
	who := kernel.Principal{PersonID: person, Name: row.Name, External: row.Outsider, Rights: h}
	return &entrant{held: h, principal: who, active: row.Active, expiresAt: row.ExpiresAt, stamp: row.Stamp}, nil
}

func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read what a person may do: %w", err)
	}
	return nil
}

// rightsOf gives the rights that roles give. Those who are reached in the same way,
// as are most of a department, share them.
func (s *Service) rightsOf(row heldRow) (map[string][]grant, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%t %s", row.Outsider, row.Grants))
	if same := s.known.rightsOf(key); same != nil {
		return same, nil
	}
	var roles []reachedRole
	if err := decode(row.Grants, &roles); err != nil {
		return nil, err
	}
	rights := map[string][]grant{}
	for _, role := range roles {
		s.addRole(rights, role, row.Outsider)
	}
	s.known.share(key, rights)
	return rights, nil
}

// addRole adds the rights of one role as one grant gives them.
func (s *Service) addRole(rights map[string][]grant, r reachedRole, outsider bool) {
	for _, right := range s.rights {
		set, ok := settingOf(right, r.Role.Key, r.Rights)
		if !ok || (outsider && !right.Outside) {
			continue
		}
		if outsider && set.Scope != ScopeSelf {
			set.Scope = ScopePart
		}
		rights[right.Name] = append(rights[right.Name], grant{
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
