package authz

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// holdersQuery finds those who work here and whom a grant of some roles reaches.
const holdersQuery = `WITH RECURSIVE g AS (
	SELECT grantee_kind AS kind, grantee_id AS id FROM role_grant WHERE role_id = ANY (?0::uuid[])
), below (id) AS (
	SELECT id FROM g WHERE kind = 'department' UNION SELECT d.id FROM below b JOIN department d ON d.parent_id = b.id
)
SELECT p.id FROM person p WHERE p.deactivated_at IS NULL AND p.external_organisation_id IS NULL AND (
	EXISTS (SELECT 1 FROM g WHERE g.kind = 'staff' OR g.id = p.id)
	OR EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id AND m.valid_to IS NULL
		AND (m.department_id IN (SELECT id FROM below) OR m.position_id IN (SELECT id FROM g WHERE kind = 'position')))
	OR EXISTS (SELECT 1 FROM g WHERE g.kind = 'heads') AND EXISTS (SELECT 1 FROM department_head h
		JOIN department d ON d.id = h.department_id AND d.closed_at IS NULL WHERE h.person_id = p.id)
) ORDER BY p.sort, p.sort_key, p.id LIMIT ?1`

// Holders are people who work here and hold a right, whatever rows it reaches: at most
// so many, in the order of the directory.
func (s *Service) Holders(ctx context.Context, right string, most int) ([]kernel.ID, error) {
	declared, ok := s.right(right)
	if !ok {
		return nil, fmt.Errorf("right %q is not registered", right)
	}
	var roles []struct {
		ID    kernel.ID `bun:"id"`
		Key   string    `bun:"key"`
		Scope Scope     `bun:"scope"`
	}
	err := s.db.Q(ctx).NewRaw(`SELECT r.id, coalesce(r.key, '') AS key, coalesce(rr.scope, '') AS scope
		FROM role r LEFT JOIN role_right rr ON rr.role_id = r.id AND rr.right_name = ? WHERE NOT r.external`, right).Scan(ctx, &roles)
	if err != nil {
		return nil, fmt.Errorf("find the roles that give %s: %w", right, err)
	}
	var giving []kernel.ID
	for _, r := range roles {
		var chosen []setting
		if r.Scope != "" {
			chosen = []setting{{Right: right, Scope: r.Scope}}
		}
		if _, gives := settingOf(declared, r.Key, chosen); gives {
			giving = append(giving, r.ID)
		}
	}
	people := []kernel.ID{}
	if err := s.db.Q(ctx).NewRaw(holdersQuery, idArray(giving), most).Scan(ctx, &people); err != nil {
		return nil, fmt.Errorf("find who holds %s: %w", right, err)
	}
	return people, nil
}
