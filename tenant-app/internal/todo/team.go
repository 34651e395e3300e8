package todo

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Absence is a person's approved leave.
type Absence struct {
	Person kernel.ID
	Ref    kernel.ID // the approval
	From   time.Time
	To     time.Time
}

// Away tells who is away between two times, of those asked about.
type Away interface {
	Away(ctx context.Context, people []kernel.ID, from, to time.Time) ([]Absence, error)
	Today() (from, to time.Time) // the present day in the company's zone
}

// AwayToday is somebody of the team who is away today.
type AwayToday struct {
	Person directory.PersonRef `json:"person"`
	From   time.Time           `json:"from"`
	To     time.Time           `json:"to"`
}

// Load is what waits for somebody of the team.
type Load struct {
	Person  directory.PersonRef `json:"person"`
	Waiting int                 `json:"waiting"`
	Overdue int                 `json:"overdue"`
	Oldest  time.Time           `json:"oldest" doc:"Since when the oldest of them waits"`
}

// Team is a manager's look at the day (团队今天).
type Team struct {
	People int         `json:"people" doc:"Active persons in the departments that I lead, those below, and those whose manager I am; 0: I lead nobody"`
	Away   []AwayToday `json:"away"`
	Load   []Load      `json:"load" doc:"Whom something waits for, the longest first; at most 50"`
}

type member struct {
	ID     kernel.ID `bun:"id"`
	Name   string    `bun:"name"`
	Avatar string    `bun:"avatar"`
}

const teamQuery = `WITH RECURSIVE below (id) AS (
		SELECT h.department_id FROM department_head h JOIN department d ON d.id = h.department_id AND d.closed_at IS NULL WHERE h.person_id = ?0
		UNION SELECT d.id FROM below b JOIN department d ON d.parent_id = b.id AND d.closed_at IS NULL
	)
	SELECT p.id, p.name, coalesce(p.avatar, '') AS avatar FROM person p
	WHERE p.deactivated_at IS NULL AND p.external_organisation_id IS NULL AND p.id <> ?0 AND (p.manager_id = ?0
		OR EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id AND m.valid_to IS NULL AND m.department_id IN (SELECT id FROM below)))
	ORDER BY p.sort, p.sort_key, p.id`

// Team is the reader's; empty for whoever leads nobody.
func (s *Service) Team(ctx context.Context) (Team, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	out := Team{Away: []AwayToday{}, Load: []Load{}}
	var members []member
	if err := s.db.Q(ctx).NewRaw(teamQuery, who.PersonID).Scan(ctx, &members); err != nil {
		return out, fmt.Errorf("find the team: %w", err)
	}
	out.People = len(members)
	if len(members) == 0 {
		return out, nil
	}
	refs := map[kernel.ID]directory.PersonRef{}
	ids := make([]kernel.ID, len(members))
	for i, m := range members {
		ids[i] = m.ID
		refs[m.ID] = directory.Show(m.ID, m.Name, m.Avatar, false)
	}
	from, to := s.away.Today()
	absences, err := s.away.Away(ctx, ids, from, to)
	if err != nil {
		return out, err
	}
	for _, a := range absences {
		out.Away = append(out.Away, AwayToday{Person: refs[a.Person], From: a.From, To: a.To})
	}
	out.Load, err = s.load(ctx, who.PersonID, refs)
	return out, err
}

func (s *Service) load(ctx context.Context, manager kernel.ID, refs map[kernel.ID]directory.PersonRef) ([]Load, error) {
	var rows []struct {
		Person  kernel.ID `bun:"person_id"`
		Waiting int       `bun:"waiting"`
		Overdue int       `bun:"overdue"`
		Oldest  time.Time `bun:"oldest"`
	}
	err := s.db.Q(ctx).NewRaw(`SELECT t.person_id, count(*) AS waiting, count(*) FILTER (WHERE t.due < ?1) AS overdue, min(t.since) AS oldest
		FROM todo_item t JOIN (`+teamQuery+`) AS team ON team.id = t.person_id WHERE t.kind <> '`+KindCopy+`' GROUP BY t.person_id ORDER BY min(t.since), t.person_id LIMIT 50`,
		manager, s.clock()).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count what waits for the team: %w", err)
	}
	out := make([]Load, 0, len(rows))
	for _, r := range rows {
		out = append(out, Load{Person: refs[r.Person], Waiting: r.Waiting, Overdue: r.Overdue, Oldest: r.Oldest})
	}
	return out, nil
}
