package httpapi

import (
	"net/http"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Socket adds an operation that is a WebSocket. It is no part of the OpenAPI file. Its
// request is a GET, so the check of origins that guards writes does not see it; a page
// of another site must not listen in the person's name either.
func (s *Server) Socket(op Op, handler http.HandlerFunc) {
	s.ops = append(s.ops, op)
	s.Router.Get(Prefix+op.Path, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := kernel.PrincipalFrom(r.Context()); !ok {
			WriteProblem(w, r, kernel.Unauthorized("not_signed_in"))
			return
		}
		if r.Header.Get("Origin") != strings.TrimSuffix(s.origin().String(), "/") {
			WriteProblem(w, r, kernel.Forbidden("cross_origin"))
			return
		}
		handler(w, r)
	})
}
