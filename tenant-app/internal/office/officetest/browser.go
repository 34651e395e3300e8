package officetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/privacy"
)

// Browser keeps cookies, says where its requests come from, and does not follow
// redirects.
type Browser struct {
	Address   string // what the gateway tells of it
	Undecided bool   // does not agree to the texts by itself

	t      testing.TB
	office *Office
	client *http.Client
}

// Reply is an answer, read to its end.
type Reply struct {
	Status int
	Header http.Header
	Body   string

	t testing.TB
}

// Browser opens a browser that nobody has signed in with.
func (o *Office) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *o.server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{Address: "203.0.113.7", t: t, office: o, client: &client}
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// H makes a header.
func H(name, value string) Header { return Header{Name: name, Value: value} }

// Do sends a request as a page of the app's own origin does; headers come last
// and win, an empty value removes.
func (b *Browser) Do(method, path string, body []byte, headers ...Header) Reply {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.office.URL+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set(contract.HeaderClient, b.Address)
	r.Header.Set("User-Agent", "officetest")
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Origin", b.office.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if strings.HasPrefix(path, httpapi.Prefix) {
			r.Header.Set(httpapi.HeaderIdempotencyKey, kernel.NewID().String())
		}
	}
	for _, h := range headers {
		if h.Name == "Host" {
			r.Host = h.Value
		} else if h.Value == "" {
			r.Header.Del(h.Name)
		} else {
			r.Header.Set(h.Name, h.Value)
		}
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Reply{Status: answer.StatusCode, Header: answer.Header, Body: string(raw), t: b.t}
}

// Get opens a page.
func (b *Browser) Get(path string, headers ...Header) Reply {
	b.t.Helper()
	return b.Do(http.MethodGet, path, nil, headers...)
}

// Form sends a form.
func (b *Browser) Form(path string, values url.Values, headers ...Header) Reply {
	b.t.Helper()
	headers = append([]Header{{"Content-Type", "application/x-www-form-urlencoded"}}, headers...)
	return b.Do(http.MethodPost, path, []byte(values.Encode()), headers...)
}

// JSON calls an operation below /api/v1; body may be nil.
func (b *Browser) JSON(method, path string, body any, headers ...Header) Reply {
	b.t.Helper()
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			b.t.Fatal(err)
		}
		headers = append([]Header{{"Content-Type", "application/json"}}, headers...)
	}
	return b.Do(method, httpapi.Prefix+path, raw, headers...)
}

// SignIn signs in and gives the reply; it is a redirect if that worked.
func (b *Browser) SignIn(name, password string) Reply {
	b.t.Helper()
	return b.enter("/login", url.Values{"name": {name}, "password": {password}})
}

// enter sends a form that signs somebody in, who then agrees to the texts.
func (b *Browser) enter(path string, values url.Values) Reply {
	b.t.Helper()
	reply := b.Form(path, values)
	if reply.Status == http.StatusSeeOther && !b.Undecided {
		b.Agree().Want(http.StatusSeeOther)
	}
	return reply
}

// Agree agrees to the texts of today.
func (b *Browser) Agree() Reply {
	b.t.Helper()
	return b.Form(contract.PathConsent, url.Values{"answer": {"agree"}, "edition": {strconv.Itoa(privacy.Edition)}})
}

// Token is the session's token in the browser's cookie; empty if it has none.
func (b *Browser) Token() string {
	u, err := url.Parse(b.office.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == httpapi.SessionCookie {
			return c.Value
		}
	}
	return ""
}

// Steal puts a token into the browser's cookie.
func (b *Browser) Steal(token string) {
	u, err := url.Parse(b.office.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: httpapi.SessionCookie, Value: token, Path: "/", Secure: true}})
}

// Password of those whom the helpers below make.
const Password = "a sentence one remembers"

// Administrator uses the first administrator's link: 王芳, phone 13800000001, staff
// number A001, mail wang@acme.example.
func (o *Office) Administrator(t testing.TB) *Browser {
	t.Helper()
	b := o.Browser(t)
	reply := b.enter(contract.PathFirstAdmin, url.Values{
		"token": {FirstToken}, "name": {"王芳"}, "phone": {"13800000001"}, "staffNo": {"A001"}, "mail": {"wang@acme.example"},
		"password": {Password}, "repeat": {Password},
	})
	if reply.Status != http.StatusSeeOther || b.Token() == "" {
		t.Fatalf("the first administrator's link answers %d: %s", reply.Status, reply.Body)
	}
	return b
}

// Into reads the reply's JSON.
func (r Reply) Into(value any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.Body), value); err != nil {
		r.t.Fatalf("the reply is no JSON: %v: %s", err, r.Body)
	}
}

// Code is the code of a problem.
func (r Reply) Code() string {
	r.t.Helper()
	var problem httpapi.Problem
	r.Into(&problem)
	return problem.Code
}

// Want fails the test at once if the status is another.
func (r Reply) Want(status int) Reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("status %d, want %d: %s", r.Status, status, r.Body)
	}
	return r
}

// Upload hands a file in for an object of a kind, and gives its id.
func (b *Browser) Upload(kind, name, mediaType string, content []byte) kernel.ID {
	b.t.Helper()
	id, sum := kernel.NewID(), sha256.Sum256(content)
	b.JSON(http.MethodPost, "/files", map[string]any{
		"id": id, "kind": kind, "name": name, "type": mediaType, "size": len(content), "sha256": hex.EncodeToString(sum[:]),
	}).Want(http.StatusCreated)
	for at := 0; at < len(content); at += files.PartSize {
		part := content[at:min(at+files.PartSize, len(content))]
		b.Do(http.MethodPut, fmt.Sprintf("/files/%s?offset=%d", id, at), part).Want(http.StatusOK)
	}
	return id
}

// Found is what the search answers to a word: kind, what was found in, and where.
func (b *Browser) Found(word string) []string {
	b.t.Helper()
	var page struct {
		Items []struct {
			Kind, Author, Place string
			Title, Snippet      []struct{ Text string }
		}
	}
	b.JSON(http.MethodGet, "/search?q="+url.QueryEscape(word), nil).Want(http.StatusOK).Into(&page)
	out := []string{}
	for _, hit := range page.Items {
		text := ""
		for _, part := range append(hit.Title, hit.Snippet...) {
			text += part.Text
		}
		out = append(out, strings.Join([]string{hit.Kind, hit.Place, hit.Author, text}, "|"))
	}
	return out
}

// Person adds someone who cannot sign in yet.
func (o *Office) Person(t testing.TB, person auth.NewPerson) kernel.ID {
	t.Helper()
	id, err := directory.NewPeople(o.DB, o.Now).CreatePerson(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Invite makes a person's code.
func (b *Browser) Invite(person kernel.ID) auth.Invitation {
	b.t.Helper()
	var made auth.Invitation
	b.JSON(http.MethodPost, "/people/"+person.String()+"/invitation", nil).Want(http.StatusCreated).Into(&made)
	return made
}

// Activate sets a password with a code.
func (b *Browser) Activate(code, password string) Reply {
	b.t.Helper()
	return b.enter(auth.PathActivate, url.Values{"code": {code}, "password": {password}, "repeat": {password}})
}

// Staff adds someone and signs in as them in a browser of their own.
func (b *Browser) Staff(person auth.NewPerson) (kernel.ID, *Browser) {
	b.t.Helper()
	id := b.office.Person(b.t, person)
	own := b.office.Browser(b.t)
	own.Activate(b.Invite(id).Code, Password).Want(http.StatusSeeOther)
	return id, own
}
