package auth

import (
	"net/http"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/privacy"
)

// maxForm bounds a sign-in form, in bytes.
const maxForm = 16 << 10

// registerPages adds the pages of plain HTML on which people sign in.
func (s *Service) registerPages(server *httpapi.Server) {
	for path, page := range map[string]struct{ get, post http.HandlerFunc }{
		"/login":                {s.getLogin, s.postLogin},
		PathActivate:            {s.getActivate, s.postActivate},
		contract.PathFirstAdmin: {s.getFirst, s.postFirst},
		contract.PathConsent:    {s.getConsent, s.postConsent},
	} {
		server.Router.Get(path, page.get)
		server.Router.Head(path, page.get)
		server.Router.Post(path, s.form(page.post))
	}
	for path, which := range map[string]string{PathTerms: privacy.Terms, PathPolicy: privacy.Policy} {
		server.Router.Get(path, s.showText(which))
		server.Router.Head(path, s.showText(which))
	}
}

// form reads a form before the handler asks for its values.
func (s *Service) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			httpapi.WriteProblem(w, r, kernel.Malformed("form_unreadable").Because(err))
			return
		}
		next(w, r)
	}
}

func (s *Service) getLogin(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "login")
	v.Next = safeNext(r.FormValue("next"))
	if _, signedIn := kernel.PrincipalFrom(r.Context()); signedIn {
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
		return
	}
	v.Warm = s.warm()
	s.show(w, r, v, nil)
}

func (s *Service) postLogin(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "login")
	v.Next = safeNext(r.PostFormValue("next"))
	v.Typed = typed{Name: r.PostFormValue("name"), Shared: r.PostFormValue("shared") != ""}
	former := ""
	if cookie, err := r.Cookie(httpapi.SessionCookie); err == nil {
		former = cookie.Value
	}
	token, err := s.signIn(r.Context(), v.Typed.Name, r.PostFormValue("password"), former, v.Typed.Shared)
	if err != nil {
		v.Warm = s.warm()
		s.show(w, r, v, err)
		return
	}
	s.enter(w, r, token, v.Typed.Shared, v.Next)
}

func (s *Service) getActivate(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "activate")
	v.Typed.Code = r.FormValue("token")
	if v.Typed.Code == "" {
		s.show(w, r, v, nil)
		return
	}
	person, err := s.tryCode(r.Context(), v.Typed.Code)
	if err == nil {
		v.Greeting = text(v.Locale, "hello", kernel.Params{"name": person.Name})
		if code, ok := parseCode(v.Typed.Code); ok {
			v.Typed.Code = showCode(code)
		}
	}
	s.show(w, r, v, err)
}

func (s *Service) postActivate(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "activate")
	v.Typed = typed{Code: r.PostFormValue("code"), Shared: r.PostFormValue("shared") != ""}
	password, err := newPassword(r)
	if err != nil {
		s.show(w, r, v, err)
		return
	}
	token, err := s.redeem(r.Context(), v.Typed.Code, password, v.Typed.Shared)
	if err != nil {
		s.show(w, r, v, err)
		return
	}
	s.enter(w, r, token, v.Typed.Shared, "/")
}

func (s *Service) getFirst(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "first")
	v.Token = r.FormValue("token")
	open, err := s.firstLinkOpen(r.Context(), v.Token)
	v.Closed = !open
	s.show(w, r, v, err)
}

func (s *Service) postFirst(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r, "first")
	v.Token = r.PostFormValue("token")
	v.Typed = typed{
		Name: r.PostFormValue("name"), Phone: r.PostFormValue("phone"),
		StaffNo: r.PostFormValue("staffNo"), Mail: r.PostFormValue("mail"),
	}
	password, err := newPassword(r)
	if err != nil {
		s.show(w, r, v, err)
		return
	}
	token, err := s.createFirstAdmin(r.Context(), v.Token, firstAdmin{
		Name: v.Typed.Name, Phone: v.Typed.Phone, StaffNo: v.Typed.StaffNo, Mail: v.Typed.Mail, Password: password,
	})
	if err != nil {
		v.Closed = kernel.HasCode(err, "link_used")
		s.show(w, r, v, err)
		return
	}
	s.enter(w, r, token, false, "/")
}

func newPassword(r *http.Request) (string, error) {
	password := r.PostFormValue("password")
	if password != r.PostFormValue("repeat") {
		return "", kernel.Invalid("password_mismatch").OnField("body.repeat")
	}
	return password, nil
}

// enter gives the browser its session and sends it into the app.
func (s *Service) enter(w http.ResponseWriter, r *http.Request, token string, shared bool, next string) {
	httpapi.SetSession(w, token, shared)
	http.Redirect(w, r, next, http.StatusSeeOther)
}
