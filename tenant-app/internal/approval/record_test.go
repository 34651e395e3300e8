package approval_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// A file of a form is read by those who see its field, and by nobody else.
func TestFilesOfAFormAreReadByThoseWhoSeeTheirField(t *testing.T) {
	c := start(t, officetest.WithBucket)
	me, first, staff, other := c.as(clerk), c.as(head), c.as(personnel), c.as(stranger)
	upload := func(b *officetest.Browser, name string) kernel.ID {
		return b.Upload(approval.FileKind, name, "application/pdf", []byte("%PDF-1.4 canary"))
	}
	values := leave("2026-11-23", "2026-11-23")
	values["files"] = []kernel.ID{upload(first, "别人的.pdf")}
	if reply := me.JSON(http.MethodPost, "/approvals", submission("leave", values)); reply.Status != http.StatusUnprocessableEntity || reply.Code() != "file_unknown" {
		t.Errorf("somebody else's file: %d %s", reply.Status, reply.Body)
	}
	values["files"] = []kernel.ID{upload(me, "病假条.pdf"), upload(me, "诊断.pdf")}
	d := submit(me, "leave", values)
	if len(d.Files) != 2 || d.Files[0].Name != "病假条.pdf" || d.Files[1].Name != "诊断.pdf" {
		t.Fatalf("files %+v", d.Files)
	}
	note, diagnosis := d.Files[0].URL, d.Files[1].URL
	first.Get(note).Want(http.StatusOK)
	other.Get(note).Want(http.StatusNotFound)
	d = detail(do(first, d, "return", object{"comment": "不需要诊断", "resume": true}).Want(http.StatusOK))
	values["files"] = []kernel.ID{d.Files[0].ID}
	d = detail(do(me, d, "submit", object{"values": values}).Want(http.StatusOK))
	first.Get(note).Want(http.StatusOK)
	first.Get(diagnosis).Want(http.StatusNotFound) // was taken out
	do(first, d, "approve", nil).Want(http.StatusOK)
	if seen := get(staff, d.ID); len(seen.Files) != 0 || seen.Values["files"] != nil {
		t.Errorf("人事 sees %+v", seen.Files)
	}
	staff.Get(note).Want(http.StatusNotFound) // the copy hides them
	me.Get(note).Want(http.StatusOK)
}

// The files of a draft are there when it is sent, however long that takes.
func TestADraftKeepsItsFiles(t *testing.T) {
	c := start(t, officetest.WithBucket)
	me := c.as(clerk)
	values := leave("2026-12-23", "2026-12-23")
	values["files"] = []kernel.ID{me.Upload(approval.FileKind, "票.pdf", "", []byte("%PDF-1.4"))}
	draft := kernel.NewID()
	me.JSON(http.MethodPut, "/approval-drafts/"+draft.String(), object{"form": "leave", "values": values}).Want(http.StatusOK)
	c.Wait(10 * 24 * time.Hour)
	if err := c.App.Files.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Exec(t, "UPDATE session SET expires_at = expires_at + interval '60 days', seen_at = now() + interval '10 days'")
	body := submission("leave", values)
	body["draftId"] = draft
	if d := detail(me.JSON(http.MethodPost, "/approvals", body).Want(http.StatusCreated)); len(d.Files) != 1 {
		t.Errorf("files %+v", d.Files)
	}
}

func TestApprovalsAreFoundByThoseWhoTakePart(t *testing.T) {
	c := start(t)
	me, first, staff, other := c.as(clerk), c.as(head), c.as(personnel), c.as(stranger)
	values := leave("2026-11-23", "2026-11-23")
	values["reason"] = "做手术"
	d := submit(me, "leave", values)
	c.Index(t)
	for _, word := range []string{d.Number, "请假", "年假", "oyk", "2026-11-23"} {
		if got := first.Found(word); len(got) != 1 {
			t.Errorf("%s finds %q", word, got)
		}
	}
	if got := first.Found("手术"); len(got) != 0 {
		t.Errorf("a field that not all see is found: %q", got)
	}
	if got := append(staff.Found("请假"), other.Found(d.Number)...); len(got) != 0 {
		t.Errorf("who does not take part finds %q", got)
	}
	do(first, d, "approve", nil).Want(http.StatusOK)
	c.Index(t)
	if got := staff.Found("请假"); len(got) != 1 {
		t.Errorf("who has a copy finds %q", got)
	}
}

// Reports read what waited for whom, what became of it, and who was away.
func TestActionsAreFacts(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	d = detail(do(first, d, "approve", nil).Want(http.StatusOK))
	do(me, d, "cancel", object{"comment": "改期"}).Want(http.StatusOK)
	var got []string
	err := c.DB.Q(t.Context()).NewRaw(`SELECT concat_ws(' ', f.kind, p.name, f.from_state, '→', f.to_state) FROM fact f JOIN person p ON p.id = f.person_id
		WHERE f.object_id = ? AND f.department_id IS NOT NULL ORDER BY f.at, f.id`, d.ID).Scan(t.Context(), &got)
	want := []string{
		"approval 区永康  → running", "approval.decision 任重  → waiting",
		"approval 任重 running → approved", "approval.decision 任重 waiting → approve", "absence 区永康  → away",
		"approval 区永康 approved → cancelled", "absence 区永康 away → ",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("facts are %q (%v), want %q", got, err, want)
	}
}

// Days of leave and time limits count in the company's calendar.
func TestLeaveCountsInTheCompanysCalendar(t *testing.T) {
	c := start(t)
	me := c.as(clerk)
	c.admin.JSON(http.MethodPut, "/calendar/days/2026-12-07", object{"workday": false, "name": "司庆"}).Want(http.StatusOK)
	c.admin.JSON(http.MethodPut, "/calendar/days/2026-12-12", object{"workday": true, "name": "补班"}).Want(http.StatusOK)
	for span, days := range map[[2]string]float64{
		{"2026-12-04", "2026-12-08"}: 2, // Friday to Tuesday over the weekend and the company's birthday
		{"2026-12-11", "2026-12-14"}: 3, // with a worked Saturday
		{"2026-10-01", "2026-10-09"}: 2, // 国庆节
	} {
		if d := submit(me, "leave", leave(span[0], span[1])); d.Values["days"] != days {
			t.Errorf("%v are %v days, want %v", span, d.Values["days"], days)
		}
	}
	c.admin.JSON(http.MethodPut, "/calendar/hours", workcal.Hours{Weekdays: []int{1, 2, 3, 4, 5, 6, 7}, Spans: []workcal.Span{{From: "00:00", To: "01:00"}}}).Want(http.StatusOK)
	d := submit(me, "leave", leave("2026-12-15", "2026-12-15"))
	if due := d.Now[0].Due; due == nil || due.Sub(d.SubmittedAt) < 6*24*time.Hour || due.Sub(d.SubmittedAt) > 9*24*time.Hour {
		t.Errorf("eight hours of an hour a day end %v after %v", due, d.SubmittedAt)
	}
}
