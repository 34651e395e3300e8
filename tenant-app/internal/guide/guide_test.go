package guide_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/guide"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// steps are the first steps of somebody, those that are done with a tick.
func steps(b *officetest.Browser) string {
	var g guide.Guide
	b.JSON(http.MethodGet, "/me/guide", nil).Want(http.StatusOK).Into(&g)
	out := []string{fmt.Sprintf("%t %t:", g.Toured, g.Dismissed)}
	for _, step := range g.Steps {
		key := step.Key
		if step.Done {
			key = "✓" + key
		}
		out = append(out, key)
	}
	return strings.Join(out, " ")
}

func mark(b *officetest.Browser, m guide.Mark, on bool) {
	b.JSON(http.MethodPut, "/me/guide", map[string]any{"mark": m, "on": on}).Want(http.StatusNoContent)
}

// Steps tick themselves from what people did, each by their role.
func TestFirstStepsTickThemselves(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	want := func(b *officetest.Browser, want string) {
		t.Helper()
		if got := steps(b); got != want {
			t.Errorf("first steps\n%s, want\n%s", got, want)
		}
	}
	const clerks = "photo install channel message approval"
	want(admin, "false false: people departments heads roles ✓holidays senders "+clerks)

	var department struct{ ID kernel.ID }
	admin.JSON(http.MethodPost, "/departments", map[string]any{"name": "行政部"}).Want(http.StatusCreated).Into(&department)
	headID, head := admin.Staff(auth.NewPerson{Name: "部长", StaffNo: "H1"})
	_, clerk := admin.Staff(auth.NewPerson{Name: "文员", StaffNo: "C1"})
	want(clerk, "false false: "+clerks)
	admin.JSON(http.MethodPut, "/departments/"+department.ID.String()+"/heads", map[string]any{"personIds": []kernel.ID{headID}}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	want(head, "false false: todo delegate "+clerks)
	admin.JSON(http.MethodPut, "/people/"+headID.String()+"/administrator", map[string]any{"administrator": true}).Want(http.StatusOK)
	want(admin, "false false: ✓people ✓departments ✓heads ✓roles ✓holidays senders "+clerks)

	room := kernel.NewID()
	clerk.JSON(http.MethodPost, "/rooms", map[string]any{"id": room, "kind": "direct", "memberIds": []kernel.ID{headID}}).Want(http.StatusCreated)
	head.JSON(http.MethodPost, "/rooms/"+room.String()+"/messages", map[string]any{"id": kernel.NewID(), "kind": "text", "text": "欢迎"}).Want(http.StatusCreated)
	want(clerk, "false false: "+clerks)
	clerk.JSON(http.MethodPost, "/rooms/"+room.String()+"/messages", map[string]any{"id": kernel.NewID(), "kind": "text", "text": "您好"}).Want(http.StatusCreated)
	clerk.JSON(http.MethodPost, "/approvals", map[string]any{
		"id": kernel.NewID(), "form": "general", "values": map[string]any{"subject": "领钥匙", "content": "一把"},
		"approvers": map[string]any{"approvers": []kernel.ID{headID}},
	}).Want(http.StatusCreated)
	want(clerk, "false false: photo install channel ✓message ✓approval")
	mark(head, guide.Looked, true)
	if got := steps(head); !strings.Contains(got, "✓todo delegate") {
		t.Errorf("the head looked at 待办: %s", got)
	}
}

// What somebody was shown is kept for them, on each of their devices.
func TestWhatWasShownIsKept(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	_, clerk := admin.Staff(auth.NewPerson{Name: "文员", StaffNo: "C1"})
	mark(clerk, guide.Toured, true)
	mark(clerk, guide.Toured, true)
	mark(clerk, guide.Dismissed, true)
	mark(clerk, guide.Installed, true)
	phone := o.Browser(t)
	phone.SignIn("C1", officetest.Password).Want(http.StatusSeeOther)
	if got := steps(phone); got != "true true: photo ✓install channel message approval" {
		t.Errorf("on another device: %s", got)
	}
	mark(phone, guide.Dismissed, false)
	if got := steps(clerk); !strings.HasPrefix(got, "true false:") {
		t.Errorf("taken back: %s", got)
	}
	if got := steps(admin); !strings.HasPrefix(got, "false false:") {
		t.Errorf("the administrator was shown nothing: %s", got)
	}
	clerk.JSON(http.MethodPut, "/me/guide", map[string]any{"mark": "owner", "on": true}).Want(http.StatusUnprocessableEntity)
}
