// Package httpapi is the app's edge: huma on chi, problem+json, sessions, the
// Idempotency-Key, headers that protect the page, and the page's files. Use cases
// stand in the modules; each registers its operations here with Register, and with
// each operation the action and the resource that it needs.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
)

// SessionCookie carries the session's token. The prefix makes browsers bind it to
// the host and to https (or *.localhost).
const SessionCookie = "__Host-atrium"

// DefaultMaxBody bounds a request's body, in bytes, unless the operation says more.
const DefaultMaxBody = 1 << 20

// Config is what the edge needs.
type Config struct {
	Settings func() contract.Settings // the settings as they are now
	DB       *store.DB
	Clock    kernel.Clock
	Log      *slog.Logger

	// Authenticate gives the person behind a session's token. An error of kind
	// unauthorized means that nobody is signed in by it.
	Authenticate func(ctx context.Context, token string) (kernel.Principal, error)
}

// Server is the app's HTTP surface.
type Server struct {
	Router chi.Router // for what is not an operation: sign-in forms, uploads, sockets
	API    huma.API   // use Register
	config Config
	ops    []Op
}

// New makes a server without operations. Modules add theirs before Handler.
func New(config Config) *Server {
	huma.DefaultArrayNullable = false
	huma.NewError, huma.NewErrorWithContext = newProblem, newProblemInRequest
	s := &Server{Router: chi.NewRouter(), config: config}
	s.Router.Use(s.withRequest, s.recoverPanics, s.logRequests, s.limitBody, securityHeaders, s.canonicalHost, s.sameOrigin, s.withSession, s.withConsent)
	doc := huma.DefaultConfig("Atrium Office", "v1")
	doc.OpenAPIPath, doc.DocsPath, doc.SchemasPath = "", "", "" // the committed file is the reference
	doc.CreateHooks = nil                                       // no $schema links in answers
	doc.Info.Description = "The office of one company. Errors are problem+json with a code and parameters."
	s.API = humachi.New(s.Router, doc)
	s.Router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, kernel.NotFound("path_unknown"))
	})
	return s
}

// Handler serves everything that was registered.
func (s *Server) Handler() http.Handler { return s.Router }

// Operations are the operations in the order of their registration.
func (s *Server) Operations() []Op { return s.ops }

// origin is the company's canonical origin.
func (s *Server) origin() *url.URL {
	u, err := url.Parse(s.config.Settings().URL)
	if err != nil {
		return &url.URL{} // Settings.Check has refused this before
	}
	return u
}

// cookieLife is the longest that a browser keeps a session.
const cookieLife = 30 * 24 * time.Hour

// SetSession gives the browser a session. On a shared computer the cookie ends
// with the browser.
func SetSession(w http.ResponseWriter, token string, shared bool) {
	cookie := sessionCookie(token)
	if !shared {
		cookie.MaxAge = int(cookieLife.Seconds())
	}
	http.SetCookie(w, cookie)
}

// ClearSession makes the browser forget its session.
func ClearSession(w http.ResponseWriter) { http.SetCookie(w, EndedSession()) }

// EndedSession is the cookie that makes the browser forget its session.
func EndedSession() *http.Cookie {
	cookie := sessionCookie("")
	cookie.MaxAge = -1
	return cookie
}

func sessionCookie(value string) *http.Cookie {
	return &http.Cookie{Name: SessionCookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}
