package directory

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Row is one person of a table, every cell as text. An empty cell says nothing: an
// import leaves what is known.
type Row struct {
	Name        string
	StaffNo     string
	Phone       string
	Mail        string
	Departments string // all of them by path, the primary one first: 研发中心/平台组; 市场部
	Positions   string // one for each department, in the same order: 工程师; 顾问
	Manager     string // staff number of the direct manager
	HiredOn     string // YYYY-MM-DD
}

// Columns of a row, as problems and changes name them.
const (
	ColumnName        = "name"
	ColumnStaffNo     = "staffNo"
	ColumnPhone       = "phone"
	ColumnMail        = "mail"
	ColumnDepartments = "departments"
	ColumnPositions   = "positions"
	ColumnManager     = "manager"
	ColumnHiredOn     = "hiredOn"
)

// Outcome is what an import does with a row.
type Outcome string

// The outcomes. Nothing of a failed row is kept.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	Failed    Outcome = "failed"
)

// RowProblem is a reason why a row does not go in.
type RowProblem struct {
	Column string        `json:"column" enum:"name,staffNo,phone,mail,departments,positions,manager,hiredOn"`
	Code   string        `json:"code" doc:"Stable code that the page translates"`
	Params kernel.Params `json:"params,omitempty"`
}

// RowResult is what becomes of one row.
type RowResult struct {
	Outcome  Outcome
	Changed  []string // columns, of an updated row
	Problems []RowProblem
}

// Report is what an import does, or would do.
type Report struct {
	Rows        []RowResult // as the rows came
	Departments []string    // paths that are made
	Positions   []string    // names that are made
}

// Import brings rows in: those that name a known staff number, phone or mail change
// that person, others add one. Rows that cannot go in are reported and left out.
// With makeMissing, departments and positions that do not exist are made. Without
// commit nothing is written. The same rows once more change nothing.
func (s *Service) Import(ctx context.Context, rows []Row, makeMissing, commit bool) (Report, error) {
	var report Report
	err := s.writing(ctx, func(ctx context.Context) error {
		plan, err := s.plan(ctx, rows, makeMissing)
		if err != nil {
			return err
		}
		report = plan.report()
		if !commit {
			return nil
		}
		return s.carryOut(ctx, plan)
	})
	return report, err
}

// plan decides what becomes of each row, from what the directory holds now.
func (s *Service) plan(ctx context.Context, rows []Row, makeMissing bool) (*plan, error) {
	p, err := s.newPlan(ctx, makeMissing)
	if err != nil {
		return nil, err
	}
	p.items = make([]*item, len(rows))
	for i, row := range rows {
		p.items[i] = &item{row: row, number: i}
		p.identify(p.items[i])
		p.place(p.items[i])
	}
	p.lead()
	for _, it := range p.items {
		p.settle(it)
	}
	return p, nil
}

func (p *plan) report() Report {
	report := Report{Rows: make([]RowResult, len(p.items))}
	for i, it := range p.items {
		result := RowResult{Outcome: Unchanged, Changed: it.changed, Problems: it.problems}
		switch {
		case it.failed():
			result.Outcome, result.Changed = Failed, nil
		case it.known == nil:
			result.Outcome, result.Changed = Created, nil
		case len(it.changed) > 0:
			result.Outcome = Updated
		}
		report.Rows[i] = result
	}
	for _, d := range p.newDepartments {
		report.Departments = append(report.Departments, p.tree.path(d.ID))
	}
	for _, position := range p.newPositions {
		report.Positions = append(report.Positions, position.Name)
	}
	return report
}
