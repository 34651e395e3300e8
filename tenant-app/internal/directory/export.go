package directory

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Export is everybody who works here as rows that Import takes back without a change.
func (s *Service) Export(ctx context.Context) ([]Row, error) {
	tree, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	positions, err := s.Positions(ctx)
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
	numbers := map[kernel.ID]string{}
	for _, p := range people {
		numbers[p.ID] = p.Profile.StaffNo
	}
	rows := make([]Row, 0, len(people))
	for _, p := range people {
		if p.Left {
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
