package directory

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// tree is the query for all departments with heads and counts, as far as they may be
// seen. Each person of closure counts once in every department above, however many
// below it they are in.
func (v sight) tree() *statement {
	q := new(statement)
	q.add(`WITH RECURSIVE closure (ancestor, id) AS (
	SELECT id, id FROM department WHERE closed_at IS NULL
	UNION ALL
	SELECT c.ancestor, d.id FROM closure c JOIN department d ON d.parent_id = c.id AND d.closed_at IS NULL
), present AS (
	SELECT m.department_id, m.person_id FROM membership m JOIN person p ON p.id = m.person_id
	WHERE m.valid_to IS NULL AND p.deactivated_at IS NULL AND `).part(v.person).add(`
), counts AS (
	SELECT c.ancestor AS id, count(DISTINCT r.person_id) AS total, count(*) FILTER (WHERE r.department_id = c.ancestor) AS people
	FROM closure c JOIN present r ON r.department_id = c.id GROUP BY c.ancestor
)
SELECT d.id, d.parent_id, d.name, d.revision, coalesce(n.people, 0) AS people, coalesce(n.total, 0) AS total,
	(SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'avatar', p.avatar) ORDER BY h.sort, p.id)
		FROM department_head h JOIN person p ON p.id = h.person_id
		WHERE h.department_id = d.id AND p.deactivated_at IS NULL AND `).part(v.person).add(`) AS heads
FROM department d LEFT JOIN counts n ON n.id = d.id
WHERE d.closed_at IS NULL AND `).part(v.department).add(" ORDER BY d.sort, d.id")
	return q
}

// totals is the query that counts those who work here, as far as they may be seen.
func (v sight) totals() *statement {
	q := new(statement)
	return q.add(`SELECT count(*) FILTER (WHERE p.deactivated_at IS NULL) AS people,
	count(*) FILTER (WHERE p.deactivated_at IS NOT NULL) AS deactivated,
	count(*) FILTER (WHERE p.deactivated_at IS NULL AND w.person_id IS NULL) AS unassigned
	FROM person p LEFT JOIN membership w ON w.person_id = p.id AND w.is_primary AND w.valid_to IS NULL
	WHERE p.external_organisation_id IS NULL AND `).part(v.person)
}

type departmentRow struct {
	ID       kernel.ID       `bun:"id"`
	ParentID *kernel.ID      `bun:"parent_id"`
	Name     string          `bun:"name"`
	Revision int64           `bun:"revision"`
	People   int             `bun:"people"`
	Total    int             `bun:"total"`
	Heads    json.RawMessage `bun:"heads,type:json"`
}

// personJSON is a person as the queries build it.
type personJSON struct {
	ID          kernel.ID `json:"id"`
	Name        string    `json:"name"`
	Avatar      string    `json:"avatar"`
	Deactivated bool      `json:"deactivated"`
	External    bool      `json:"external"`
}

func (p personJSON) ref() PersonRef {
	status := Active
	if p.Deactivated {
		status = Deactivated
	}
	return PersonRef{ID: p.ID, Name: p.Name, AvatarText: AvatarText(p.Name), Avatar: avatarPath(p.ID, p.Avatar), Status: status, External: p.External}
}

// refs reads a JSON list of persons; NULL is none.
func refs(raw json.RawMessage) ([]PersonRef, error) {
	var people []personJSON
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &people); err != nil {
			return nil, fmt.Errorf("read persons: %w", err)
		}
	}
	out := make([]PersonRef, len(people))
	for i, p := range people {
		out[i] = p.ref()
	}
	return out, nil
}

// Tree is all departments that may be seen, each after its parent, with counts. One
// whose parent may not be seen stands at the top.
func (s *Service) Tree(ctx context.Context) (Tree, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return Tree{}, err
	}
	var rows []departmentRow
	q := v.tree()
	if err := s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &rows); err != nil {
		return Tree{}, fmt.Errorf("read the departments: %w", err)
	}
	tree := Tree{Departments: make([]Department, 0, len(rows))}
	seen := map[kernel.ID]bool{}
	for _, row := range rows {
		seen[row.ID] = true
	}
	below := map[kernel.ID][]departmentRow{}
	for _, row := range rows {
		if row.ParentID != nil && !seen[*row.ParentID] {
			row.ParentID = nil
		}
		below[orNone(row.ParentID)] = append(below[orNone(row.ParentID)], row)
	}
	if err := tree.grow(below, kernel.NoID); err != nil {
		return Tree{}, err
	}
	q = v.totals()
	err = s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &tree.People, &tree.Deactivated, &tree.Unassigned)
	if err != nil {
		return Tree{}, fmt.Errorf("count people: %w", err)
	}
	return tree, nil
}

// grow appends the departments below parent, each followed by its own.
func (t *Tree) grow(below map[kernel.ID][]departmentRow, parent kernel.ID) error {
	for _, row := range below[parent] {
		heads, err := refs(row.Heads)
		if err != nil {
			return err
		}
		t.Departments = append(t.Departments, Department{
			ID: row.ID, ParentID: row.ParentID, Name: row.Name, Heads: heads, People: row.People, Total: row.Total, Revision: row.Revision,
		})
		if err := t.grow(below, row.ID); err != nil {
			return err
		}
	}
	return nil
}

// Department is one node of the tree.
func (s *Service) Department(ctx context.Context, id kernel.ID) (Department, error) {
	tree, err := s.Tree(ctx)
	if err != nil {
		return Department{}, err
	}
	for _, d := range tree.Departments {
		if d.ID == id {
			return d, nil
		}
	}
	return Department{}, kernel.NotFound("department_unknown")
}
