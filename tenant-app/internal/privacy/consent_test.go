package privacy_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

var inPath = regexp.MustCompile(`\{\w+\}`)

// undecided is somebody who signed in and was asked nothing yet.
func undecided(t *testing.T, o *officetest.Office, admin *officetest.Browser, person auth.NewPerson) (kernel.ID, *officetest.Browser) {
	t.Helper()
	id, b := o.Person(t, person), o.Browser(t)
	b.Undecided = true
	b.Activate(admin.Invite(id).Code, officetest.Password).Want(http.StatusSeeOther)
	return id, b
}

// refused calls everything that the app has and wants each refused with the code, but
// what people need before.
func refused(t *testing.T, o *officetest.Office, b *officetest.Browser) {
	t.Helper()
	open := map[string]bool{"get-me": true, "sign-out": true}
	for _, op := range o.App.Server.Operations() {
		if open[op.ID] || op.Access == httpapi.Public {
			continue
		}
		path := inPath.ReplaceAllLiteralString(op.Path, kernel.NewID().String())
		if reply := b.JSON(op.Method, path, nil); reply.Status != http.StatusForbidden || reply.Code() != "consent_needed" {
			t.Errorf("%s %s answers %d without consent: %s", op.Method, op.Path, reply.Status, reply.Body)
		}
	}
	for _, path := range []string{"/files/" + kernel.NewID().String() + "/x.pdf", "/files/avatars/" + kernel.NewID().String() + "/x.jpg", "/files/x", "/api/v1/none"} {
		if reply := b.Get(path); reply.Status != http.StatusForbidden || !strings.Contains(reply.Body, contract.PathConsent) {
			t.Errorf("GET %s answers %d without consent: %s", path, reply.Status, reply.Body)
		}
	}
	for _, path := range []string{"/", "/chat/x", "/anything.new/y"} {
		reply := b.Get(path).Want(http.StatusSeeOther)
		if to := reply.Header.Get("Location"); to != contract.PathConsent+"?next="+url.QueryEscape(path) {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

func needed(t *testing.T, b *officetest.Browser) bool {
	t.Helper()
	var me auth.Me
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&me)
	return me.ConsentNeeded
}

func TestNothingWorksBeforeConsent(t *testing.T) {
	o := officetest.Start(t, officetest.WithBucket)
	admin := o.Administrator(t)
	_, clerk := undecided(t, o, admin, auth.NewPerson{Name: "文员", StaffNo: "C1"})
	if !needed(t, clerk) {
		t.Error("who never agreed is not told to")
	}
	refused(t, o, clerk)
	page := clerk.Get(contract.PathConsent + "?next=/todo").Want(http.StatusOK)
	for _, want := range []string{"云杉科技有限公司", "王芳 13800000001", `name="next" value="/todo"`, "暂不同意", "第 1 版"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page on which people agree lacks %q", want)
		}
	}
	reply := clerk.Form(contract.PathConsent, url.Values{"answer": {"agree"}, "edition": {"1"}, "next": {"/todo"}}).Want(http.StatusSeeOther)
	if to := reply.Header.Get("Location"); to != "/todo" || needed(t, clerk) {
		t.Errorf("who agreed is sent to %s", to)
	}
	clerk.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusOK)
	clerk.Live()
	clerk.Agree().Want(http.StatusSeeOther) // again: nothing changes
	var rows int
	o.Scan(t, "SELECT count(*) FROM consent c JOIN person p ON p.id = c.person_id WHERE p.name = '文员' AND c.address = '203.0.113.7'", &rows)
	if rows != 1 {
		t.Errorf("%d rows tell that the clerk agreed, want 1", rows)
	}
}

// An outsider agrees as everybody does.
func TestGuestsAgreeToo(t *testing.T) {
	o := officetest.Start(t, officetest.WithBucket)
	admin := o.Administrator(t)
	var organisation, guest struct{ ID kernel.ID }
	admin.JSON(http.MethodPost, "/external-organisations", map[string]any{"name": "供应商甲", "kind": "supplier"}).Want(http.StatusCreated).Into(&organisation)
	admin.JSON(http.MethodPost, "/guests", map[string]any{
		"name": "来客", "mail": "guest@supplier.example", "organisationId": organisation.ID, "until": o.Now().AddDate(0, 1, 0),
	}).Want(http.StatusCreated).Into(&guest)
	var made auth.Invitation
	admin.JSON(http.MethodPost, "/guests/"+guest.ID.String()+"/invitation", nil).Want(http.StatusCreated).Into(&made)
	b := o.Browser(t)
	b.Undecided = true
	b.Activate(made.Code, officetest.Password).Want(http.StatusSeeOther)
	refused(t, o, b)
	b.Agree().Want(http.StatusSeeOther)
	b.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusOK)
}

