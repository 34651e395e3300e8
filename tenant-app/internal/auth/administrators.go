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

// CheckMayLeave refuses, with conflict last_administrator, to let the last active
// administrator go. Call it in the transaction that deactivates the person, before
// EndSessions: it keeps two from going at the same time.
func (s *Service) CheckMayLeave(ctx context.Context, person kernel.ID) error {
	ids, err := s.lockAdministrators(ctx)
	if err != nil {
		return err
	}
	is, others := false, 0
	for _, id := range ids {
		if id == person {
			is = true
			continue
		}
		other, err := s.people.PersonByID(ctx, id)
		switch {
		case kernel.IsKind(err, kernel.KindNotFound):
		case err != nil:
			return err
		case other.Active:
			others++
		}
	}
	if is && others == 0 {
		return kernel.Conflict("last_administrator")
	}
	return nil
}

// makeAdministrator gives or takes the administration of the company.
func (s *Service) makeAdministrator(ctx context.Context, by, person kernel.ID, on bool) error {
	found, err := s.people.PersonByID(ctx, person)
	if err != nil {
		return err
	}
	if on && !found.Active {
		return kernel.Conflict("person_inactive")
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if !on {
			if err := s.CheckMayLeave(ctx, person); err != nil {
				return err
			}
		}
		if err := s.ensureAccount(ctx, person); err != nil {
			return err
		}
		if err := s.audit.Write(ctx, "administrator_changed", person, map[string]any{"administrator": on}); err != nil {
			return err
		}
		return s.setAdministrator(ctx, person, on)
	})
}
