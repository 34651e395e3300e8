package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

const personRefJSON = `json_build_object('id', o.id, 'name', o.name, 'avatar', o.avatar, 'deactivated', o.deactivated_at IS NOT NULL,
	'external', o.external_organisation_id IS NOT NULL)`

// detail is the query for everything about a person that may be seen.
func (v sight) detail(id kernel.ID) *statement {
	q := new(statement)
	q.add("SELECT ").part(v.columns()).add(", 0 AS rank, p.revision, p.created_at, ").part(v.hired.shown("to_char(p.hired_on, 'YYYY-MM-DD')")).add(" AS hired_on, ")
	q.add("(SELECT json_agg(" + personRefJSON + ") FROM person o WHERE o.id = p.manager_id AND ").part(v.among("o.id")).add(") AS manager, ")
	q.add("(SELECT json_agg(" + personRefJSON + ` ORDER BY o.sort, o.sort_key, o.id)
		FROM (SELECT * FROM person x WHERE x.manager_id = p.id AND x.deactivated_at IS NULL AND `).part(v.among("x.id")).add(" ORDER BY sort, sort_key, id LIMIT 200) o) AS reports, ")
	q.add(`(SELECT json_agg(json_build_object('id', d.id, 'name', d.name) ORDER BY d.name, d.id)
		FROM department_head h JOIN department d ON d.id = h.department_id WHERE h.person_id = p.id AND `).part(v.department).add(") AS head_of, ")
	q.part(v.posts("m.valid_to IS NOT NULL", "m.valid_to DESC, m.valid_from DESC, m.id")).add(" AS history FROM person p WHERE p.id = ? AND ", id).part(v.person)
	return q
}

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

// Get is everything about a person, who may have left or be an outsider, as far as
// it may be seen.
func (s *Service) Get(ctx context.Context, id kernel.ID) (PersonDetail, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return PersonDetail{}, err
	}
	var row detailRow
	q := v.detail(id)
	err = s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &row)
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
