package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// outcomes writes what became of each row, with the problems of those that failed.
func outcomes(report Report) string {
	var out []string
	for _, r := range report.Rows {
		text := string(r.Outcome)
		if len(r.Changed) > 0 {
			text += ":" + strings.Join(r.Changed, "+")
		}
		for _, p := range r.Problems {
			text += ":" + p.Column + "=" + p.Code
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func (f fixture) bring(rows []Row, makeMissing, commit bool) string {
	f.t.Helper()
	report, err := f.Import(f.t.Context(), rows, makeMissing, commit)
	f.must(err)
	return outcomes(report)
}

func TestImportAddsUpdatesAndRepeats(t *testing.T) {
	f := start(t)
	f.person("王芳", "0001")
	rows := []Row{
		{Name: "张伟", StaffNo: "0002", Phone: "138 0000 0002", Departments: "研发中心/平台组；市场部", Positions: "工程师", Manager: "0003", HiredOn: "2024-03-01"},
		{Name: "李娜", StaffNo: "0003", Mail: "li.na@acme.example", Departments: "研发中心", Positions: "经理"},
		{Name: "王芳", StaffNo: "0001", Phone: "13800000001"},
	}
	if got, want := f.bring(rows, true, false), "created created updated:phone"; got != want {
		t.Fatalf("dry run: %s, want %s", got, want)
	}
	if got := f.outline() + "|" + f.names(Filter{}); got != "|王芳" {
		t.Fatalf("the dry run left %s", got)
	}
	if got, want := f.bring(rows, true, true), "created created updated:phone"; got != want {
		t.Fatalf("import: %s, want %s", got, want)
	}
	if got, want := f.outline(), "研发中心 .平台组 市场部"; got != want {
		t.Errorf("departments are %s, want %s", got, want)
	}
	page, err := f.List(t.Context(), Filter{Query: "zw"}, kernel.PageQuery{})
	f.must(err)
	zhang, err := f.Get(t.Context(), page.Items[0].ID)
	f.must(err)
	if zhang.Manager == nil || zhang.Manager.Name != "李娜" || zhang.HiredOn != "2024-03-01" || len(zhang.Posts) != 2 ||
		zhang.Posts[0].Department.Name != "平台组" || !zhang.Posts[0].Primary || zhang.Posts[0].Position.Name != "工程师" || zhang.Posts[1].Position != nil {
		t.Errorf("张伟 came in as %+v", zhang)
	}
	if got, want := f.bring(rows, true, true), "unchanged unchanged unchanged"; got != want {
		t.Errorf("again: %s, want %s", got, want)
	}
	again, err := f.Get(t.Context(), zhang.ID)
	f.must(err)
	if again.Revision != zhang.Revision {
		t.Errorf("an import that changes nothing made version %d of %d", again.Revision, zhang.Revision)
	}
	// An empty cell says nothing; a moved person keeps the past.
	moved := []Row{{Name: "张伟", StaffNo: "0002", Departments: "市场部"}}
	if got, want := f.bring(moved, false, true), "updated:departments"; got != want {
		t.Errorf("moved: %s, want %s", got, want)
	}
	again, err = f.Get(t.Context(), zhang.ID)
	f.must(err)
	if again.Phone != "13800000002" || again.Posts[0].Department.Name != "市场部" || len(again.History) != 2 {
		t.Errorf("after the move: %+v", again)
	}
}

func TestImportRefusesRows(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	f.department("一组", rd)
	f.department("一组", f.department("市场部", kernel.NoID))
	_, err := f.Create(t.Context(), Profile{Name: "赵敏", StaffNo: "A1", Phone: "13800000001"}, nil)
	f.must(err)
	f.must(f.Deactivate(t.Context(), f.person("孙丽", "A2"), anyVersion))
	f.person("周杰", "A3")
	cases := []struct {
		row  Row
		want string
	}{
		{Row{Name: "", StaffNo: "N1"}, "failed:name=name_invalid"},
		{Row{Name: "钱一"}, "failed:staffNo=identifier_missing"},
		{Row{Name: "钱一", StaffNo: "13900000000", Phone: "12", Mail: "x", HiredOn: "soon"}, "failed:staffNo=staff_no_invalid:phone=phone_invalid:mail=mail_invalid:hiredOn=date_invalid"},
		{Row{Name: "钱二", StaffNo: "N2", Phone: "13800000001"}, "failed:phone=phone_taken"}, // not 赵敏's: another staff number
		{Row{Name: "周杰", StaffNo: "A3", Phone: "13800000001"}, "failed:phone=phone_taken"},
		{Row{Name: "孙丽", StaffNo: "a2"}, "failed:staffNo=person_deactivated"},
		{Row{Name: "钱三", StaffNo: "N3", Departments: "财务部"}, "failed:departments=department_unknown"},
		{Row{Name: "钱三", StaffNo: "N4", Departments: "一组"}, "failed:departments=department_ambiguous"},
		{Row{Name: "钱三", StaffNo: "N5", Departments: "研发中心;研发中心"}, "failed:departments=department_twice"},
		{Row{Name: "钱三", StaffNo: "N6", Departments: "研发中心", Positions: "工程师"}, "failed:positions=position_unknown"},
		{Row{Name: "钱三", StaffNo: "N7", Positions: "工程师"}, "failed:positions=position_without_department"},
		{Row{Name: "钱三", StaffNo: "N8", Manager: "A2"}, "failed:manager=manager_unknown"},
		{Row{Name: "钱三", StaffNo: "N9", Manager: "N8"}, "failed:manager=manager_unknown"}, // whose own row failed
		{Row{Name: "钱四", StaffNo: "M1", Manager: "M2"}, "failed:manager=manager_unknown"}, // the other half of the circle failed
		{Row{Name: "钱五", StaffNo: "M2", Manager: "M1"}, "failed:manager=manager_circle"},
		{Row{Name: "钱六", StaffNo: "M3", Manager: "a1"}, "created"},
		{Row{Name: "钱七", StaffNo: "m3"}, "failed:staffNo=twice_in_file"},
		{Row{Name: "赵敏", Phone: "+86 138 0000 0001", StaffNo: "A1"}, "unchanged"},
		{Row{Name: "钱八", StaffNo: "M4", Departments: "研发中心/一组"}, "created"},
	}
	rows := make([]Row, len(cases))
	for i, c := range cases {
		rows[i] = c.row
	}
	report, err := f.Import(t.Context(), rows, false, true)
	f.must(err)
	for i, c := range cases {
		if got := outcomes(Report{Rows: report.Rows[i : i+1]}); got != c.want {
			t.Errorf("row %d %+v: %s, want %s", i, c.row, got, c.want)
		}
	}
	if got, want := f.names(Filter{}), "钱八 钱六 赵敏 周杰"; got != want {
		t.Errorf("there are %s, want %s", got, want)
	}
	if report.Rows[16].Problems[0].Params["row"] != 15 {
		t.Errorf("the row that was there before is %v", report.Rows[16].Problems[0].Params)
	}
}

func TestImportSwapsManagers(t *testing.T) {
	f := start(t)
	f.bring([]Row{{Name: "甲", StaffNo: "1"}, {Name: "乙", StaffNo: "2", Manager: "1"}, {Name: "丙", StaffNo: "3"}}, false, true)
	// 甲 under 乙 is no circle once 乙 is under 丙, whichever row comes first.
	rows := []Row{{Name: "甲", StaffNo: "1", Manager: "2"}, {Name: "乙", StaffNo: "2", Manager: "3"}}
	if got, want := f.bring(rows, false, true), "updated:manager updated:manager"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestImportMakesNothingForFailedRows(t *testing.T) {
	f := start(t)
	report, err := f.Import(t.Context(), []Row{
		{Name: "甲", StaffNo: "1", Departments: "幽灵部", Positions: "幽灵", Manager: "nobody"},
		{Name: "乙", StaffNo: "2", Departments: "研发中心/平台组", Positions: "工程师"},
	}, true, true)
	f.must(err)
	if !slices.Equal(report.Departments, []string{"研发中心", "研发中心/平台组"}) || !slices.Equal(report.Positions, []string{"工程师"}) {
		t.Errorf("made %v and %v", report.Departments, report.Positions)
	}
	if got, want := f.outline(), "研发中心 .平台组"; got != want {
		t.Errorf("departments are %s, want %s", got, want)
	}
}

func TestExportComesBackUnchanged(t *testing.T) {
	f := start(t)
	rows := many(60)
	f.bring(rows, true, true)
	f.must(f.Deactivate(t.Context(), f.person("离职", "GONE"), anyVersion))
	exported, err := f.Export(t.Context())
	f.must(err)
	if len(exported) != len(rows) {
		t.Fatalf("%d rows exported, want %d", len(exported), len(rows))
	}
	if got := f.bring(exported, false, true); strings.Trim(strings.ReplaceAll(got, "unchanged", ""), " ") != "" {
		t.Errorf("the export comes back as %s", got)
	}
}

// many are rows of a company with departments, positions and managers.
func many(n int) []Row {
	names := []string{"张伟", "李娜", "王芳", "赵敏", "单晓", "曾国强", "阿卜杜拉·买买提", "欧阳娜娜"}
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{
			Name: names[i%len(names)], StaffNo: fmt.Sprintf("E%05d", i), Phone: fmt.Sprintf("139%08d", i), Mail: fmt.Sprintf("p%d@acme.example", i),
			Departments: fmt.Sprintf("事业%d部/第%d组", i%7, i%50), Positions: []string{"工程师", "经理", "专员"}[i%3], HiredOn: "2023-05-06",
		}
		if i%9 == 0 {
			rows[i].Departments += ";综合部"
		}
		if i > 0 {
			rows[i].Manager = fmt.Sprintf("E%05d", i/8)
		}
	}
	return rows
}

// A row by staff number and one by mail can be about the same person: the second
// one is refused, or each import would undo half of the other's.
func TestImportNamesOnePersonTwice(t *testing.T) {
	f := start(t)
	_, err := f.Create(t.Context(), Profile{Name: "张伟", StaffNo: "1", Mail: "z@acme.example"}, nil)
	f.must(err)
	rows := []Row{{Name: "张伟", StaffNo: "1"}, {Name: "张三", Mail: "z@acme.example"}}
	if got, want := f.bring(rows, false, true), "unchanged failed:staffNo=twice_in_file"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
