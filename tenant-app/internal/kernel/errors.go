package kernel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind classes an error; httpapi maps it to a status.
type Kind int

// The kinds of error, with the HTTP status that each becomes.
const (
	KindInternal     Kind = iota // 500
	KindMalformed                // 400: the request itself cannot be read
	KindUnauthorized             // 401: nobody is signed in
	KindForbidden                // 403
	KindNotFound                 // 404
	KindConflict                 // 409: the state of the object does not allow it
	KindStale                    // 412: someone else changed it meanwhile
	KindTooLarge                 // 413
	KindInvalid                  // 422: the values break a rule
	KindNeedsVersion             // 428: If-Match is missing
	KindTooMany                  // 429
	KindUnavailable              // 503: try again later
)

// Params are the values that a translated message needs.
type Params map[string]any

// Error is a failure that the person should hear of. Code is snake_case and
// stable: the page has one message for each.
type Error struct {
	Kind   Kind
	Code   string
	Params Params
	Fields []FieldError // which inputs are at fault, if any
	Cause  error        // for the log only
}

// FieldError says what is wrong with one input.
type FieldError struct {
	Field  string `json:"field" doc:"Path of the input, for example body.phone"`
	Code   string `json:"code" doc:"Stable code that the page translates"`
	Params Params `json:"params,omitempty" doc:"Values for the message"`
}

// Error names the code, the parameters and the cause; it is for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, k := range slices.Sorted(maps.Keys(e.Params)) {
		fmt.Fprintf(&b, " %s=%v", k, e.Params[k])
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s %s]", f.Field, f.Code)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// With adds a parameter and gives the same error back.
func (e *Error) With(name string, value any) *Error {
	if e.Params == nil {
		e.Params = Params{}
	}
	e.Params[name] = value
	return e
}

// OnField adds an input that is at fault, with the error's own code.
func (e *Error) OnField(field string) *Error {
	e.Fields = append(e.Fields, FieldError{Field: field, Code: e.Code, Params: e.Params})
	return e
}

// Because adds the cause, which only the log sees.
func (e *Error) Because(err error) *Error {
	e.Cause = err
	return e
}

// Malformed says that a request cannot be read.
func Malformed(code string) *Error { return &Error{Kind: KindMalformed, Code: code} }

// Unauthorized says that nobody is signed in.
func Unauthorized(code string) *Error { return &Error{Kind: KindUnauthorized, Code: code} }

// Forbidden says that the person may not do it.
func Forbidden(code string) *Error { return &Error{Kind: KindForbidden, Code: code} }

// NotFound says that there is no such thing, or none that the person may see.
func NotFound(code string) *Error { return &Error{Kind: KindNotFound, Code: code} }

// Conflict says that it contradicts what is there.
func Conflict(code string) *Error { return &Error{Kind: KindConflict, Code: code} }

// Stale says that what the person saw has changed meanwhile.
func Stale(code string) *Error { return &Error{Kind: KindStale, Code: code} }

// Invalid says that what was typed cannot be taken.
func Invalid(code string) *Error { return &Error{Kind: KindInvalid, Code: code} }

// TooLarge says that a request is larger than it may be.
func TooLarge(code string) *Error { return &Error{Kind: KindTooLarge, Code: code} }

// TooMany says that there were too many requests.
func TooMany(code string) *Error { return &Error{Kind: KindTooMany, Code: code} }

// Unavailable says that something needed does not answer now.
func Unavailable(code string) *Error { return &Error{Kind: KindUnavailable, Code: code} }

// IsKind says whether err is, or wraps, an Error of that kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// HasCode says whether err is, or wraps, an Error with that code.
func HasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
