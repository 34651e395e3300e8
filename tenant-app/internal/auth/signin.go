package auth

import (
	"context"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// errSignIn is the one answer to a wrong name, a wrong password, an account that
// was never activated and a person who was deactivated.
func errSignIn() error { return kernel.Unauthorized("sign_in_wrong") }

// signIn checks a name and a password and gives a session's token. It does the
// same work whether or not the name exists. replaces is the browser's former
// session, which ends.
func (s *Service) signIn(ctx context.Context, name, password, replaces string, shared bool) (string, error) {
	ids, readable := kernel.ParseIdentifiers(name)
	try := newAttempt("password", attemptName(name, ids), kernel.RequestFrom(ctx).Address)
	if err := s.take(ctx, try); err != nil {
		signIns.WithLabelValues("locked").Inc()
		return "", err
	}
	person, hash, err := s.lookUp(ctx, ids, readable)
	if err != nil {
		return "", err
	}
	match, err := s.hasher.check(ctx, password, hash)
	if err != nil {
		return "", err
	}
	if !match || !person.Active {
		signIns.WithLabelValues("wrong").Inc()
		if err := s.audit.Write(ctx, "sign_in_wrong", person.ID, nil); err != nil {
			return "", err
		}
		return "", errSignIn()
	}
	var token string
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.forgive(ctx, try); err != nil {
			return err
		}
		if err := s.endReplaced(ctx, person.ID, replaces); err != nil {
			return err
		}
		if token, err = s.startSession(ctx, person.ID, shared); err != nil {
			return err
		}
		return s.audit.Write(ctx, "signed_in", person.ID, map[string]any{"shared": shared})
	})
	if err != nil {
		return "", err
	}
	signIns.WithLabelValues("ok").Inc()
	return token, nil
}

// lookUp gives the person and the hash to check; nobody has an empty hash.
func (s *Service) lookUp(ctx context.Context, ids kernel.Identifiers, readable bool) (Person, string, error) {
	if !readable {
		return Person{}, "", nil
	}
	person, err := s.people.PersonByIdentifier(ctx, ids)
	if kernel.IsKind(err, kernel.KindNotFound) {
		return Person{}, "", nil
	}
	if err != nil {
		return Person{}, "", err
	}
	account, err := s.findAccount(ctx, person.ID)
	if err != nil || account == nil {
		return person, "", err
	}
	return person, account.PasswordHash, nil
}

// attemptName is what attempts are counted by: one spelling for one name.
func attemptName(typed string, ids kernel.Identifiers) string {
	switch {
	case ids.Phone != "":
		return ids.Phone
	case ids.Mail != "":
		return ids.Mail
	case ids.StaffNo != "":
		return ids.StaffNo
	}
	return strings.TrimSpace(typed)
}

func (s *Service) endReplaced(ctx context.Context, person kernel.ID, token string) error {
	if !wellFormed(token) {
		return nil
	}
	row, err := s.findSession(ctx, token)
	if err != nil || row == nil || row.PersonID != person {
		return err
	}
	_, err = s.deleteSession(ctx, person, row.ID)
	return err
}

// changePassword replaces a person's own password and signs out everywhere else.
func (s *Service) changePassword(ctx context.Context, who kernel.Principal, current, next string) error {
	if err := s.take(ctx, newAttempt("own password", who.PersonID.String(), "")); err != nil {
		return err
	}
	account, err := s.findAccount(ctx, who.PersonID)
	if err != nil {
		return err
	}
	if account == nil {
		return kernel.NotFound("account_unknown")
	}
	match, err := s.hasher.check(ctx, current, account.PasswordHash)
	if err != nil {
		return err
	}
	if !match {
		// A repeated request finds its work done.
		if done, err := s.hasher.check(ctx, next, account.PasswordHash); err != nil || done {
			return err
		}
		if err := s.audit.Write(store.WithoutTx(ctx), "password_change_wrong", who.PersonID, nil); err != nil {
			return err
		}
		return kernel.Invalid("password_wrong").OnField("body.current")
	}
	if err := checkPasswordRule(next, who.Name); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.setPassword(ctx, who.PersonID, hash); err != nil {
			return err
		}
		if err := s.deleteInvitation(ctx, who.PersonID); err != nil {
			return err
		}
		if err := s.audit.Write(ctx, "password_changed", who.PersonID, nil); err != nil {
			return err
		}
		return s.deleteSessions(ctx, who.PersonID, who.SessionID)
	})
}
