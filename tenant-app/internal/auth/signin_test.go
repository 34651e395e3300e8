package auth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

func TestSignInByPhoneStaffNumberOrMail(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	for _, name := range []string{
		"13800000001", "+86 138-0000-0001", "１３８０００００００１", "A001", "a001", " wang@acme.example ", "WANG@ACME.EXAMPLE",
	} {
		b := o.Browser(t)
		reply := b.SignIn(name, officetest.Password)
		if reply.Status != http.StatusSeeOther || reply.Header.Get("Location") != "/" {
			t.Errorf("sign-in as %q answers %d: %s", name, reply.Status, reply.Body)
			continue
		}
		var me auth.Me
		b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&me)
		if me.Name != "王芳" || !slices.Contains(me.Rights, "rights.manage") || me.Company != "云杉科技有限公司" || me.Locale != "zh-CN" {
			t.Errorf("signed in as %q, /me is %+v", name, me)
		}
	}
}

// What does not work must look the same whatever the cause.
func TestRefusalsDoNotTellWhetherAnAccountExists(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	o.Person(t, auth.NewPerson{Name: "从未激活", StaffNo: "B002"})
	left, _ := admin.Staff(auth.NewPerson{Name: "已离职", StaffNo: "B003"})
	o.Exec(t, "UPDATE person SET deactivated_at = now() WHERE id = ?", left)
	var want string
	for _, try := range []struct{ name, password string }{
		{"13900000009", "no such person, at all"},
		{"wang@acme.example", "a wrong password, that is"},
		{"B002", officetest.Password},
		{"B003", officetest.Password},
		{"不是账号 ☃", "whatever it may be"},
	} {
		reply := o.Browser(t).SignIn(try.name, try.password)
		if reply.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", try.name, reply.Status)
		}
		page := withoutNonce(strings.ReplaceAll(reply.Body, try.name, "NAME"))
		if want == "" {
			want = page
		}
		if page != want {
			t.Errorf("%s: the page differs from that of a wrong name:\n%s", try.name, page)
		}
		if reply.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: sets a cookie", try.name)
		}
	}
	if !strings.Contains(want, "账号或密码不正确") {
		t.Errorf("the page does not say what is wrong: %s", want)
	}
}

func withoutNonce(page string) string {
	_, rest, _ := strings.Cut(page, `nonce="`)
	nonce, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(page, nonce, "")
}

// Guessing one name from one address is stopped; the same person elsewhere, and
// others at the same address, are not. A name that does not exist locks the same.
func TestGuessingLocksANameAtAnAddress(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	_, _ = admin.Staff(auth.NewPerson{Name: "李雷", StaffNo: "B001"})
	for _, name := range []string{"A001", "nobody-here"} {
		b := o.Browser(t)
		statuses := map[int]int{}
		for range 12 {
			statuses[b.SignIn(name, "guess after guess").Status]++
		}
		if statuses[http.StatusUnauthorized] != 8 || statuses[http.StatusTooManyRequests] != 4 {
			t.Errorf("%s: twelve guesses answer %v, want 8 refusals and then 4 locks", name, statuses)
		}
	}
	b := o.Browser(t)
	locked := b.SignIn("A001", officetest.Password)
	if locked.Status != http.StatusTooManyRequests || !strings.Contains(locked.Body, "15 分钟") {
		t.Errorf("the right password during the lock answers %d: %s", locked.Status, locked.Body)
	}
	b.SignIn("B001", officetest.Password).Want(http.StatusSeeOther)
	elsewhere := o.Browser(t)
	elsewhere.Address = "198.51.100.4"
	elsewhere.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)

	o.Wait(16 * time.Minute)
	o.Browser(t).SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
}

// Attempts are counted before they are checked: many at once are not more than
// many after one another.
func TestGuessingAtOnceIsCounted(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	var all sync.WaitGroup
	statuses := make([]int, 24)
	for i := range statuses {
		b := o.Browser(t)
		all.Go(func() { statuses[i] = b.SignIn("A001", "guess at the same time").Status })
	}
	all.Wait()
	wrong := 0
	for _, status := range statuses {
		if status == http.StatusUnauthorized {
			wrong++
		}
	}
	if wrong > 8 {
		t.Errorf("%d of 24 guesses at once were checked, at most 8 may be", wrong)
	}
}

// Many names from one address are stopped too, and a success in between does not
// buy more.
func TestGuessingManyNamesLocksTheAddress(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	b := o.Browser(t)
	b.SignIn("first-name", "guess").Want(http.StatusUnauthorized)
	o.Exec(t, "UPDATE sign_in_attempt SET attempts = 198")
	b.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	b.SignIn("second-name", "guess").Want(http.StatusUnauthorized)
	b.SignIn("third-name", "guess").Want(http.StatusUnauthorized)
	b.SignIn("other-name", "guess").Want(http.StatusTooManyRequests)
	b.SignIn("A001", officetest.Password).Want(http.StatusTooManyRequests)
}

