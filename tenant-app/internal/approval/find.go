package approval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// mostFound is how many people a node can find.
const mostFound = 20

// staff are people who work here now.
const staff = `p.deactivated_at IS NULL AND p.external_organisation_id IS NULL`

// find makes the fact about a node for the rules: who is asked, who instead of them
// today, and until when.
func (s *Service) find(ctx context.Context, r *row, form sheet, id string, choices map[string][]kernel.ID) (engine.NodeFact, error) {
	fact := engine.NodeFact{}
	node, ok := form.flow.Node(id)
	if !ok {
		return fact, fmt.Errorf("find the people of node %s: the flow has none of that name", id)
	}
	chosen := maps.Clone(r.state.Choices)
	if chosen == nil {
		chosen = map[string][]kernel.ID{}
	}
	maps.Copy(chosen, choices)
	people, err := s.people(ctx, r, node, chosen[id])
	if err != nil {
		return fact, err
	}
	if fact.People, err = s.candidates(ctx, people); err != nil {
		return fact, err
	}
	if node.Kind != engine.Approve {
		for i := range fact.People {
			fact.People[i].Delegate = nil // who decides for them need not read for them
		}
	}
	if node.Kind == engine.Approve && engine.NeedsFallback(form.flow, r.SubmitterID, fact.People) {
		managers, err := s.Managers(ctx, mostFound)
		if err != nil {
			return fact, err
		}
		if fact.Fallback, err = s.candidates(ctx, managers); err != nil {
			return fact, err
		}
	}
	if node.Limit() > 0 {
		due, err := s.Calendar.AddWorking(ctx, s.Clock(), node.Limit())
		switch {
		case kernel.HasCode(err, "calendar_without_work"): // a company that works so little is in no hurry
		case err != nil:
			return fact, err
		default:
			fact.Due = &due
		}
	}
	return fact, nil
}

// people are those of a node, in their order; some may have left.
func (s *Service) people(ctx context.Context, r *row, node engine.Node, chosen []kernel.ID) ([]kernel.ID, error) {
	who := node.Who
	switch who.By {
	case engine.ByPerson:
		return who.People, nil
	case engine.ByChoice:
		return chosen, nil
	case engine.ByPosition:
		return s.ids(ctx, `SELECT p.id FROM person p WHERE `+staff+` AND EXISTS (SELECT 1 FROM membership m JOIN position o ON o.id = m.position_id
			WHERE m.person_id = p.id AND m.valid_to IS NULL AND o.name IN (?)) ORDER BY p.sort, p.sort_key, p.id LIMIT ?`, bun.List(who.Names), mostFound)
	case engine.ByManager:
		return s.ids(ctx, `SELECT p.id FROM person o JOIN person p ON p.id = o.manager_id WHERE o.id = ? AND `+staff, r.SubmitterID)
	case engine.ByHead:
		return s.heads(ctx, r, who.Level)
	}
	return nil, fmt.Errorf("find the people of node %s: by %q is not known to this release", node.ID, who.By)
}

func (s *Service) ids(ctx context.Context, query string, args ...any) ([]kernel.ID, error) {
	out := []kernel.ID{}
	if err := s.DB.Q(ctx).NewRaw(query, args...).Scan(ctx, &out); err != nil {
		return nil, fmt.Errorf("find people: %w", err)
	}
	return out, nil
}

// heads are the heads of the submitter's department, at level 1, or further up. A
// level counts where somebody else than the submitter is head; above the highest
// there is, the highest decides.
func (s *Service) heads(ctx context.Context, r *row, level int) ([]kernel.ID, error) {
	if r.DepartmentID == nil {
		return nil, nil
	}
	return s.ids(ctx, `WITH RECURSIVE up (id, parent_id, depth) AS (
			SELECT id, parent_id, 1 FROM department WHERE id = ?0
			UNION ALL SELECT d.id, d.parent_id, u.depth + 1 FROM up u JOIN department d ON d.id = u.parent_id WHERE u.depth < 50
		), heads AS (
			SELECT h.person_id, h.sort, dense_rank() OVER (ORDER BY u.depth) AS level
			FROM up u JOIN department_head h ON h.department_id = u.id JOIN person p ON p.id = h.person_id
			WHERE h.person_id <> ?1 AND `+staff+`
		)
		SELECT person_id FROM heads WHERE level = least(?2, (SELECT max(level) FROM heads)) ORDER BY sort, person_id LIMIT ?3`,
		*r.DepartmentID, r.SubmitterID, level, mostFound)
}

// candidates are those of people who work here, in the same order, with whom decides
// instead of them today.
func (s *Service) candidates(ctx context.Context, people []kernel.ID) ([]engine.Candidate, error) {
	if len(people) == 0 {
		return []engine.Candidate{}, nil
	}
	var rows []struct {
		Person   kernel.ID  `bun:"id"`
		Delegate *kernel.ID `bun:"delegate_id"`
	}
	err := s.DB.Q(ctx).NewRaw(`SELECT p.id, (SELECT d.delegate_id FROM approval_delegation d JOIN person q ON q.id = d.delegate_id
			AND q.deactivated_at IS NULL AND q.external_organisation_id IS NULL WHERE d.person_id = p.id AND ?::date BETWEEN d.from_day AND d.to_day) AS delegate_id
		FROM person p WHERE p.id IN (?) AND `+staff, s.today(), bun.List(people)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("find people and their delegates: %w", err)
	}
	out := make([]engine.Candidate, 0, len(rows))
	for _, id := range people {
		for _, found := range rows {
			if found.Person == id {
				out = append(out, engine.Candidate{Person: id, Delegate: found.Delegate})
			}
		}
	}
	return out, nil
}

// today is the day in the company's zone.
func (s *Service) today() string { return s.Clock().In(s.zone()).Format(time.DateOnly) }

// requireStaff refuses people who do not, or no longer, work here, or whom the reader
// may not see.
func (s *Service) requireStaff(ctx context.Context, people []kernel.ID, field string) error {
	found, err := s.nameable(ctx, people)
	if err == nil && len(found) < len(people) {
		err = kernel.Invalid("person_unknown").OnField(field)
	}
	return err
}

// nameable are those of people who work here and whom the reader may see, in the same
// order.
func (s *Service) nameable(ctx context.Context, people []kernel.ID) ([]kernel.ID, error) {
	if len(people) == 0 {
		return nil, nil
	}
	visible, args, err := directory.Visible(ctx, s.Rights)
	if err != nil {
		return nil, err
	}
	found, err := s.ids(ctx, `SELECT p.id FROM person p WHERE p.id IN (?) AND `+staff+` AND `+visible, append([]any{bun.List(people)}, args...)...)
	return slices.DeleteFunc(slices.Clone(people), func(id kernel.ID) bool { return !slices.Contains(found, id) }), err
}