// A new edition is one that is higher than what people agreed to: here theirs is made
// lower, as a release before would have left it.
func TestANewEditionAsksAgain(t *testing.T) {
	o := officetest.Start(t, officetest.WithBucket)
	admin := o.Administrator(t)
	_, clerk := admin.Staff(auth.NewPerson{Name: "文员", StaffNo: "C1"})
	clerk.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusOK)
	o.Exec(t, "UPDATE consent SET edition = edition - 1")
	refused(t, o, clerk)
	clerk.Agree().Want(http.StatusSeeOther)
	clerk.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusOK)
	var rows int
	o.Scan(t, "SELECT count(*) FROM consent c JOIN person p ON p.id = c.person_id WHERE p.name = '文员'", &rows)
	if rows != 2 {
		t.Errorf("%d agreements are kept of the clerk, want both", rows)
	}
}

func TestNobodyAgreesToWhatTheyDidNotSee(t *testing.T) {
	o := officetest.Start(t)
	_, clerk := undecided(t, o, o.Administrator(t), auth.NewPerson{Name: "文员", StaffNo: "C1"})
	for _, edition := range []string{"0", "2", "", "x", "1 OR 1=1"} {
		reply := clerk.Form(contract.PathConsent, url.Values{"answer": {"agree"}, "edition": {edition}}).Want(http.StatusConflict)
		if !strings.Contains(reply.Body, "协议刚刚更新") {
			t.Errorf("edition %q is refused without a reason: %s", edition, reply.Body)
		}
	}
	clerk.Form(contract.PathConsent, url.Values{"answer": {"yes please"}, "edition": {"1"}}).Want(http.StatusBadRequest)
	clerk.Form(contract.PathConsent, url.Values{"answer": {"agree"}, "edition": {"1"}}, officetest.H("Origin", "https://evil.example")).Want(http.StatusForbidden)
	if !needed(t, clerk) {
		t.Error("the clerk agreed to something")
	}
}

// Who refuses reads on, asks, or signs out: no dead end, no loop.
func TestRefusalHasAWayOn(t *testing.T) {
	o := officetest.Start(t)
	_, clerk := undecided(t, o, o.Administrator(t), auth.NewPerson{Name: "文员", StaffNo: "C1"})
	to := clerk.Form(contract.PathConsent, url.Values{"answer": {"refuse"}, "next": {"/todo"}}).Want(http.StatusSeeOther).Header.Get("Location")
	page := clerk.Get(to).Want(http.StatusOK)
	for _, want := range []string{"退出登录", "tel:13800000001", "不影响您依法享有的劳动权利", contract.PathConsent + "?lang=zh-CN&amp;next=%2Ftodo"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("who refuses does not see %q: %s", want, page.Body)
		}
	}
	for _, path := range []string{auth.PathTerms, auth.PathPolicy, contract.PathConsent} {
		clerk.Get(path).Want(http.StatusOK)
		o.Browser(t).Get(auth.PathTerms).Want(http.StatusOK) // nobody signed in
	}
	clerk.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusForbidden)
	clerk.Form(contract.PathConsent, url.Values{"answer": {"leave"}}).Want(http.StatusSeeOther)
	clerk.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	if to := clerk.Get(contract.PathConsent).Want(http.StatusSeeOther).Header.Get("Location"); to != "/login" {
		t.Errorf("who is not signed in is sent to %s", to)
	}
}

func TestWithdrawingSignsOutEverywhere(t *testing.T) {
	o := officetest.Start(t)
	_, clerk := o.Administrator(t).Staff(auth.NewPerson{Name: "文员", StaffNo: "C1"})
	phone := o.Browser(t)
	phone.SignIn("C1", officetest.Password).Want(http.StatusSeeOther)
	stream := phone.Live()
	if page := clerk.Get(contract.PathConsent).Want(http.StatusOK); !strings.Contains(page.Body, "同意第 1 版") {
		t.Errorf("the page does not say that the clerk agreed: %s", page.Body)
	}
	clerk.Form(contract.PathConsent, url.Values{"answer": {"withdraw"}}).Want(http.StatusOK)
	stream.Drain() // fails if it does not end
	for _, b := range []*officetest.Browser{clerk, phone} {
		b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	}
	phone.Undecided = true
	phone.SignIn("C1", officetest.Password).Want(http.StatusSeeOther)
	phone.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusForbidden)
	phone.Agree().Want(http.StatusSeeOther)
	phone.JSON(http.MethodGet, "/rooms", nil).Want(http.StatusOK)
}
