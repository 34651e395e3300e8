package auth

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// AccountState says how far someone is with signing in.
type AccountState string

// The states of an account.
const (
	StateNone    AccountState = "none"    // cannot sign in and has no open invitation
	StateInvited AccountState = "invited" // has an open invitation and no password
	StateActive  AccountState = "active"  // has a password
)

// makeAdministrator gives or takes the administration of the company: the role 管理员.
func (s *Service) makeAdministrator(ctx context.Context, person kernel.ID, on bool) error {
	found, err := s.people.PersonByID(ctx, person)
	if err != nil {
		return err
	}
	if on && !found.Active {
		return kernel.Conflict("person_inactive")
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.ensureAccount(ctx, person); err != nil {
			return err
		}
		if err := s.audit.Write(ctx, "administrator_changed", person, map[string]any{"administrator": on}); err != nil {
			return err
		}
		return s.rights.SetAdministrator(ctx, person, on)
	})
}
