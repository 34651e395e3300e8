package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func TestSessionCookieIsBoundToTheHost(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	own := o.Browser(t).SignIn("A001", officetest.Password).Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-atrium=", "Path=/", "Max-Age=2592000", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(own, want) {
			t.Errorf("cookie %q lacks %s", own, want)
		}
	}
	shared := o.Browser(t).Form("/login", url.Values{"name": {"A001"}, "password": {officetest.Password}, "shared": {"yes"}}).Header.Get("Set-Cookie")
	if strings.Contains(shared, "Max-Age") || strings.Contains(shared, "Expires") || strings.Contains(shared, "Domain") {
		t.Errorf("on a shared computer the cookie outlives the browser: %q", shared)
	}
}

func TestSessionsExpire(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	shared := o.Browser(t)
	shared.Form("/login", url.Values{"name": {"A001"}, "password": {officetest.Password}, "shared": {"yes"}}).Want(http.StatusSeeOther)
	o.Wait(8*time.Hour + time.Second)
	shared.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	o.Wait(21 * 24 * time.Hour)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	o.Wait(9 * 24 * time.Hour)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	if err := o.App.Auth.CleanUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	o.Scan(t, "SELECT count(*) FROM session", &left)
	if left != 0 {
		t.Errorf("%d expired sessions are left after the clean-up", left)
	}
}

func TestAStolenCookieIsWorthNothingAfterSigningOut(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	thief := o.Browser(t)
	thief.Steal(b.Token())
	thief.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	reply := b.JSON(http.MethodPost, "/sign-out", nil).Want(http.StatusNoContent)
	if cookie := reply.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=0") || b.Token() != "" {
		t.Errorf("signing out leaves the cookie: %q", cookie)
	}
	if got := thief.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized); got.Code() != "not_signed_in" {
		t.Errorf("code %s", got.Code())
	}
	thief.Get("/").Want(http.StatusSeeOther)
}

func TestRestoringEndsSessionsAndInvitations(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	id := o.Person(t, auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	made := b.Invite(id)
	o.Change(func(s *contract.Settings) { s.DataEpoch++ })
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	o.Browser(t).Activate(made.Code, officetest.Password).Want(http.StatusUnprocessableEntity)
}

func TestOnlyTheHashOfATokenIsKept(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	made := b.Invite(o.Person(t, auth.NewPerson{Name: "李雷", StaffNo: "B001"}))
	code := strings.ReplaceAll(made.Code, "-", "")
	for _, table := range []string{"session", "invitation", "account", "idempotency_key", "sign_in_attempt", "once"} {
		var all string
		o.Scan(t, "SELECT coalesce(string_agg(t::text, ' '), '') || coalesce((SELECT string_agg(encode(token_sha256, 'escape'), '') FROM session), '') FROM "+table+" t", &all)
		for _, secret := range []string{b.Token(), code, made.Code, officetest.Password, "13800000001"} {
			if strings.Contains(all, secret) {
				t.Errorf("table %s holds %q", table, secret)
			}
		}
	}
}

func TestAPersonSeesAndEndsTheirDevices(t *testing.T) {
	o := officetest.Start(t)
	laptop := o.Administrator(t)
	phone := o.Browser(t)
	phone.Address = "198.51.100.9"
	phone.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	_, other := laptop.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})

	var list kernel.Page[auth.Session]
	laptop.JSON(http.MethodGet, "/sessions", nil).Want(http.StatusOK).Into(&list)
	if len(list.Items) != 2 {
		t.Fatalf("the administrator has %d sessions, want 2", len(list.Items))
	}
	var ofPhone kernel.ID
	for _, s := range list.Items {
		if !s.Current {
			ofPhone = s.ID
			if s.Address != "198.51.100.9" || s.UserAgent != "officetest" {
				t.Errorf("the phone's session is %+v", s)
			}
		}
	}
	other.JSON(http.MethodDelete, "/sessions/"+ofPhone.String(), nil).Want(http.StatusNotFound)
	phone.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	laptop.JSON(http.MethodDelete, "/sessions/"+ofPhone.String(), nil).Want(http.StatusNoContent)
	phone.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)

	phone.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	laptop.JSON(http.MethodDelete, "/sessions", nil).Want(http.StatusNoContent)
	phone.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	laptop.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	other.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
}

func TestSigningInAgainReplacesTheBrowsersSession(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	former := b.Token()
	b.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	if b.Token() == former {
		t.Error("the session kept its token")
	}
	thief := o.Browser(t)
	thief.Steal(former)
	thief.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
}

