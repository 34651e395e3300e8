package auth

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/privacy"
)

// Where the texts can be read, also by people who are not signed in.
const (
	PathTerms  = "/auth/terms"
	PathPolicy = "/auth/privacy"
)

// consentView is what the page shows on which people agree.
type consentView struct {
	Documents []privacy.Document // the summary first
	Edition   int
	Refused   bool   // the person did not agree: what they can do now
	Given     string // says when the person agreed to the texts of today; empty: not yet
	Withdrawn bool   // the person took it back just now
}

// ConsentLink is the page on which people agree, in the same language and with the same
// way on.
func (v view) ConsentLink() string {
	return contract.PathConsent + "?" + url.Values{"next": {v.Next}, "lang": {string(v.Locale)}}.Encode()
}

// names are those of the company, for the texts.
func (s *Service) names() privacy.Names {
	settings := s.settings()
	contact := settings.AdminContact
	parts := strings.Fields(strings.Join([]string{contact.Name, contact.Phone, contact.Mail}, " "))
	return privacy.Names{Company: settings.DisplayName, Contact: strings.Join(parts, " ")}
}

func (s *Service) documents(locale kernel.Locale, which ...string) []privacy.Document {
	out := make([]privacy.Document, len(which))
	for i, name := range which {
		out[i] = privacy.Text(name, locale, s.names())
	}
	return out
}

// showText is a handler that shows one text to anybody.
func (s *Service) showText(which string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := s.newView(r, "text")
		v.Consent = &consentView{Documents: s.documents(v.Locale, which)}
		v.Title = v.Consent.Documents[0].Title
		s.show(w, r, v, nil)
	}
}

// consentPage is the page for whoever is signed in, in their language.
func (s *Service) consentPage(r *http.Request, who kernel.Principal) (view, error) {
	v := s.newView(r, "consent")
	v.Next = safeNext(r.FormValue("next"))
	if v.Lang == "" {
		account, err := s.findAccount(r.Context(), who.PersonID)
		if err != nil {
			return v, err
		}
		if account != nil && account.Locale != "" {
			v.Locale = kernel.Locale(account.Locale)
		}
	}
	v.Consent = &consentView{Documents: s.documents(v.Locale, privacy.Summary, privacy.Terms, privacy.Policy), Edition: privacy.Edition}
	return v, nil
}

func (s *Service) getConsent(w http.ResponseWriter, r *http.Request) {
	who, signedIn := kernel.PrincipalFrom(r.Context())
	if !signedIn {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	v, err := s.consentPage(r, who)
	switch {
	case err != nil:
	case !who.ConsentNeeded:
		v.Title = text(v.Locale, "title_given", nil)
		v.Consent.Given, err = s.given(r.Context(), who.PersonID, v.Locale)
	case r.FormValue("refused") != "":
		v.Title, v.Consent.Refused = text(v.Locale, "title_refused", nil), true
	}
	s.show(w, r, v, err)
}

// given says when a person agreed, in the company's zone.
func (s *Service) given(ctx context.Context, person kernel.ID, locale kernel.Locale) (string, error) {
	edition, at, _, err := s.consent.Given(ctx, person)
	if err != nil {
		return "", err
	}
	zone, err := time.LoadLocation(s.settings().Timezone)
	if err != nil {
		zone = time.UTC // Settings.Check has refused this before
	}
	return text(locale, "consent_given", kernel.Params{"at": at.In(zone).Format("2006-01-02 15:04"), "edition": edition}), nil
}

// postConsent takes the answer: agree, refuse, withdraw or leave.
func (s *Service) postConsent(w http.ResponseWriter, r *http.Request) {
	who, signedIn := kernel.PrincipalFrom(r.Context())
	if !signedIn {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	v, err := s.consentPage(r, who)
	if err != nil {
		s.show(w, r, v, err)
		return
	}
	switch r.PostFormValue("answer") {
	case "agree":
		edition, _ := strconv.Atoi(r.PostFormValue("edition")) // what is no number is no edition
		if err = s.consent.Agree(r.Context(), who.PersonID, edition, v.Locale); err == nil {
			http.Redirect(w, r, v.Next, http.StatusSeeOther)
			return
		}
	case "refuse":
		if err = s.consent.Refuse(r.Context(), who.PersonID); err == nil {
			http.Redirect(w, r, v.ConsentLink()+"&refused=yes", http.StatusSeeOther)
			return
		}
	case "withdraw":
		if err = s.withdraw(r.Context(), who.PersonID); err == nil {
			httpapi.ClearSession(w)
			v.Title, v.Consent = text(v.Locale, "title_withdrawn", nil), &consentView{Withdrawn: true}
		}
	case "leave":
		if err = s.leave(r.Context(), who); err == nil {
			httpapi.ClearSession(w)
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
	default:
		err = kernel.Malformed("form_unreadable")
	}
	s.show(w, r, v, err)
}

// withdraw takes back a person's consent. Their devices are signed out with it: none of
// them may show anything before the person agrees again.
func (s *Service) withdraw(ctx context.Context, person kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.consent.Withdraw(ctx, person); err != nil {
			return err
		}
		return s.deleteSessions(ctx, person, kernel.NoID)
	})
}

// leave signs this browser out.
func (s *Service) leave(ctx context.Context, who kernel.Principal) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.deleteSession(ctx, who.PersonID, who.SessionID); err != nil {
			return err
		}
		return s.audit.Write(ctx, "signed_out", who.PersonID, nil)
	})
}
