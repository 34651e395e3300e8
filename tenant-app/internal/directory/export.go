package directory

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Export is everybody who works here and may be seen, as rows that Import takes back
// without a change. Fields that may not be seen are empty.
func (s *Service) Export(ctx context.Context) ([]Row, error) {
	tree, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	positions, err := s.positionNames(ctx)
	if err != nil {
		return nil, err
	}
	titles := map[kernel.ID]string{}
	for _, position := range positions {
		titles[position.ID] = position.Name
	}
	people, err := s.everybody(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the people to export: %w", err)
	}
	seen, err := s.seen(ctx)
	if err != nil {
		return nil, err
	}
	numbers := map[kernel.ID]string{}
	for _, p := range people {
		seen[p.ID].blank(&p.Profile)
		numbers[p.ID] = p.Profile.StaffNo
	}
	rows := make([]Row, 0, len(people))
	for _, p := range people {
		if _, ok := seen[p.ID]; !ok || p.Left || p.Outside {
			continue
		}
		departments, held := make([]string, len(p.Posts)), make([]string, len(p.Posts))
		for i, post := range p.Posts {
			departments[i], held[i] = tree.path(post.DepartmentID), titles[post.PositionID]
		}
		rows = append(rows, Row{
			Name: p.Profile.Name, StaffNo: p.Profile.StaffNo, Phone: ShowPhone(p.Profile.Phone), Mail: p.Profile.Mail,
			Departments: strings.Join(departments, ";"), Positions: strings.TrimRight(strings.Join(held, ";"), ";"),
			Manager: numbers[p.Profile.ManagerID], HiredOn: p.Profile.HiredOn,
		})
	}
	return rows, nil
}

// seenFields says which fields of a person may be seen.
type seenFields struct {
	ID      kernel.ID `bun:"id"`
	StaffNo bool      `bun:"staff_no"`
	Phone   bool      `bun:"phone"`
	Mail    bool      `bun:"mail"`
	HiredOn bool      `bun:"hired_on"`
}

// seen are the people who may be seen.
func (s *Service) seen(ctx context.Context) (map[kernel.ID]seenFields, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	var rows []seenFields
	q := new(statement)
	q.add("SELECT p.id, ").part(v.staffNo).add(" AS staff_no, ").part(v.phone).add(" AS phone, ").part(v.mail).add(" AS mail, ").part(v.hired)
	q.add(" AS hired_on FROM person p WHERE ").part(v.person)
	if err := s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read who may be seen: %w", err)
	}
	out := make(map[kernel.ID]seenFields, len(rows))
	for _, row := range rows {
		out[row.ID] = row
	}
	return out, nil
}

// blank empties what may not be seen.
func (f seenFields) blank(p *Profile) {
	for field, shown := range map[*string]bool{&p.StaffNo: f.StaffNo, &p.Phone: f.Phone, &p.Mail: f.Mail, &p.HiredOn: f.HiredOn} {
		if !shown {
			*field = ""
		}
	}
}
