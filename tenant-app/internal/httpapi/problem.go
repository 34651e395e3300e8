package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

// Problem is the body of every error: RFC 9457 with a code and parameters, from
// which the page makes a sentence in the person's language.
type Problem struct {
	Type      string              `json:"type" example:"about:blank"`
	Title     string              `json:"title" doc:"For developers; people see the translated code"`
	Status    int                 `json:"status"`
	Code      string              `json:"code" doc:"Stable code that the page translates"`
	Params    kernel.Params       `json:"params,omitempty" doc:"Values for the message"`
	Errors    []kernel.FieldError `json:"errors,omitempty" doc:"Inputs at fault"`
	RequestID string              `json:"requestId,omitempty" doc:"To be told to the administrator"`
}

// Error makes a Problem an error, for logs.
func (p *Problem) Error() string { return p.Code + ": " + p.Title }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statusOf = map[kernel.Kind]int{
	kernel.KindInternal:     http.StatusInternalServerError,
	kernel.KindMalformed:    http.StatusBadRequest,
	kernel.KindUnauthorized: http.StatusUnauthorized,
	kernel.KindForbidden:    http.StatusForbidden,
	kernel.KindNotFound:     http.StatusNotFound,
	kernel.KindConflict:     http.StatusConflict,
	kernel.KindStale:        http.StatusPreconditionFailed,
	kernel.KindTooLarge:     http.StatusRequestEntityTooLarge,
	kernel.KindInvalid:      http.StatusUnprocessableEntity,
	kernel.KindNeedsVersion: http.StatusPreconditionRequired,
	kernel.KindTooMany:      http.StatusTooManyRequests,
	kernel.KindUnavailable:  http.StatusServiceUnavailable,
}

// toProblem turns any error into what the client may know, and logs the rest.
func (s *Server) toProblem(ctx context.Context, err error) *Problem {
	problem := ProblemOf(err)
	problem.RequestID = kernel.RequestFrom(ctx).ID
	if problem.Status >= http.StatusInternalServerError {
		s.config.Log.ErrorContext(ctx, "request failed", "error", err, "code", problem.Code)
	}
	return problem
}

// ProblemOf turns any error into what the client may know.
func ProblemOf(err error) *Problem {
	var known *kernel.Error
	var made *Problem
	switch {
	case errors.As(err, &made):
		return made
	case errors.As(err, &known):
		status := statusOf[known.Kind]
		return &Problem{
			Type: "about:blank", Title: http.StatusText(status), Status: status,
			Code: known.Code, Params: known.Params, Errors: known.Fields,
		}
	case errors.Is(err, context.DeadlineExceeded), store.IsUnavailable(err):
		return ProblemOf(kernel.Unavailable("try_again_later"))
	}
	return ProblemOf(&kernel.Error{Kind: kernel.KindInternal, Code: "internal"})
}

// WriteProblem answers a plain handler's request with an error.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	problem := ProblemOf(err)
	problem.RequestID = kernel.RequestFrom(r.Context()).ID
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(problem.Status)
	_ = json.NewEncoder(w).Encode(problem) // the client is gone if this fails
}

// newProblem gives huma's own findings (a body that does not parse, a value out of
// range) the same shape as ours.
func newProblem(status int, message string, causes ...error) huma.StatusError {
	p := &Problem{Type: "about:blank", Title: message, Status: status, Code: codeOfStatus(status)}
	for _, cause := range causes {
		var detail *huma.ErrorDetail
		var known *kernel.Error
		switch {
		case errors.As(cause, &known):
			return ProblemOf(known)
		case errors.As(cause, &detail):
			p.Errors = append(p.Errors, kernel.FieldError{Field: detail.Location, Code: "value_invalid", Params: kernel.Params{"reason": detail.Message}})
		}
	}
	return p
}

// newProblemInRequest adds the request's id to huma's own findings.
func newProblemInRequest(ctx huma.Context, status int, message string, causes ...error) huma.StatusError {
	made := newProblem(status, message, causes...)
	if p, ok := made.(*Problem); ok && ctx != nil {
		p.RequestID = kernel.RequestFrom(ctx.Context()).ID
	}
	return made
}

func codeOfStatus(status int) string {
	switch status {
	case http.StatusUnprocessableEntity:
		return "values_invalid"
	case http.StatusRequestEntityTooLarge:
		return "body_too_large"
	case http.StatusInternalServerError:
		return "internal"
	}
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}
