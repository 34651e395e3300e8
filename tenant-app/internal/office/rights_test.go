package office_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// Who loses the right to chat finds no message, and reads and hands in no file of one,
// also where they had one open.
func TestWithoutTheRightNothingOfAModuleIsLeft(t *testing.T) {
	w := newWalk(t)
	file := w.fileInRoom("报价单")
	w.o.Wait(2 * time.Second)
	w.o.Settle(t)
	found := func() (n int) {
		var page struct{ Items []struct{ Kind string } }
		w.clerk.b.JSON(http.MethodGet, "/search?q="+url.QueryEscape("报价单"), nil).Want(http.StatusOK).Into(&page)
		return len(page.Items)
	}
	content := "/files/" + file.String() + "/x.txt"
	if n := found(); n != 1 {
		t.Fatalf("with the right %d are found", n)
	}
	w.clerk.b.Get(content).Want(http.StatusOK)

	w.staffWithout("chat.use")
	if n := found(); n != 0 {
		t.Errorf("without the right %d are found", n)
	}
	w.clerk.b.Get(content).Want(http.StatusNotFound)
	w.clerk.b.JSON(http.MethodPost, "/files", newFile("y.txt", nil)).Want(http.StatusUnprocessableEntity)
	w.clerk.b.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusForbidden)
}

// Nobody names a person whom they may not see: not into a room, not into an approval, not
// as 对接人.
func TestWhoIsNotSeenCannotBeNamed(t *testing.T) {
	w := newWalk(t)
	guest, other := w.attackers[1], w.attackers[2]
	for _, unseen := range []kernel.ID{other.id, guest.id, kernel.NewID()} { // whom the clerk may not make a 对接人
		code := w.clerk.b.JSON(http.MethodPut, "/guests/"+guest.id.String()+"/liaison", map[string]any{"personId": unseen}, officetest.H("If-Match", "*")).
			Want(http.StatusUnprocessableEntity).Code()
		if code != "person_unknown" {
			t.Errorf("a 对接人 is refused with %s", code)
		}
	}
	for _, unseen := range []kernel.ID{w.colleague.id, guest.id, kernel.NewID()} {
		for path, body := range map[string]map[string]any{
			"/rooms":     {"id": kernel.NewID(), "kind": "direct", "memberIds": []kernel.ID{unseen}},
			"/approvals": {"id": kernel.NewID(), "form": "general", "values": map[string]any{"subject": "x", "content": "y"}, "approvers": map[string]any{"approvers": []kernel.ID{unseen}}},
		} {
			if code := other.b.JSON(http.MethodPost, path, body).Want(http.StatusUnprocessableEntity).Code(); code != "person_unknown" {
				t.Errorf("POST %s refuses with %s", path, code)
			}
		}
	}
}

// staffWithout takes a right from all who work here.
func (w *walk) staffWithout(right string) {
	w.t.Helper()
	var roles struct{ Items []authz.Role }
	w.admin.b.JSON(http.MethodGet, "/roles", nil).Want(http.StatusOK).Into(&roles)
	for _, role := range roles.Items {
		if role.Key != authz.Staff {
			continue
		}
		left := []authz.RoleRight{}
		for _, cell := range role.Rights {
			if cell.Right != right {
				left = append(left, cell)
			}
		}
		w.admin.b.JSON(http.MethodPut, "/roles/"+role.ID.String()+"/rights", map[string]any{"rights": left}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	}
}
