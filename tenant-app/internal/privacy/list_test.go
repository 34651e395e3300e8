package privacy_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/exchange"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/privacy"
)

// listed is the list as an administrator sees it, over all its pages.
func listed(b *officetest.Browser, query string) []string {
	out := []string{}
	for cursor := ""; ; {
		var page kernel.Page[privacy.ConsentRecord]
		b.JSON(http.MethodGet, "/consents?limit=2&cursor="+cursor+query, nil).Want(http.StatusOK).Into(&page)
		for _, r := range page.Items {
			out = append(out, fmt.Sprintf("%s %s %d", r.Name, r.State, r.Edition))
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func TestAdministratorsSeeWhoAgreedToWhat(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	_, a := admin.Staff(auth.NewPerson{Name: "阿一", StaffNo: "C1"})
	_, b := admin.Staff(auth.NewPerson{Name: "阿二", StaffNo: "C2"})
	undecided(t, o, admin, auth.NewPerson{Name: "阿三", StaffNo: "C3"})
	left, _ := admin.Staff(auth.NewPerson{Name: "阿四", StaffNo: "C4"})
	o.Exec(t, "UPDATE consent SET edition = 0 WHERE person_id IN (SELECT id FROM person WHERE name IN ('阿一', '阿四'))")
	a.Agree().Want(http.StatusSeeOther)
	b.Form(contract.PathConsent, url.Values{"answer": {"withdraw"}}).Want(http.StatusOK)
	admin.JSON(http.MethodPost, "/people/"+left.String()+"/deactivate", nil, officetest.H("If-Match", "*")).Want(http.StatusOK)

	all := listed(admin, "")
	want := []string{"王芳 agreed 1", "阿一 agreed 1", "阿一 outdated 0", "阿三 unasked 0", "阿二 withdrawn 1", "阿四 outdated 0"} // as sort sorts
	slices.Sort(all)
	if !slices.Equal(all, want) {
		t.Errorf("listed %v\nwant   %v", all, want)
	}
	open := listed(admin, "&open=true")
	slices.Sort(open)
	if want := []string{"阿三 unasked 0", "阿二 withdrawn 1"}; !slices.Equal(open, slices.Sorted(slices.Values(want))) {
		t.Errorf("not yet agreed: %v, want %v", open, want)
	}
	if found := listed(admin, "&q="+url.QueryEscape("阿一")); len(found) != 2 {
		t.Errorf("found %v", found)
	}
	for _, format := range []string{"csv", "xlsx"} {
		reply := admin.JSON(http.MethodGet, "/consents/export?format="+format, nil).Want(http.StatusOK)
		lines, err := exchange.Read([]byte(reply.Body))
		if err != nil || len(lines) != 1+len(all) || lines[0].Cell(5) != "同意时间" {
			t.Errorf("%s: %v %v", format, lines, err)
		}
		if name := reply.Header.Get("Content-Disposition"); !strings.Contains(name, "."+format) {
			t.Errorf("%s is called %s", format, name)
		}
	}
	a.JSON(http.MethodGet, "/consents", nil).Want(http.StatusForbidden)
	a.JSON(http.MethodGet, "/consents/export", nil).Want(http.StatusForbidden)
	admin.JSON(http.MethodGet, "/consents?cursor=bm9wZQ", nil).Want(http.StatusBadRequest)
}

// Each text exists in both languages with the same parts, and nothing is left to be
// filled in.
func TestTextsAreCompleteInBothLanguages(t *testing.T) {
	for _, name := range []string{privacy.Summary, privacy.Terms, privacy.Policy} {
		names := privacy.Names{Company: "云杉科技有限公司", Contact: "王芳 13800000001"}
		zh, en := privacy.Text(name, kernel.ZhCN, names), privacy.Text(name, kernel.En, names)
		if len(zh.Blocks) != len(en.Blocks) || zh.Title == "" || en.Title == "" {
			t.Errorf("%s has %d parts in Chinese, %d in English", name, len(zh.Blocks), len(en.Blocks))
			continue
		}
		for i := range zh.Blocks {
			a, b := zh.Blocks[i], en.Blocks[i]
			if (a.Heading == "") != (b.Heading == "") || len(a.Items) != len(b.Items) {
				t.Errorf("%s: part %d differs: %+v %+v", name, i, a, b)
			}
		}
		for _, whole := range []string{fmt.Sprint(zh), fmt.Sprint(en)} {
			if strings.ContainsAny(whole, "{#") && strings.Contains(whole, "{company") || !strings.Contains(whole, names.Company) || !strings.Contains(whole, names.Contact) {
				t.Errorf("%s is not filled in: %s", name, whole)
			}
		}
		if text := fmt.Sprint(privacy.Text(name, kernel.En, privacy.Names{Company: "Acme"})); !strings.Contains(text, "your company's administrator") {
			t.Errorf("%s names nobody to turn to: %s", name, text)
		}
	}
}