func TestDeactivatedPeopleAreOutAtOnce(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, b := admin.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	o.Exec(t, "UPDATE person SET deactivated_at = now() WHERE id = ?", id)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	admin.JSON(http.MethodPost, "/people/"+id.String()+"/invitation", nil).Want(http.StatusConflict)
}

func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	other := o.Browser(t)
	other.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	change := func(current, next string) officetest.Reply {
		return b.JSON(http.MethodPost, "/me/password", map[string]string{"current": current, "password": next})
	}
	if got := change("not the password", "another long sentence").Want(http.StatusUnprocessableEntity); got.Code() != "password_wrong" {
		t.Errorf("code %s", got.Code())
	}
	if got := change(officetest.Password, "tooshort").Want(http.StatusUnprocessableEntity); got.Code() != "password_too_short" {
		t.Errorf("code %s", got.Code())
	}
	change(officetest.Password, "another long sentence").Want(http.StatusNoContent)
	change(officetest.Password, "another long sentence").Want(http.StatusNoContent) // repeated, its work is done
	other.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	o.Browser(t).SignIn("A001", officetest.Password).Want(http.StatusUnauthorized)
	o.Browser(t).SignIn("A001", "another long sentence").Want(http.StatusSeeOther)
}

func TestGuessingTheOwnPasswordIsLimited(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	o.Wait(time.Second)
	b.JSON(http.MethodPost, "/me/password", map[string]string{"current": "guess", "password": "another long sentence"}).Want(http.StatusUnprocessableEntity)
	o.Exec(t, "UPDATE sign_in_attempt SET attempts = 100")
	b.JSON(http.MethodPost, "/me/password", map[string]string{"current": officetest.Password, "password": "another long sentence"}).Want(http.StatusTooManyRequests)
}

func TestActivationAndResetByCode(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id := o.Person(t, auth.NewPerson{Name: "韩梅梅", StaffNo: "B001"})
	first := admin.Invite(id)
	second := admin.Invite(id)
	if second.Reset || !strings.HasPrefix(second.URL, o.URL+"/auth/activate?token=") {
		t.Errorf("invitation %+v", second)
	}
	o.Browser(t).Activate(first.Code, officetest.Password).Want(http.StatusUnprocessableEntity) // replaced
	path := strings.TrimPrefix(second.URL, o.URL)
	if page := o.Browser(t).Get(path).Want(http.StatusOK); !strings.Contains(page.Body, "韩梅梅") || !strings.Contains(page.Body, second.Code) {
		t.Errorf("the link's page greets nobody: %s", page.Body)
	}
	b := o.Browser(t)
	typed := strings.ToLower(strings.NewReplacer("-", " ", "0", "o", "1", "l").Replace(second.Code))
	b.Activate(typed, officetest.Password).Want(http.StatusSeeOther)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	o.Browser(t).Activate(second.Code, "another long sentence").Want(http.StatusUnprocessableEntity) // used

	reset := admin.Invite(id)
	if !reset.Reset {
		t.Error("the second invitation does not say that it resets")
	}
	o.Browser(t).SignIn("B001", officetest.Password).Want(http.StatusSeeOther) // still valid until used
	o.Wait(25 * time.Hour)
	o.Browser(t).Activate(reset.Code, "another long sentence").Want(http.StatusUnprocessableEntity) // too late
	o.Browser(t).Activate(admin.Invite(id).Code, "another long sentence").Want(http.StatusSeeOther)
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	o.Browser(t).SignIn("B001", officetest.Password).Want(http.StatusUnauthorized)
	o.Browser(t).SignIn("B001", "another long sentence").Want(http.StatusSeeOther)
}

func TestACodeUsedTwiceAtOnceWorksOnce(t *testing.T) {
	o := officetest.Start(t)
	made := o.Administrator(t).Invite(o.Person(t, auth.NewPerson{Name: "韩梅梅", StaffNo: "B001"}))
	var all sync.WaitGroup
	statuses := make([]int, 4)
	for i := range statuses {
		b := o.Browser(t)
		all.Go(func() { statuses[i] = b.Activate(made.Code, officetest.Password).Status })
	}
	all.Wait()
	entered := 0
	for _, status := range statuses {
		if status == http.StatusSeeOther {
			entered++
		}
	}
	if entered != 1 {
		t.Errorf("a code used four times at once: %v", statuses)
	}
}

