package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/exchange"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const file = "姓名,工号,手机号,部门,岗位,直属上级工号\n" +
	"张伟,0012,138 0000 0012,研发中心/平台组,工程师,0013\n" +
	"单晓,0013,1.38E+10,研发中心,经理,\n" +
	"李娜,0014,13800000014,研发中心,经理,A001\n" +
	"赵敏,0014,,研发中心,,\n"

func send(b *officetest.Browser, path string, raw []byte) officetest.Reply {
	return b.Do(http.MethodPost, "/api/v1"+path, raw, officetest.H("Content-Type", "application/octet-stream"))
}

// counts writes the figures of a report and the problems of its failed rows.
func counts(r exchange.ImportReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d+%d~%d=%d!%d", r.Total, r.Created, r.Updated, r.Unchanged, r.Failed)
	for _, row := range r.Rows {
		for _, p := range row.Problems {
			fmt.Fprintf(&b, " %d:%s=%s", row.Row, p.Column, p.Code)
		}
	}
	return b.String()
}

func TestAnAdministratorImportsPeople(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var report exchange.ImportReport
	send(admin, "/people/import/check?makeMissing=true", gb).Want(http.StatusOK).Into(&report)
	const want = "4+1~0=0!3 2:manager=manager_unknown 3:phone=digits_lost 5:staffNo=twice_in_file"
	if got := counts(report); got != want {
		t.Fatalf("the check says %s, want %s", got, want)
	}
	var people int
	if o.Scan(t, "SELECT count(*) FROM person", &people); people != 1 {
		t.Fatalf("the check left %d people", people)
	}
	send(admin, "/people/import?makeMissing=true", gb).Want(http.StatusOK).Into(&report)
	if got := counts(report); got != want {
		t.Fatalf("the import says %s, want %s", got, want)
	}
	failed := send(admin, "/people/import/failures?makeMissing=true", gb).Want(http.StatusOK)
	if got := failed.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") || !strings.Contains(got, "filename*=UTF-8''%E5%AF%BC%E5%85%A5%E5%A4%B1%E8%B4%A5.xlsx") {
		t.Errorf("the failed rows come as %s", got)
	}
	lines, err := exchange.Read([]byte(failed.Body))
	if err != nil || len(lines) != 4 {
		t.Fatalf("the failed rows read as %v, %v", lines, err)
	}
	wants := []string{"姓名*", "张伟", "单晓", "赵敏"}
	reasons := []string{"失败原因", "没有导入成功", "科学计数法", "与第 4 行重复"}
	for i, line := range lines {
		if line.Cell(0) != wants[i] || !strings.Contains(line.Cell(8), reasons[i]) {
			t.Errorf("failed row %d is %v, want %s … %s", i, line.Cells, wants[i], reasons[i])
		}
	}

	// Mended, the file of failed rows goes in; then nothing is left to do.
	mended := strings.Replace(strings.Replace(file, "1.38E+10", "13800000013", 1), "赵敏,0014", "赵敏,0015", 1)
	send(admin, "/people/import?makeMissing=true", []byte(mended)).Want(http.StatusOK).Into(&report)
	if got := counts(report); got != "4+3~0=1!0" {
		t.Errorf("mended: %s", got)
	}
	send(admin, "/people/import?makeMissing=true", []byte("\xef\xbb\xbf"+mended)).Want(http.StatusOK).Into(&report)
	if got := counts(report); got != "4+0~0=4!0" {
		t.Errorf("again: %s", got)
	}

	// What goes out comes back in without a change.
	for _, format := range []string{"csv", "xlsx"} {
		out := admin.Get("/api/v1/people/export?format=" + format).Want(http.StatusOK)
		send(admin, "/people/import", []byte(out.Body)).Want(http.StatusOK).Into(&report)
		if got := counts(report); got != "5+0~0=5!0" {
			t.Errorf("%s comes back as %s", format, got)
		}
	}
}

func TestTheTemplateIsAnEmptyFile(t *testing.T) {
	admin := officetest.Start(t).Administrator(t)
	for format, kind := range map[string]string{"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"} {
		reply := admin.Get("/api/v1/people/import/template?format=" + format).Want(http.StatusOK)
		lines, err := exchange.Read([]byte(reply.Body))
		if err != nil || len(lines) != 1 || strings.Join(lines[0].Cells, " ") != "姓名* 工号 手机号 邮箱 部门 岗位 直属上级工号 入职日期" || reply.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %v, %v, %s", format, lines, err, reply.Header.Get("Content-Type"))
		}
		if code := send(admin, "/people/import/check", []byte(reply.Body)).Want(http.StatusUnprocessableEntity).Code(); code != "file_without_rows" {
			t.Errorf("an empty %s template is refused with %s", format, code)
		}
	}
}

func TestOnlyAdministratorsExchange(t *testing.T) {
	o := officetest.Start(t)
	_, staff := o.Administrator(t).Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	for _, b := range map[int]*officetest.Browser{http.StatusForbidden: staff} {
		for _, path := range []string{"/people/import", "/people/import/check", "/people/import/failures"} {
			send(b, path, []byte(file)).Want(http.StatusForbidden)
		}
		for _, path := range []string{"/api/v1/people/export", "/api/v1/people/import/template"} {
			b.Get(path).Want(http.StatusForbidden)
		}
	}
	send(o.Browser(t), "/people/import", []byte(file)).Want(http.StatusUnauthorized)
}

// A repeated request, such as after a lost reply, imports once and answers the same.
func TestARepeatedImportAnswersTheSame(t *testing.T) {
	admin := officetest.Start(t).Administrator(t)
	key := officetest.H("Idempotency-Key", "one-import-0001")
	kind := officetest.H("Content-Type", "application/octet-stream")
	first := admin.Do(http.MethodPost, "/api/v1/people/import?makeMissing=true", []byte(file), kind, key).Want(http.StatusOK)
	second := admin.Do(http.MethodPost, "/api/v1/people/import?makeMissing=true", []byte(file), kind, key).Want(http.StatusOK)
	if first.Body != second.Body || second.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %s, then %s", first.Body, second.Body)
	}
}
