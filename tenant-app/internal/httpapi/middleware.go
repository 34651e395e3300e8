package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/go-chi/chi/v5/middleware"
)

// maxUpload bounds the body of any request that no operation bounds tighter.
const maxUpload = 32 << 20

const maxAgent = 256

var requestIDForm = regexp.MustCompile(contract.RequestIDForm)

// withRequest notes what the gateway says about the request. Clients cannot set
// these headers: the gateway removes what came in under their names.
func (s *Server) withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := kernel.Request{ID: r.Header.Get(contract.HeaderRequestID), Agent: r.UserAgent()}
		if !requestIDForm.MatchString(request.ID) {
			request.ID = kernel.NewID().String()
		}
		if addr, err := netip.ParseAddr(r.Header.Get(contract.HeaderClient)); err == nil {
			request.Address = addr.Unmap().String()
		}
		request.Agent = strings.ToValidUTF8(request.Agent[:min(len(request.Agent), maxAgent)], "")
		w.Header().Set(contract.HeaderRequestID, request.ID)
		ctx := store.WithRequest(kernel.WithRequest(r.Context(), request), request.ID)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// recoverPanics turns a panic into a 500 and a line in the log.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the context is the request's
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // net/http's way to drop a connection
			}
			s.config.Log.ErrorContext(r.Context(), "panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			WriteProblem(w, r, &kernel.Error{Kind: kernel.KindInternal, Code: "internal"})
		}()
		next.ServeHTTP(w, r)
	})
}

// logRequests writes one line a request, without query: it may hold a token.
func (s *Server) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.config.Clock()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(wrapped, r)
		took := s.config.Clock().Sub(start)
		if wrapped.Status() != http.StatusSwitchingProtocols { // a socket lasts as long as the page
			observe(r, wrapped.Status(), took)
		}
		s.config.Log.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path,
			"status", wrapped.Status(), "bytes", wrapped.BytesWritten(), "ms", took.Milliseconds())
	})
}

// requestLimit bounds the time for one request. The gateway and the browser would
// give up soon after.
const requestLimit = 30 * time.Second

// limitBody bounds what one request can cost: bytes and time.
func (s *Server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestLimit)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
		next.ServeHTTP(w, r)
	})
}

// canonicalHost sends people who came by another of the company's names to the one
// where their cookie lives.
func (s *Server) canonicalHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := s.origin()
		if sameHost(r.Host, origin.Host, origin.Scheme) {
			next.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			WriteProblem(w, r, kernel.Forbidden("other_host").With("url", origin.String()))
			return
		}
		target := *r.URL
		target.Scheme, target.Host, target.User = origin.Scheme, origin.Host, nil
		http.Redirect(w, r, target.String(), http.StatusPermanentRedirect)
	})
}

func sameHost(got, want, scheme string) bool {
	return strings.EqualFold(withPort(got, scheme), withPort(want, scheme))
}

func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	if scheme == "https" {
		return host + ":443"
	}
	return host + ":80"
}

// sameOrigin refuses what another site's page sends in the person's name. Tenants
// share a site, so SameSite cookies alone do not keep them apart.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, kernel.Forbidden("cross_origin"))
	}))
	return protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && r.Method != http.MethodGet && r.Method != http.MethodHead &&
			origin != strings.TrimSuffix(s.origin().String(), "/") {
			WriteProblem(w, r, kernel.Forbidden("cross_origin"))
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// withSession finds the person behind the cookie. A session that ended counts as
// none; a database that does not answer is an error, not a sign-out.
func (s *Server) withSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(SessionCookie)
		if err != nil || cookie.Value == "" || !needsSession(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		who, err := s.config.Authenticate(r.Context(), cookie.Value)
		switch {
		case err == nil:
			r = r.WithContext(kernel.WithPrincipal(r.Context(), who))
		case kernel.IsKind(err, kernel.KindUnauthorized):
			ClearSession(w)
		default:
			WriteProblem(w, r, s.toProblem(r.Context(), err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// needsSession spares the database for files that everyone may have.
func needsSession(path string) bool {
	return !strings.HasPrefix(path, "/assets/") && path != "/sw.js" && path != "/manifest.webmanifest"
}