func TestAnOfficeBehindOneAddressSignsInWithoutALock(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	b := o.Browser(t)
	for range 3 {
		b.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	}
	var counted int
	o.Scan(t, "SELECT coalesce(sum(attempts), 0) FROM sign_in_attempt", &counted)
	if counted != 0 {
		t.Errorf("%d attempts are counted after sign-ins that worked", counted)
	}
}

func TestNextLeadsOnlyIntoTheApp(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	for next, want := range map[string]string{
		"/people?q=%E7%8E%8B":           "/people?q=%E7%8E%8B",
		"/people/1#x":                   "/people/1",
		"":                              "/",
		"//evil.example":                "/",
		"/\\evil.example":               "/",
		"https://evil.example/":         "/",
		"https:evil.example":            "/",
		"javascript:alert(1)":           "/",
		"/\tevil":                       "/",
		"\x00/":                         "/",
		"people":                        "/",
		"/login?next=/login":            "/",
		"/api/v1/me":                    "/",
		"/%2F%2Fevil.example":           "/",
		"/%2fevil.example ":             "/",
		"///evil.example":               "/",
		"//":                            "/",
		"/" + strings.Repeat("a", 4000): "/",
	} {
		b := o.Browser(t)
		reply := b.Form("/login", url.Values{"name": {"A001"}, "password": {officetest.Password}, "next": {next}}).Want(http.StatusSeeOther)
		if got := reply.Header.Get("Location"); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
		again := b.Get("/login?" + url.Values{"next": {next}}.Encode()).Want(http.StatusSeeOther)
		if got := again.Header.Get("Location"); got != want {
			t.Errorf("signed in already, next=%q leads to %q, want %q", next, got, want)
		}
	}
}

func TestAnotherSitesPageCannotSignInOrOut(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	for what, headers := range map[string][]officetest.Header{
		"another site":                    {officetest.H("Sec-Fetch-Site", "cross-site"), officetest.H("Origin", "https://evil.example")},
		"another tenant of the same site": {officetest.H("Sec-Fetch-Site", "same-site"), officetest.H("Origin", "https://globex.example.com")},
		"an old browser on another site":  {officetest.H("Sec-Fetch-Site", ""), officetest.H("Origin", "https://evil.example")},
		"the same host in clear":          {officetest.H("Sec-Fetch-Site", ""), officetest.H("Origin", strings.Replace(o.URL, "https:", "http:", 1))},
		"a sandboxed frame":               {officetest.H("Sec-Fetch-Site", "cross-site"), officetest.H("Origin", "null")},
	} {
		if reply := o.Browser(t).Form("/login", url.Values{"name": {"A001"}, "password": {officetest.Password}}, headers...); reply.Status != http.StatusForbidden || reply.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s signs in: %d", what, reply.Status)
		}
		if reply := b.JSON(http.MethodPost, "/sign-out", nil, headers...); reply.Status != http.StatusForbidden || reply.Code() != "cross_origin" {
			t.Errorf("%s signs out: %d", what, reply.Status)
		}
	}
	b.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
}

