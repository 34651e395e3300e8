package httpapi

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// withConsent keeps whoever is signed in and has not agreed to the texts of today
// (package privacy) from everything but what is named in open: operations, files,
// sockets, and whatever is added to the router later. This is the one place where
// that is asked; it takes no query, the principal brings the answer.
func (s *Server) withConsent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, signedIn := kernel.PrincipalFrom(r.Context())
		switch {
		case !signedIn || !who.ConsentNeeded || s.openBeforeConsent(r):
			next.ServeHTTP(w, r)
		case isPage(r):
			http.Redirect(w, r, contract.PathConsent+"?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		default:
			WriteProblem(w, r, kernel.Forbidden("consent_needed").With("url", contract.PathConsent))
		}
	})
}

// openBeforeConsent says whether a request needs no consent: the forms on which people
// sign in and agree, files of the page, which hold nobody's data, and operations that
// are public or say so.
func (s *Server) openBeforeConsent(r *http.Request) bool {
	switch at := r.URL.Path; {
	case at == "/login", strings.HasPrefix(at, "/auth/"):
		return true
	case isRead(r) && path.Ext(at) != "" && !holdsData(at):
		return true
	}
	return slices.ContainsFunc(s.ops, func(op Op) bool {
		return (op.BeforeConsent || op.Access == Public) && op.Method == r.Method && Prefix+op.Path == r.URL.Path
	})
}

// isPage says whether the browser asks for the page, at whatever place of it.
func isPage(r *http.Request) bool { return isRead(r) && !holdsData(r.URL.Path) }

func isRead(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

func holdsData(at string) bool {
	return strings.HasPrefix(at, "/api/") || strings.HasPrefix(at, "/files/")
}
