package exchange

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const sample = "姓名,工号,手机号\n张伟,0012,13800000001\n㛃·𠮷,0013,\n"

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// flat writes lines as text: number, then the cells.
func flat(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%d:%s|", l.Number, strings.Join(l.Cells, ","))
	}
	return b.String()
}

func TestReadsEveryEncodingOfCSV(t *testing.T) {
	gb := must[string](t)(simplifiedchinese.GB18030.NewEncoder().String(sample))
	le := must[string](t)(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(sample, ",", "\t")))
	be := must[string](t)(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(sample))
	for name, file := range map[string]string{
		"UTF-8": sample, "UTF-8 with BOM": "\xef\xbb\xbf" + sample, "GB18030": gb, "UTF-16, tabs, as Excel's Unicode text": le, "UTF-16 BE": be,
		"semicolons": strings.ReplaceAll(sample, ",", ";"), "tabs": strings.ReplaceAll(sample, ",", "\t"), "CRLF": strings.ReplaceAll(sample, "\n", "\r\n"),
		"quoted": strings.ReplaceAll(sample, "张伟", `"张伟"`), "empty rows": sample + ",,\n\n  ,\n",
	} {
		lines, err := Read([]byte(file))
		if got, want := flat(lines), "1:姓名,工号,手机号|2:张伟,0012,13800000001|3:㛃·𠮷,0013|"; err != nil || got != want {
			t.Errorf("%s reads as %s (%v), want %s", name, got, err, want)
		}
	}
}

func TestReadsQuotedCells(t *testing.T) {
	lines := must[[]Line](t)(Read([]byte("姓名,部门\n\"张\n伟\",\"研发,中心;甲\"\n李娜,乙 \"丙\" 丁\n")))
	if got, want := flat(lines), "1:姓名,部门|2:张\n伟,研发,中心;甲|4:李娜,乙 \"丙\" 丁|"; got != want {
		t.Errorf("reads as %q, want %q", got, want)
	}
}

