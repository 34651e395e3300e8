package auth

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Person is what sign-in needs to know of someone.
type Person struct {
	ID     kernel.ID
	Name   string
	Active bool // false: deactivated; every session is worth nothing at once
}

// NewPerson is the first administrator, before there is anyone who could add people.
// At least one of Phone, StaffNo and Mail is set; all are in normal form.
type NewPerson struct {
	Name, Phone, StaffNo, Mail string
}

// People is the directory as sign-in sees it. Package directory implements it.
type People interface {
	// PersonByIdentifier finds the person whose phone, staff number or mail is one
	// of ids, in that order. Nobody: an error of kind not found.
	PersonByIdentifier(ctx context.Context, ids kernel.Identifiers) (Person, error)
	// PersonByID: an error of kind not found if there is nobody.
	PersonByID(ctx context.Context, id kernel.ID) (Person, error)
	// CreatePerson adds someone. An identifier that is taken is an error of kind
	// conflict or invalid with the field body.phone, body.staffNo or body.mail.
	CreatePerson(ctx context.Context, person NewPerson) (kernel.ID, error)
}

// Permissions is what people may do as sign-in sees it. Package authz implements it.
type Permissions interface {
	// EnterAt gives a person who comes in with all that they may do, without a query if
	// they came in lately and the stamp of access is still the same. It fails with
	// unauthorized if they left, or their access ran out.
	EnterAt(ctx context.Context, person, stamp kernel.ID) (kernel.Principal, error)
	// RequireReach refuses with forbidden account_guarded to let the person behind the
	// request into the account of somebody who holds what keeps administrators apart.
	RequireReach(ctx context.Context, person kernel.ID) error
	// IsAdministrator says whether a person has the role 管理员 themselves.
	IsAdministrator(ctx context.Context, person kernel.ID) (bool, error)
	// SetAdministrator gives or takes that role. The last active administrator is
	// refused with conflict last_administrator.
	SetAdministrator(ctx context.Context, person kernel.ID, on bool) error
}
