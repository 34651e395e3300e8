package directory_test

import (
	"net/http"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// invited is a guest of a colleague's, signed in.
func invited(o *officetest.Office, t *testing.T, by *officetest.Browser, until time.Duration) (directory.Guest, *officetest.Browser) {
	t.Helper()
	var company directory.Organisation
	by.JSON(http.MethodPost, "/external-organisations", object{"name": "供应商甲", "kind": "supplier"}).Want(http.StatusCreated).Into(&company)
	var guest directory.Guest
	by.JSON(http.MethodPost, "/guests", object{
		"name": "来客", "mail": "guest@supplier.example", "organisationId": company.ID, "until": o.Now().Add(until),
	}).Want(http.StatusCreated).Into(&guest)
	var made auth.Invitation
	by.JSON(http.MethodPost, "/guests/"+guest.ID.String()+"/invitation", nil).Want(http.StatusCreated).Into(&made)
	b := o.Browser(t)
	b.Activate(made.Code, officetest.Password).Want(http.StatusSeeOther)
	return guest, b
}

func TestAGuestSeesTheirLiaisonAlone(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	rd := makeDepartment(admin, "研发中心", nil)
	liaison, clerk := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1", Phone: "+8613911110001"})
	admin.JSON(http.MethodPut, "/people/"+liaison.String()+"/posts", object{"posts": []object{{"departmentId": rd.ID}}}, at(1)).Want(http.StatusOK)
	other, stranger := admin.Staff(auth.NewPerson{Name: "外人", StaffNo: "B2"})
	guest, b := invited(o, t, clerk, 90*24*time.Hour)

	var page kernel.Page[directory.Person]
	b.JSON(http.MethodGet, "/people", nil).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 1 || page.Items[0].ID != liaison || page.Items[0].Phone == "" || page.Items[0].StaffNo != "" || len(page.Items[0].Posts) != 0 {
		t.Errorf("the guest sees %+v", page.Items)
	}
	var tree directory.Tree
	b.JSON(http.MethodGet, "/departments", nil).Want(http.StatusOK).Into(&tree)
	if len(tree.Departments) != 0 || tree.People != 1 {
		t.Errorf("the guest sees departments: %+v", tree)
	}
	b.JSON(http.MethodGet, "/people/"+other.String(), nil).Want(http.StatusNotFound)
	b.JSON(http.MethodGet, "/guests", nil).Want(http.StatusForbidden)

	// The liaison sees the guest as an outsider, other colleagues do not see them at all.
	var detail directory.PersonDetail
	clerk.JSON(http.MethodGet, "/people/"+guest.ID.String(), nil).Want(http.StatusOK).Into(&detail)
	if !detail.External {
		t.Errorf("the guest is shown as %+v", detail.PersonRef)
	}
	stranger.JSON(http.MethodGet, "/people/"+guest.ID.String(), nil).Want(http.StatusNotFound)
	stranger.JSON(http.MethodPost, "/guests/"+guest.ID.String()+"/end", nil, at(1)).Want(http.StatusNotFound)
	stranger.JSON(http.MethodPost, "/guests", object{
		"name": "别人的来客", "mail": "other@supplier.example", "organisationId": guest.Organisation.ID, "liaisonId": liaison, "until": o.Now().Add(time.Hour),
	}).Want(http.StatusNotFound)
}

func TestAGuestsAccessEnds(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	guest, b := invited(o, t, admin, 24*time.Hour)
	o.Wait(25 * time.Hour)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	again := o.Browser(t)
	again.SignIn("guest@supplier.example", officetest.Password).Want(http.StatusUnauthorized)
	for _, until := range []time.Time{o.Now().Add(-time.Hour), o.Now().AddDate(2, 0, 0)} {
		admin.JSON(http.MethodPatch, "/guests/"+guest.ID.String(), object{"until": until}, at(1)).Want(http.StatusUnprocessableEntity)
	}
	admin.JSON(http.MethodPatch, "/guests/"+guest.ID.String(), object{"until": o.Now().Add(time.Hour)}, at(1)).Want(http.StatusOK)
	again.SignIn("guest@supplier.example", officetest.Password).Want(http.StatusSeeOther)
	admin.JSON(http.MethodPost, "/guests/"+guest.ID.String()+"/end", nil, at(2)).Want(http.StatusOK)
	again.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
}

func TestALiaisonNamesASuccessorBeforeLeaving(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	liaison, clerk := admin.Staff(auth.NewPerson{Name: "李娜", StaffNo: "B1"})
	successor, _ := admin.Staff(auth.NewPerson{Name: "接班", StaffNo: "B2"})
	guest, b := invited(o, t, clerk, 90*24*time.Hour)
	leave := func() officetest.Reply {
		return admin.JSON(http.MethodPost, "/people/"+liaison.String()+"/deactivate", nil, at(1))
	}
	if got := leave().Want(http.StatusConflict).Code(); got != "liaison_has_guests" {
		t.Errorf("leaving is refused with %s", got)
	}
	var handed struct{ Guests int }
	clerk.JSON(http.MethodPost, "/people/"+liaison.String()+"/guests/hand-over", object{"personId": successor}).Want(http.StatusOK).Into(&handed)
	if handed.Guests != 1 {
		t.Errorf("%d guests were handed over", handed.Guests)
	}
	clerk.JSON(http.MethodGet, "/guests/"+guest.ID.String(), nil).Want(http.StatusNotFound)
	leave().Want(http.StatusOK)
	var page kernel.Page[directory.Person]
	b.JSON(http.MethodGet, "/people", nil).Want(http.StatusOK).Into(&page)
	if len(page.Items) != 1 || page.Items[0].ID != successor {
		t.Errorf("the guest sees %+v", page.Items)
	}
}