func TestRefusesFilesItCannotRead(t *testing.T) {
	wide := "姓名" + strings.Repeat(",x", maxColumns) + "\n"
	for name, c := range map[string]struct{ file, code string }{
		"old Excel":       {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_old_or_locked"},
		"binary":          {"\x89PNG\r\n\x1a\n\xff\xff\xff\xff", "file_encoding"},
		"broken UTF-8":    {"\xef\xbb\xbf姓名\xff", "file_encoding"},
		"broken zip":      {"PK\x03\x04nothing", "file_unreadable"},
		"too large":       {strings.Repeat("x", MaxFileBytes+1), "file_too_large"},
		"too many rows":   {strings.Repeat("a,b\n", MaxRows+headerSearch+1), "file_too_many_rows"},
		"too wide":        {wide, "file_too_many_columns"},
		"a cell too long": {"姓名," + strings.Repeat("长", maxCell), "file_cell_too_long"},
	} {
		if _, err := Read([]byte(c.file)); !kernel.HasCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// book makes an xlsx file whose cells are set by fill.
func book(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestNumbersInExcelKeepTheirDigits(t *testing.T) {
	raw := book(t, func(f *excelize.File) {
		for cell, value := range map[string]any{
			"A1": "姓名", "B1": "工号", "C1": "手机号", "D1": "入职日期",
			"A2": "张伟", "B2": 12, "C2": 13800000001, "D2": 45352,
			"A3": "李娜", "B3": "0012", "C3": 1.38e10, "D3": "2024年3月1日",
			"A4": "王芳", "B4": "110101199003075991", "C4": "'+8613800000002", "D4": "",
		} {
			if err := f.SetCellValue("Sheet1", cell, value); err != nil {
				t.Fatal(err)
			}
		}
		style, _ := f.NewStyle(&excelize.Style{NumFmt: 11}) // 1.38E+10 on the screen
		_ = f.SetCellStyle("Sheet1", "C2", "C3", style)
		day, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		_ = f.SetCellStyle("Sheet1", "D2", "D2", day)
	})
	got := must[table](t)(people(must[[]Line](t)(Read(raw))))
	want := []directory.Row{
		{Name: "张伟", StaffNo: "12", Phone: "13800000001", HiredOn: "2024-03-01"},
		{Name: "李娜", StaffNo: "0012", Phone: "13800000000", HiredOn: "2024-03-01"},
		{Name: "王芳", StaffNo: "110101199003075991", Phone: "+8613800000002"},
	}
	for i, w := range want {
		if got.rows[i] != w {
			t.Errorf("row %d reads as %+v, want %+v", i, got.rows[i], w)
		}
	}
}

func TestPlainNumber(t *testing.T) {
	for _, c := range []struct {
		in    string
		exact bool
		want  string
	}{
		{"1.3800000001E+10", false, "13800000001"},
		{"1.3800000001E10", true, "13800000001"},
		{"1.38E+10", false, "1.38E+10"},
		{"1.38E+10", true, "13800000000"},
		{"1.1010119900307599E+17", true, "1.1010119900307599E+17"},
		{"13800000001.0", false, "13800000001"},
		{"12.0", false, "12.0"},
		{"1E5", true, "1E5"},
		{"0012", true, "0012"},
		{"v1.2E3", true, "v1.2E3"},
	} {
		if got := plainNumber(c.in, c.exact); got != c.want {
			t.Errorf("plainNumber(%s, %v) = %s, want %s", c.in, c.exact, got, c.want)
		}
	}
}

func TestPlainDate(t *testing.T) {
	for in, want := range map[string]string{
		"2024-3-1": "2024-03-01", "2024/03/01": "2024-03-01", "2024.3.1": "2024-03-01", "2024年3月1日": "2024-03-01", "20240301": "2024-03-01",
		"45352": "2024-03-01", "45352.5": "2024-03-01", "２０２４-03-01": "2024-03-01", "2024/3/1 0:00": "2024-03-01",
		"": "", "soon": "soon", "2024-13-01": "2024-13-01", "12": "12",
	} {
		if got := plainDate(in); got != want {
			t.Errorf("plainDate(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHeaderIsFoundUnderOtherNames(t *testing.T) {
	lines := must[[]Line](t)(Read([]byte("云杉科技员工花名册,,\n填写说明,,\n 员工姓名* ,员工编号（必填）,手机号码,失败原因,星座\n张伟,12,138,x,y\n")))
	got := must[table](t)(people(lines))
	if want := (directory.Row{Name: "张伟", StaffNo: "12", Phone: "138"}); len(got.rows) != 1 || got.rows[0] != want || got.lines[0].Number != 4 {
		t.Errorf("read %+v", got)
	}
	for file, code := range map[string]string{"a,b\nc,d\n": "file_without_header", "姓名\n张伟\n": "file_without_header", "姓名,工号\n": "file_without_rows", "": "file_without_header"} {
		if _, err := people(must[[]Line](t)(Read([]byte(file)))); !kernel.HasCode(err, code) {
			t.Errorf("%q: %v, want %s", file, err, code)
		}
	}
}

// bomb makes an archive with one part of size bytes of text repeated.
func bomb(t testing.TB, part, text string, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range []string{"[Content_Types].xml", part} {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == part {
			_, _ = w.Write(bytes.Repeat([]byte(text), size/len(text)))
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBombsAreRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"a huge sheet":      bomb(t, "xl/worksheets/sheet1.xml", strings.Repeat("<row/>", 100), maxSheetBytes+1<<20),
		"a million strings": bomb(t, "xl/sharedStrings.xml", "<si/>", 5_000_000),
		"long strings":      bomb(t, "xl/sharedStrings.xml", strings.Repeat("x", 1000), maxStringBytes+1<<20),
		"nested rich text":  bomb(t, "xl/sharedStrings.xml", "<r/>", 4*6*maxStrings+4),
		"huge styles":       bomb(t, "xl/styles.xml", "<xf/>", maxOtherBytes+1<<20),
		"anything huge":     bomb(t, "xl/media/a.png", strings.Repeat("x", 1000), maxSheetBytes+1<<20),
	} {
		if len(raw) > MaxFileBytes {
			t.Fatalf("%s has %d bytes packed: not a bomb", name, len(raw))
		}
		if _, err := Read(raw); !kernel.HasCode(err, "file_bomb") {
			t.Errorf("%s (%d bytes packed): %v, want it refused", name, len(raw), err)
		}
	}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	rows := [][]string{{"姓名*", "工号"}, {"=1+1", "0012"}, {"@SUM(A1)", "-1"}, {"+8613800000001", "'x"}, {"㛃·𠮷", "110101199003075991"}, {"a\"b,c;d", "13800000001"}}
	for _, format := range []Format{XLSX, CSV} {
		raw := must[[]byte](t)(encode(format, "人员", rows, notes))
		lines := must[[]Line](t)(Read(raw))
		for i, line := range lines {
			if got, want := strings.Join(line.Cells, "|"), strings.Join(rows[i], "|"); got != want {
				t.Errorf("%s row %d reads back as %s, want %s", format, i, got, want)
			}
		}
		if len(lines) != len(rows) {
			t.Errorf("%s reads back %d rows of %d", format, len(lines), len(rows))
		}
	}
}

func TestNothingWrittenIsAFormula(t *testing.T) {
	rows := [][]string{{"姓名"}, {"=HYPERLINK(\"http://evil\")"}, {"+1"}, {"-1"}, {"@a"}, {"\t=1"}, {"＝1"}}
	csv := string(must[[]byte](t)(encode(CSV, "x", rows, nil)))
	if !strings.HasPrefix(csv, utf8BOM) {
		t.Error("the CSV has no byte order mark: Excel shows Chinese text as something else")
	}
	for line := range strings.SplitSeq(strings.TrimPrefix(csv, utf8BOM), "\r\n") {
		if cell := strings.Trim(line, `"`); cell != "" && strings.ContainsRune(formulaStart, []rune(cell)[0]) {
			t.Errorf("the CSV has a cell %q", cell)
		}
	}
	f := must[*excelize.File](t)(excelize.OpenReader(bytes.NewReader(must[[]byte](t)(encode(XLSX, "x", rows, nil)))))
	for i := range rows {
		cell := fmt.Sprintf("A%d", i+1)
		formula, err := f.GetCellFormula("x", cell)
		kind, _ := f.GetCellType("x", cell)
		style, _ := f.GetCellStyle("x", cell)
		format, _ := f.GetStyle(style)
		if err != nil || formula != "" || (kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString) || format.NumFmt != textFormat {
			t.Errorf("%s is formula %q, type %d, format %d (%v)", cell, formula, kind, format.NumFmt, err)
		}
	}
}

// Any file is refused with a reason or read as text, which reads the same when it is
// written down again: a mended file comes back as it was.
func FuzzRead(f *testing.F) {
	f.Add(must[[]byte](f)(encode(XLSX, "人员", [][]string{{"姓名", "工号"}, {"㛃·𠮷", "=1"}}, nil)))
	for _, s := range []string{"a;b,c\n1;2;3", "\"a;b;c;d\",x\n", "a,\"b\rc\"\n", "a,1.38E+10\n", "a,'1.38E+10\n", "a,\x01\x00b\n", " , a ,\n", "_x0041_,b\n", "\"\t\",x\n"} {
		f.Add([]byte(s))
	}
	gb, _ := simplifiedchinese.GB18030.NewEncoder().String(sample)
	for _, s := range []string{sample, gb, "\xff\xfea\x00", "姓名;\"a\nb\";\n", "PK\x03\x04", "\xef\xbb\xbf'=1,1.38E+10\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines, err := Read(raw)
		if err != nil {
			var known *kernel.Error
			if !errors.As(err, &known) {
				t.Fatalf("an error that says nothing to people: %v", err)
			}
			return
		}
		for _, line := range lines {
			for _, cell := range line.Cells {
				if !utf8.ValidString(cell) {
					t.Fatalf("a cell is no UTF-8: %q", cell)
				}
			}
		}
		if table, err := people(lines); err == nil && len(table.rows) != len(table.lines) {
			t.Fatalf("%d rows of %d lines", len(table.rows), len(table.lines))
		}
		again(t, lines)
	})
}

// again writes lines and reads them.
func again(t *testing.T, lines []Line) {
	t.Helper()
	rows := make([][]string, len(lines))
	for i, line := range lines {
		rows[i] = line.Cells
	}
	for _, format := range []Format{CSV, XLSX} {
		raw := must[[]byte](t)(encode(format, "x", rows, nil))
		got, err := Read(raw)
		if err != nil || len(got) != len(lines) {
			t.Fatalf("%q written as %s reads as %d lines of %d (%v)", rows, format, len(got), len(lines), err)
		}
		for i, line := range got {
			if !slices.Equal(line.Cells, lines[i].Cells) {
				t.Fatalf("%q written as %s reads as %q", lines[i].Cells, format, line.Cells)
			}
		}
	}
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "''=1", "a", "", "'", "\t", "+8613800000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := guard(cell)
		if safe != "" && strings.ContainsRune(formulaStart, []rune(safe)[0]) {
			t.Fatalf("%q is written as %q, which starts a formula", cell, safe)
		}
		if !strings.HasPrefix(cell, "'") && unguard(safe) != cell {
			t.Fatalf("%q is written as %q and reads back as %q", cell, safe, unguard(safe))
		}
	})
}
