// Package fault classes errors: what a condition's reason is, who can mend it, and
// whether trying again helps. Adapters return faults, controllers turn them into
// conditions. It decides nothing about when to try again.
package fault

import (
	"errors"
	"fmt"
)

// Class says who can mend a fault.
type Class int

// Classes.
const (
	Operator Class = iota // whoever runs the platform
	User                  // whoever wrote the spec
)

// Error is a failure with a reason from the closed list in api/v1alpha1.
type Error struct {
	Reason string
	// Message is for people: what was attempted, what came of it, what to do.
	Message string
	Class   Class
	// Permanent is true when nothing changes until somebody changes something.
	Permanent bool
	cause     error
}

// Error is the message, which holds no secret.
func (e *Error) Error() string { return e.Message }

// Unwrap is the error underneath, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// New is a fault of the platform that trying again may mend. Cause may be nil; its
// text is not shown, since drivers put addresses and statements into it: put what
// people need into the message.
func New(reason string, cause error, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...), cause: cause}
}

// OfUser is a fault that the author of a spec can mend; it stays until then.
func OfUser(reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Message: fmt.Sprintf(format, args...), Class: User, Permanent: true}
}

// Blocked is a fault of the platform that stays until somebody mends it.
func Blocked(reason string, cause error, format string, args ...any) *Error {
	e := New(reason, cause, format, args...)
	e.Permanent = true
	return e
}

// Adding is the same fault with more words at the end of its message.
func (e *Error) Adding(words string) *Error {
	longer := *e
	longer.Message += words
	return &longer
}

// As finds the fault in err; ok is false when err has none.
func As(err error) (e *Error, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}

// Is says whether err holds a fault with this reason.
func Is(err error, reason string) bool {
	e, ok := As(err)
	return ok && e.Reason == reason
}
