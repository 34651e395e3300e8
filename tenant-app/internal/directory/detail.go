package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

const personRefJSON = `json_build_object('id', o.id, 'name', o.name, 'avatar', o.avatar, 'deactivated', o.deactivated_at IS NOT NULL)`

const detailQuery = `SELECT ` + personColumns + `, 0 AS rank, p.revision, p.created_at, coalesce(to_char(p.hired_on, 'YYYY-MM-DD'), '') AS hired_on,
	(SELECT json_agg(` + personRefJSON + `) FROM person o WHERE o.id = p.manager_id) AS manager,
	(SELECT json_agg(` + personRefJSON + ` ORDER BY o.sort, o.sort_key, o.id)
		FROM (SELECT * FROM person WHERE manager_id = ?0 AND deactivated_at IS NULL ORDER BY sort, sort_key, id LIMIT 200) o) AS reports,
	(SELECT json_agg(json_build_object('id', d.id, 'name', d.name) ORDER BY d.name, d.id)
		FROM department_head h JOIN department d ON d.id = h.department_id WHERE h.person_id = p.id) AS head_of,
	(SELECT json_agg(json_build_object('department', json_build_object('id', d.id, 'name', d.name),
			'position', CASE WHEN po.id IS NOT NULL THEN json_build_object('id', po.id, 'name', po.name) END,
			'primary', m.is_primary, 'from', m.valid_from, 'to', m.valid_to) ORDER BY m.valid_to DESC, m.valid_from DESC, m.id)
		FROM (SELECT * FROM membership WHERE person_id = ?0 AND valid_to IS NOT NULL ORDER BY valid_to DESC LIMIT 200) m
		JOIN department d ON d.id = m.department_id LEFT JOIN position po ON po.id = m.position_id) AS history
	FROM person p WHERE p.id = ?0`

type detailRow struct {
	personRow
	Revision  int64           `bun:"revision"`
	CreatedAt time.Time       `bun:"created_at"`
	HiredOn   string          `bun:"hired_on"`
	Manager   json.RawMessage `bun:"manager,type:json"`
	Reports   json.RawMessage `bun:"reports,type:json"`
	HeadOf    json.RawMessage `bun:"head_of,type:json"`
	History   json.RawMessage `bun:"history,type:json"`
}

// Get is everything about a person, who may have left.
func (s *Service) Get(ctx context.Context, id kernel.ID) (PersonDetail, error) {
	var row detailRow
	err := s.db.Q(ctx).NewRaw(detailQuery, id).Scan(ctx, &row)
	if store.IsNoRows(err) {
		return PersonDetail{}, kernel.NotFound("person_unknown")
	}
	if err != nil {
		return PersonDetail{}, fmt.Errorf("read the person: %w", err)
	}
	return row.detail()
}

func (r detailRow) detail() (PersonDetail, error) {
	person, err := r.person()
	if err != nil {
		return PersonDetail{}, err
	}
	d := PersonDetail{
		Person: person, Sort: r.Sort, HiredOn: r.HiredOn, HeadOf: []Ref{}, History: []Post{},
		DeactivatedAt: r.DeactivatedAt, CreatedAt: r.CreatedAt, Revision: r.Revision,
	}
	managers, err := refs(r.Manager)
	if err != nil {
		return d, err
	}
	if len(managers) > 0 {
		d.Manager = &managers[0]
	}
	if d.Reports, err = refs(r.Reports); err != nil {
		return d, err
	}
	for raw, into := range map[*json.RawMessage]any{&r.HeadOf: &d.HeadOf, &r.History: &d.History} {
		if len(*raw) == 0 {
			continue
		}
		if err := json.Unmarshal(*raw, into); err != nil {
			return d, fmt.Errorf("read the person: %w", err)
		}
	}
	return d, nil
}