func TestLoginPageSpeaksBothLanguagesAndKeepsItsBudget(t *testing.T) {
	o := officetest.Start(t)
	b := o.Browser(t)
	zh := b.Get("/login?next=/people").Want(http.StatusOK)
	for _, want := range []string{`lang="zh-CN"`, "手机号、工号或邮箱", "公用电脑", "王芳", "tel:13800000001", `name="next" value="/people"`, "English"} {
		if !strings.Contains(zh.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	en := b.Get("/login?lang=en").Want(http.StatusOK)
	names := strings.NewReplacer("云杉科技有限公司", "", "王芳", "", "中文", "", ">云<", "")
	if rest := names.Replace(en.Body); !strings.Contains(rest, "Phone, staff number or mail") || strings.ContainsFunc(rest, isHan) {
		t.Errorf("the English page is not English: %s", rest)
	}
	packed := b.Get("/login", officetest.H("Accept-Encoding", "gzip"))
	if packed.Header.Get("Content-Encoding") != "gzip" || len(packed.Body) > 25<<10 {
		t.Errorf("the login page has %d bytes (%s), at most 25 KiB", len(packed.Body), packed.Header.Get("Content-Encoding"))
	}
	t.Logf("login page: %d bytes gzip, everything in one answer", len(packed.Body))
	policy := zh.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self';") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: %s", policy)
	}
	if strings.Contains(zh.Body, "<script") || strings.Contains(zh.Body, " on") && strings.Contains(zh.Body, "onclick") {
		t.Error("the login page has scripts")
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func TestAStolenNameIsNotInTheLog(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	b := o.Browser(t)
	b.SignIn("my-password-typed-as-name", "hunter2-secret-word")
	b.SignIn("A001", officetest.Password).Want(http.StatusSeeOther)
	logs := o.Logs()
	for _, secret := range []string{"my-password-typed-as-name", "hunter2", officetest.Password, b.Token(), officetest.FirstToken} {
		if strings.Contains(logs, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	var kept string
	o.Scan(t, `SELECT string_agg(e::text, ' ') FROM audit_entry AS e`, &kept)
	for _, secret := range []string{"my-password-typed-as-name", "hunter2", officetest.Password, b.Token()} {
		if strings.Contains(kept, secret) {
			t.Errorf("the audit log holds %q", secret)
		}
	}
	for _, want := range []string{"first_administrator", "sign_in_wrong", "signed_in", "203.0.113.7"} {
		if !strings.Contains(kept, want) {
			t.Errorf("the audit log lacks %s", want)
		}
	}
}

func TestFirstAdministratorsLinkWorksExactlyOnce(t *testing.T) {
	o := officetest.Start(t)
	o.Browser(t).Get(contract.PathFirstAdmin + "?token=" + officetest.FirstToken).Want(http.StatusOK)
	form := func(token string, i int) url.Values {
		return url.Values{
			"token": {token}, "name": {"管理员"}, "phone": {fmt.Sprintf("1380000%04d", i)},
			"password": {officetest.Password}, "repeat": {officetest.Password},
		}
	}
	if reply := o.Browser(t).Form(contract.PathFirstAdmin, form("another token", 1)); reply.Status != http.StatusUnprocessableEntity {
		t.Fatalf("a wrong token answers %d", reply.Status)
	}
	var all sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		b := o.Browser(t)
		all.Go(func() { statuses[i] = b.Form(contract.PathFirstAdmin, form(officetest.FirstToken, i)).Status })
	}
	all.Wait()
	entered := 0
	for _, status := range statuses {
		if status == http.StatusSeeOther {
			entered++
		}
	}
	var administrators, people int
	o.Scan(t, "SELECT (SELECT count(*) FROM role_grant WHERE grantee_kind = 'person'), (SELECT count(*) FROM person)", &administrators, &people)
	if entered != 1 || administrators != 1 || people != 1 {
		t.Errorf("of six at once %d entered (%v); there are %d administrators and %d people", entered, statuses, administrators, people)
	}
	// A restarted app, and one whose only administrator is gone, keep it closed.
	o.Exec(t, "DELETE FROM role_grant WHERE grantee_kind = 'person'")
	again := officetest.StartIn(t, o.Tenant)
	reply := again.Browser(t).Form(contract.PathFirstAdmin, form(officetest.FirstToken, 77))
	if reply.Status != http.StatusUnprocessableEntity || !strings.Contains(reply.Body, "已使用") {
		t.Errorf("after a restart the link answers %d: %s", reply.Status, reply.Body)
	}
	if page := again.Browser(t).Get(contract.PathFirstAdmin + "?token=" + officetest.FirstToken); strings.Contains(page.Body, "<form") {
		t.Error("a used link still shows the form")
	}
}

func TestFirstAdministratorsFormSaysWhatIsWrong(t *testing.T) {
	o := officetest.Start(t)
	good := url.Values{"token": {officetest.FirstToken}, "name": {"王芳"}, "phone": {"13800000001"}, "password": {officetest.Password}, "repeat": {officetest.Password}}
	for _, c := range []struct{ field, value, want string }{
		{"name", " ", "请填写姓名"},
		{"phone", "123", "手机号格式不正确"},
		{"phone", "", "请至少填写"},
		{"mail", "not a mail", "邮箱格式不正确"},
		{"staffNo", "有空 格", "工号只能"},
		{"password", "different", "不一致"},
		{"password", "short", "至少需要 10 个字符"},
		{"password", "1234567890", "太常见"},
		{"password", "qwertyuiop", "太常见"},
		{"password", "13800000001", "不要使用您的姓名"},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(c.field, c.value)
		if c.field == "password" && c.value != "different" {
			form.Set("repeat", c.value)
		}
		b := o.Browser(t)
		reply := b.Form(contract.PathFirstAdmin, form)
		if reply.Status != http.StatusUnprocessableEntity || !strings.Contains(reply.Body, c.want) || b.Token() != "" {
			t.Errorf("%s=%q answers %d, want a page with %q", c.field, c.value, reply.Status, c.want)
		}
		if c.field == "password" && strings.Contains(reply.Body, `type="password" value`) {
			t.Errorf("the page gives the password back")
		}
	}
	o.Browser(t).Form(contract.PathFirstAdmin, good).Want(http.StatusSeeOther)
}

// The first administrator's link of one company opens nothing at another, and a
// session neither.
func TestASessionIsWorthNothingAtAnotherCompany(t *testing.T) {
	acme := officetest.Start(t)
	globex := officetest.StartIn(t, storetest.In(t, acme.Tenant.Admin))
	admin := acme.Administrator(t)
	globex.Administrator(t)
	admin.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK)
	thief := globex.Browser(t)
	thief.Steal(admin.Token())
	thief.JSON(http.MethodGet, "/me", nil).Want(http.StatusUnauthorized)
	thief.JSON(http.MethodPatch, "/me", map[string]string{"locale": "en"}).Want(http.StatusUnauthorized)
}
