package exchange

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/directory"
)

// maxShown is how many rows a report lists; the counts are of all.
const maxShown = 1_000

// ImportRow is what became, or would become, of one row of a file.
type ImportRow struct {
	Row      int                    `json:"row" doc:"Number of the row as the office program shows it"`
	Name     string                 `json:"name"`
	Outcome  directory.Outcome      `json:"outcome" enum:"created,updated,unchanged,failed"`
	Changed  []string               `json:"changed" doc:"Columns that differ from what is known"`
	Problems []directory.RowProblem `json:"problems" doc:"Why it does not go in"`
}

// ImportReport is what an import did, or would do.
type ImportReport struct {
	Total       int         `json:"total"`
	Created     int         `json:"created"`
	Updated     int         `json:"updated"`
	Unchanged   int         `json:"unchanged"`
	Failed      int         `json:"failed"`
	Departments []string    `json:"departments" doc:"Departments that are made, by path"`
	Positions   []string    `json:"positions" doc:"Positions that are made"`
	Rows        []ImportRow `json:"rows" doc:"At most 1,000: the failed ones first, then those that change something"`
	Truncated   bool        `json:"truncated" doc:"Rows were left out of the list"`
}

// Directory is package directory as this package needs it.
type Directory interface {
	Import(ctx context.Context, rows []directory.Row, makeMissing, commit bool) (directory.Report, error)
	Export(ctx context.Context) ([]directory.Row, error)
}

// Service runs imports and exports.
type Service struct {
	directory Directory
	reading   chan struct{} // one file at a time: unpacked it is tens of megabytes
}

// New makes the service.
func New(d Directory) *Service {
	return &Service{directory: d, reading: make(chan struct{}, 1)}
}

// load reads a file of people, one at a time.
func (s *Service) load(ctx context.Context, raw []byte) (table, error) {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return table{}, ctx.Err()
	}
	lines, err := Read(raw)
	if err != nil {
		return table{}, err
	}
	return people(lines)
}

// ImportPeople brings a file of people in, or says what that would do.
func (s *Service) ImportPeople(ctx context.Context, raw []byte, makeMissing, commit bool) (ImportReport, error) {
	t, report, err := s.run(ctx, raw, makeMissing, commit)
	if err != nil {
		return ImportReport{}, err
	}
	return summary(t, report), nil
}

func (s *Service) run(ctx context.Context, raw []byte, makeMissing, commit bool) (table, directory.Report, error) {
	t, err := s.load(ctx, raw)
	if err != nil {
		return t, directory.Report{}, err
	}
	report, err := s.directory.Import(ctx, t.rows, makeMissing, commit)
	if err != nil {
		return t, report, err
	}
	for i := range report.Rows {
		for j := range report.Rows[i].Problems {
			t.explain(i, &report.Rows[i].Problems[j])
		}
	}
	return t, report, nil
}

// explain speaks of the file: rows by their number, and digits that a spreadsheet
// has thrown away before the file was saved.
func (t table) explain(row int, problem *directory.RowProblem) {
	if other, ok := problem.Params["row"].(int); ok {
		problem.Params["row"] = t.lines[other].Number
	}
	for _, c := range columns {
		if c.key == problem.Column && digitsLost(*c.field(&t.rows[row])) {
			problem.Code = "digits_lost"
		}
	}
}

func summary(t table, report directory.Report) ImportReport {
	out := ImportReport{Total: len(report.Rows), Departments: orEmpty(report.Departments), Positions: orEmpty(report.Positions), Rows: []ImportRow{}}
	for i, r := range report.Rows {
		switch r.Outcome {
		case directory.Created:
			out.Created++
		case directory.Updated:
			out.Updated++
		case directory.Unchanged:
			out.Unchanged++
		case directory.Failed:
			out.Failed++
		}
		out.Rows = append(out.Rows, ImportRow{
			Row: t.lines[i].Number, Name: t.rows[i].Name, Outcome: r.Outcome, Changed: orEmpty(r.Changed), Problems: orEmpty(r.Problems),
		})
	}
	weight := map[directory.Outcome]int{directory.Failed: 0, directory.Updated: 1, directory.Created: 2, directory.Unchanged: 3}
	slices.SortStableFunc(out.Rows, func(a, b ImportRow) int { return weight[a.Outcome] - weight[b.Outcome] })
	if len(out.Rows) > maxShown {
		out.Rows, out.Truncated = out.Rows[:maxShown], true
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// FailedRows is a file of the rows that do not go in, as they came, with a column
// that says why.
func (s *Service) FailedRows(ctx context.Context, raw []byte, makeMissing bool) ([]byte, error) {
	t, report, err := s.run(ctx, raw, makeMissing, false)
	if err != nil {
		return nil, err
	}
	rows := [][]string{append(titles(), reasonTitle)}
	for i, result := range report.Rows {
		if result.Outcome != directory.Failed {
			continue
		}
		var reasons []string
		for _, problem := range result.Problems {
			reasons = append(reasons, reason(problem))
		}
		rows = append(rows, append(cells(t.rows[i]), strings.Join(reasons, "；")))
	}
	return encode(XLSX, "导入失败", rows, nil)
}

// Export is a file of everybody who works here.
func (s *Service) Export(ctx context.Context, format Format) ([]byte, error) {
	everybody, err := s.directory.Export(ctx)
	if err != nil {
		return nil, err
	}
	rows := [][]string{titles()}
	for _, row := range everybody {
		rows = append(rows, cells(row))
	}
	return encode(format, "通讯录", rows, nil)
}

// Template is an empty file to fill in. The xlsx explains each column on a second sheet.
func (s *Service) Template(format Format) ([]byte, error) {
	return encode(format, "人员", [][]string{titles()}, notes)
}

const notesSheet = "填写说明"

var notes = [][]string{
	{"列", "说明"},
	{"姓名", "必填。少数民族姓名用“·”分隔。"},
	{"工号、手机号、邮箱", "至少填一项，用来登录，也用来认人：再次导入时，相同的工号（或手机号、邮箱）更新原有人员，不会重复添加。"},
	{"手机号", "大陆手机号直接填 11 位数字；其他地区以 + 和区号开头，如 +85291234567。"},
	{"部门", "用“/”表示上下级，如 研发中心/平台组；在多个部门时用“;”隔开，第一个是主部门。填写后以表中的部门为准。"},
	{"岗位", "与部门一一对应，用“;”隔开。"},
	{"直属上级工号", "上级可以已在通讯录中，也可以在同一个文件里。"},
	{"入职日期", "如 2024-03-01。"},
	{"空单元格", "表示保持原有内容不变。"},
}

func titles() []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.title
		if c.required {
			out[i] += "*"
		}
	}
	return out
}

func cells(row directory.Row) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = *c.field(&row)
	}
	return out
}

// Table writes rows, the first of them titles, as a file.
func Table(format, sheet string, rows [][]string) ([]byte, error) {
	return encode(Format(format), sheet, rows, nil)
}

func encode(format Format, sheet string, rows, extra [][]string) ([]byte, error) {
	var out bytes.Buffer
	var err error
	if format == CSV {
		err = writeCSV(&out, rows)
	} else {
		err = writeXLSX(&out, sheet, rows, extra)
	}
	if err != nil {
		return nil, fmt.Errorf("write the %s file: %w", format, err)
	}
	return out.Bytes(), nil
}
