package exchange

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/text/unicode/norm"
)

// headerSearch is how many rows may stand above the header: a title, a hint.
const headerSearch = 10

// column is one column of a table of people.
type column struct {
	key      string // as package directory names it
	title    string // as the template writes it
	aliases  []string
	required bool
	field    func(*directory.Row) *string
}

var columns = []column{
	{directory.ColumnName, "姓名", []string{"名字", "员工姓名", "人员姓名", "name", "fullname"}, true, func(r *directory.Row) *string { return &r.Name }},
	{directory.ColumnStaffNo, "工号", []string{"员工编号", "员工号", "员工工号", "人员编号", "staffno", "staffnumber", "employeeid"}, false, func(r *directory.Row) *string { return &r.StaffNo }},
	{directory.ColumnPhone, "手机号", []string{"手机", "手机号码", "电话", "联系电话", "移动电话", "phone", "mobile"}, false, func(r *directory.Row) *string { return &r.Phone }},
	{directory.ColumnMail, "邮箱", []string{"电子邮箱", "邮件", "电子邮件", "邮箱地址", "mail", "email"}, false, func(r *directory.Row) *string { return &r.Mail }},
	{directory.ColumnDepartments, "部门", []string{"所属部门", "所在部门", "部门名称", "department", "departments"}, false, func(r *directory.Row) *string { return &r.Departments }},
	{directory.ColumnPositions, "岗位", []string{"职位", "职务", "岗位名称", "position", "positions", "title"}, false, func(r *directory.Row) *string { return &r.Positions }},
	{directory.ColumnManager, "直属上级工号", []string{"上级工号", "直接上级工号", "直属主管工号", "manager", "managerstaffno"}, false, func(r *directory.Row) *string { return &r.Manager }},
	{directory.ColumnHiredOn, "入职日期", []string{"入职时间", "入职日", "hiredon", "hiredate"}, false, func(r *directory.Row) *string { return &r.HiredOn }},
}

// reasonTitle heads the column that says why a row did not go in. It is ignored
// when the mended file comes back.
const reasonTitle = "失败原因"

var headerNoise = strings.NewReplacer("*", "", " ", "", "_", "", "-", "", "(必填)", "", "(选填)", "", "\n", "", "\r", "", ":", "")

func headerKey(text string) string {
	return headerNoise.Replace(strings.ToLower(norm.NFKC.String(text)))
}

// findHeader gives the place of the header among the first lines, and the place of
// each known column in it. A header has the name and one column more.
func findHeader(lines []Line) (at int, places map[string]int, ok bool) {
	for at = range min(len(lines), headerSearch) {
		places = map[string]int{}
		for i, cell := range lines[at].Cells {
			key := headerKey(cell)
			for _, c := range columns {
				_, seen := places[c.key]
				if !seen && (key == c.title || slices.Contains(c.aliases, key)) {
					places[c.key] = i
				}
			}
		}
		if _, named := places[directory.ColumnName]; named && len(places) > 1 {
			return at, places, true
		}
	}
	return 0, nil, false
}

// table is a file of people as it was read.
type table struct {
	lines []Line // of the rows, without header
	rows  []directory.Row
}

// people reads the rows below the header.
func people(lines []Line) (table, error) {
	at, places, ok := findHeader(lines)
	if !ok {
		return table{}, kernel.Invalid("file_without_header").With("required", "姓名, 工号")
	}
	t := table{lines: lines[at+1:]}
	if len(t.lines) == 0 {
		return table{}, kernel.Invalid("file_without_rows")
	}
	if len(t.lines) > MaxRows {
		return table{}, kernel.Invalid("file_too_many_rows").With("limit", MaxRows)
	}
	t.rows = make([]directory.Row, len(t.lines))
	for i, line := range t.lines {
		for _, c := range columns {
			if place, ok := places[c.key]; ok {
				*c.field(&t.rows[i]) = line.Cell(place)
			}
		}
		t.rows[i].HiredOn = plainDate(t.rows[i].HiredOn)
	}
	return t, nil
}

var dateForms = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102", "2006-01-02T15:04:05Z07:00", "2006-1-2 15:04:05", "2006/1/2 15:04:05", "2006/1/2 15:04", "1/2/06"}

// Days since the last day of 1899, as spreadsheets count: those that are taken for
// a date lie between 1954 and 2119.
const (
	firstSerial = 20_000
	lastSerial  = 80_000
)

// plainDate writes a date of any form as 2006-01-02. What is no date stays as it is.
func plainDate(cell string) string {
	cell = strings.TrimSpace(norm.NFKC.String(cell))
	for _, form := range dateForms {
		if day, err := time.Parse(form, cell); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	if serial, err := strconv.ParseFloat(cell, 64); err == nil && serial >= firstSerial && serial < lastSerial {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(serial)).Format(time.DateOnly)
	}
	return cell
}
