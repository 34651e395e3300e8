package auth

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

//go:embed forms
var forms embed.FS

var templates = template.Must(template.ParseFS(forms, "forms/*.html"))

var style = template.CSS(mustRead("forms/style.css")) //nolint:gosec // our own file

func mustRead(name string) string {
	raw, err := forms.ReadFile(name)
	if err != nil {
		panic(err) // embedded above
	}
	return string(raw)
}

// typed is what a person has typed and gets back when something is wrong with it.
// Passwords are never given back.
type typed struct {
	Name, Phone, StaffNo, Mail, Code string
	Shared                           bool
}

// view is what the templates show.
type view struct {
	Page    string // login, activate, first, consent or text
	Locale  kernel.Locale
	Lang    string // locale that the person chose on these pages; empty: none
	Company string
	Nonce   string
	Warm    []string
	Contact *contract.Contact
	Error   string
	Typed   typed

	Next     string // login: where to go afterwards
	Greeting string // activate
	Token    string // first
	Closed   bool   // first: the link cannot be used

	Title   string       // instead of the page's own
	Consent *consentView // consent and text

	request *http.Request
}

// T gives a text; the key may come in two halves.
func (v view) T(key, rest string) string { return text(v.Locale, key+rest, nil) }

// Style is the style sheet, which stands in the page: one round trip less.
func (v view) Style() template.CSS { return style }

// Initial stands in the company's mark.
func (v view) Initial() string {
	r, _ := utf8.DecodeRuneInString(v.Company)
	return strings.ToUpper(string(r))
}

// OtherLocale is the language that the link at the bottom leads to.
func (v view) OtherLocale() kernel.Locale {
	if v.Locale == kernel.En {
		return kernel.ZhCN
	}
	return kernel.En
}

// OtherName is that language's own name.
func (v view) OtherName() string {
	if v.Locale == kernel.En {
		return "中文"
	}
	return "English"
}

// Heading is what the page is called.
func (v view) Heading() string {
	if v.Title != "" {
		return v.Title
	}
	return v.T("title_", v.Page)
}

// OtherLink is this page in the other language.
func (v view) OtherLink() string {
	query := url.Values{"lang": {string(v.OtherLocale())}}
	for name, value := range map[string]string{"next": v.Next, "token": v.Token} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if v.Page == "activate" && v.Typed.Code != "" {
		query.Set("token", v.Typed.Code)
	}
	return v.request.URL.Path + "?" + query.Encode()
}

func (s *Service) newView(r *http.Request, page string) view {
	settings := s.settings()
	v := view{Page: page, Locale: kernel.Locale(settings.Locale), Company: settings.DisplayName, request: r}
	if chosen, ok := kernel.ParseLocale(r.FormValue("lang")); ok {
		v.Locale, v.Lang = chosen, string(chosen)
	}
	if settings.AdminContact != (contract.Contact{}) {
		v.Contact = &settings.AdminContact
	}
	return v
}

// show answers with a page. status is that of err, if there is one.
func (s *Service) show(w http.ResponseWriter, r *http.Request, v view, err error) {
	status := http.StatusOK
	if err != nil {
		status, v.Error = s.explain(r, v.Locale, err)
	}
	v.Nonce = httpapi.PagePolicy(w)
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, v.Page+".html", v); err != nil {
		httpapi.WriteProblem(w, r, fmt.Errorf("render %s: %w", v.Page, err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	httpapi.WriteCompressed(w, r, status, page.Bytes())
}

// explain gives the status and the sentence for an error.
func (s *Service) explain(r *http.Request, locale kernel.Locale, err error) (int, string) {
	problem := httpapi.ProblemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "sign-in page failed", "error", err)
	}
	code := problem.Code
	if strings.HasSuffix(code, "_taken") { // the directory says which one
		code = "identifier_taken"
	}
	return problem.Status, text(locale, code, problem.Params)
}

// safeNext gives the path in our own app that next names, "/" if it names anything
// else: the sign-in page must not send people to other sites.
func safeNext(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, len(next) > 2048, u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "":
		return "/"
	case !strings.HasPrefix(next, "/"), !strings.HasPrefix(u.Path, "/"), strings.ContainsAny(next, "\\\r\n\t\x00"):
		return "/"
	case strings.HasPrefix(u.Path, "//"): // also from %2F, which may come out unescaped
		return "/"
	}
	for _, prefix := range []string{"/login", "/auth/", "/api/"} {
		if strings.HasPrefix(u.Path, prefix) {
			return "/"
		}
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}
