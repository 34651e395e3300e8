//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"atrium.dev/atrium/tenant-app/contract"
)

// The first administrator of each company that these tests make.
const (
	adminName     = "王立新"
	adminPhone    = "13911112222"
	adminPassword = "spruce-in-the-snow-7"
)

// activate uses the company's first link and returns its signed-in administrator.
func (c company) activate(t testing.TB) *visitor {
	t.Helper()
	link, err := url.Parse(c.firstLink(t))
	if err != nil {
		t.Fatal(err)
	}
	v := visitorAt(link.Scheme + "://" + link.Host)
	v.submit(t, link.RequestURI(), map[string]string{"name": adminName, "phone": adminPhone, "password": adminPassword, "repeat": adminPassword})
	v.agree(t)
	return v
}

// signIn signs the administrator in at the company's sign-in page.
func (c company) signIn(t testing.TB) *visitor {
	t.Helper()
	tenant, err := c.tenant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := visitorAt(tenant.Status.URL)
	v.submit(t, "/login", map[string]string{"name": adminPhone, "password": adminPassword})
	v.agree(t)
	return v
}

// submit fills in the form on a page and sends it, as a browser without scripts
// would.
func (v *visitor) submit(t testing.TB, path string, typed map[string]string) {
	t.Helper()
	page := v.get(t, path)
	if page.status != http.StatusOK {
		t.Fatalf("%s%s answers %d: %s", v.origin, strings.SplitN(path, "?", 2)[0], page.status, page.body)
	}
	action, fields := form(t, page.body)
	for name, value := range typed {
		if !fields.Has(name) {
			t.Fatalf("the form at %s%s has no field %s", v.origin, strings.SplitN(path, "?", 2)[0], name)
		}
		fields.Set(name, value)
	}
	if action == "" {
		action = path
	}
	a, err := v.send(t.Context(), http.MethodPost, action, "", "application/x-www-form-urlencoded", []byte(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusSeeOther && a.status != http.StatusFound {
		t.Fatalf("POST %s%s answers %d, want a redirect: %s", v.origin, strings.SplitN(action, "?", 2)[0], a.status, a.body)
	}
	if len(v.cookies) == 0 {
		t.Fatalf("POST %s%s set no cookie", v.origin, strings.SplitN(action, "?", 2)[0])
	}
}

// agree agrees to the company's texts, if the app asks for it: the first form there.
func (v *visitor) agree(t testing.TB) {
	t.Helper()
	if page := v.get(t, "/"); page.status == http.StatusSeeOther && strings.HasPrefix(page.header.Get("Location"), contract.PathConsent) {
		v.submit(t, contract.PathConsent, nil)
	}
}

// form reads the first form that is sent by POST: where to, and its fields with the
// values that they have already.
func form(t testing.TB, page string) (string, url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(n *html.Node, key string) string {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val
			}
		}
		return ""
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || !strings.EqualFold(attribute(n, "method"), "post") {
			continue
		}
		fields := url.Values{}
		for field := range n.Descendants() {
			name, kind := attribute(field, "name"), attribute(field, "type")
			if field.Data == "input" && name != "" && kind != "checkbox" && kind != "submit" {
				fields.Set(name, attribute(field, "value"))
			}
		}
		return attribute(n, "action"), fields
	}
	t.Fatalf("the page has no form: %s", page)
	return "", nil
}

// addPerson adds somebody to the directory. The same name is the same call: it may
// be repeated until it is acknowledged.
func (v *visitor) addPerson(ctx context.Context, name string) error {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return err
	}
	a, err := v.send(ctx, http.MethodPost, "/api/v1/people", fmt.Sprintf("add-%x", name), "application/json", body)
	if err == nil && a.status/100 != 2 {
		err = fmt.Errorf("add %s: %d %s", name, a.status, a.body)
	}
	return err
}