func TestGuessingCodesIsLimited(t *testing.T) {
	o := officetest.Start(t)
	made := o.Administrator(t).Invite(o.Person(t, auth.NewPerson{Name: "韩梅梅", StaffNo: "B001"}))
	b := o.Browser(t)
	b.Activate("0000-0000-0000", officetest.Password).Want(http.StatusUnprocessableEntity)
	o.Exec(t, "UPDATE sign_in_attempt SET attempts = 200")
	b.Activate("0000-0000-0001", officetest.Password).Want(http.StatusTooManyRequests)
	b.Activate(made.Code, officetest.Password).Want(http.StatusSeeOther) // the right one is no guess
}

func TestAdministrationIsForAdministrators(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	id, staff := admin.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	me := "/people/" + id.String()
	staff.JSON(http.MethodGet, me+"/account", nil).Want(http.StatusForbidden)
	staff.JSON(http.MethodPost, me+"/invitation", nil).Want(http.StatusForbidden)
	staff.JSON(http.MethodPut, me+"/administrator", map[string]bool{"administrator": true}).Want(http.StatusForbidden)
	o.Browser(t).JSON(http.MethodPut, me+"/administrator", map[string]bool{"administrator": true}).Want(http.StatusUnauthorized)

	var account auth.Account
	admin.JSON(http.MethodGet, me+"/account", nil).Want(http.StatusOK).Into(&account)
	if account.State != auth.StateActive || account.Administrator || account.SessionsNow != 1 {
		t.Errorf("account %+v", account)
	}
	admin.JSON(http.MethodPut, me+"/administrator", map[string]bool{"administrator": true}).Want(http.StatusOK)
	staff.JSON(http.MethodGet, me+"/account", nil).Want(http.StatusOK) // at once
	admin.JSON(http.MethodDelete, me+"/sessions", nil).Want(http.StatusNoContent)
	staff.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	admin.JSON(http.MethodGet, "/people/"+kernel.NewID().String()+"/account", nil).Want(http.StatusNotFound)
}

func TestTheLastAdministratorStays(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	var me auth.Me
	admin.JSON(http.MethodGet, "/me", nil).Into(&me)
	resign := func(b *officetest.Browser, id kernel.ID) officetest.Reply {
		return b.JSON(http.MethodPut, "/people/"+id.String()+"/administrator", map[string]bool{"administrator": false})
	}
	if got := resign(admin, me.PersonID).Want(http.StatusConflict); got.Code() != "last_administrator" {
		t.Errorf("code %s", got.Code())
	}
	id, second := admin.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	admin.JSON(http.MethodPut, "/people/"+id.String()+"/administrator", map[string]bool{"administrator": true}).Want(http.StatusOK)
	var all sync.WaitGroup
	statuses := make([]int, 2)
	all.Go(func() { statuses[0] = resign(admin, me.PersonID).Status })
	all.Go(func() { statuses[1] = resign(second, id).Status })
	all.Wait()
	var left int
	o.Scan(t, "SELECT count(*) FROM role_grant g JOIN role r ON r.id = g.role_id WHERE r.key = 'administrator'", &left)
	if left != 1 {
		t.Errorf("two administrators resigned at once (%v): %d are left", statuses, left)
	}
	// One who was deactivated does not count.
	o.Exec(t, "DELETE FROM role_grant WHERE grantee_kind = 'person'")
	for _, person := range []kernel.ID{me.PersonID, id} {
		o.Exec(t, "INSERT INTO role_grant (id, role_id, grantee_kind, grantee_id, created_at) SELECT gen_random_uuid(), id, 'person', ?, now() FROM role WHERE key = 'administrator'", person)
	}
	o.Exec(t, "UPDATE person SET deactivated_at = now() WHERE id = ?", id)
	resign(admin, me.PersonID).Want(http.StatusConflict)
}

func TestTheLanguageIsKept(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	var me auth.Me
	b.JSON(http.MethodPatch, "/me", map[string]string{"locale": "en"}).Want(http.StatusOK).Into(&me)
	if me.Locale != "en" {
		t.Errorf("locale %s", me.Locale)
	}
	b.JSON(http.MethodPatch, "/me", map[string]string{"locale": "fr"}).Want(http.StatusUnprocessableEntity)
	b.JSON(http.MethodGet, "/me", nil).Into(&me)
	if me.Locale != "en" {
		t.Errorf("locale %s", me.Locale)
	}
}
