package auth

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// How long an invitation may be used.
const (
	activationLife = 7 * 24 * time.Hour
	resetLife      = 24 * time.Hour
)

// Codes are read out on the phone and typed by hand: no I, L, O or U, and those
// typed in their place are understood. Twelve letters are 60 bits.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 12
)

// PathActivate is where a person sets a password with a code.
const PathActivate = "/auth/activate"

// Invitation is a link, or code, with which one person sets a password once.
type Invitation struct {
	URL       string    `json:"url" doc:"Link to send to the person or to show as a QR code; works once"`
	Code      string    `json:"code" example:"K7QM-4X2P-9TRB" doc:"The same as a code to read out"`
	Reset     bool      `json:"reset" doc:"The person has a password, which this replaces"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func newCode() string {
	raw := make([]byte, codeLength)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	for i, b := range raw {
		raw[i] = codeAlphabet[int(b)%len(codeAlphabet)] // 256 is a multiple of 32
	}
	return string(raw)
}

// parseCode gives the normal form of a typed code; false if it cannot be one.
func parseCode(typed string) (string, bool) {
	if len(typed) > 4*codeLength {
		return "", false
	}
	code := codeTypos.Replace(strings.ToUpper(typed))
	if len(code) != codeLength {
		return "", false
	}
	return code, strings.Trim(code, codeAlphabet) == ""
}

var codeTypos = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

func showCode(code string) string { return code[:4] + "-" + code[4:8] + "-" + code[8:] }

// Invite makes the one open invitation of an active person; an earlier one stops
// working. It fails with not found, with conflict person_inactive, or with forbidden
// account_guarded.
func (s *Service) Invite(ctx context.Context, by, person kernel.ID) (*Invitation, error) {
	found, err := s.people.PersonByID(ctx, person)
	if err != nil {
		return nil, err
	}
	if !found.Active {
		return nil, kernel.Conflict("person_inactive")
	}
	if err := s.rights.RequireReach(ctx, person); err != nil {
		return nil, err
	}
	code := newCode()
	answer := &Invitation{URL: s.link(PathActivate, code), Code: showCode(code)}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.ensureAccount(ctx, person); err != nil {
			return err
		}
		account, err := s.findAccount(ctx, person)
		if err != nil {
			return err
		}
		life := activationLife
		if answer.Reset = account.PasswordHash != ""; answer.Reset {
			life = resetLife
		}
		now := s.clock()
		answer.ExpiresAt = now.Add(life)
		err = s.saveInvitation(ctx, &invitation{
			PersonID: person, TokenSHA256: hashToken(code), DataEpoch: s.settings().DataEpoch,
			CreatedBy: by, CreatedAt: now, ExpiresAt: answer.ExpiresAt,
		})
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, "invited", person, map[string]any{"reset": answer.Reset})
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// link is an absolute address with a token, for people who are not signed in.
func (s *Service) link(path, token string) string {
	return strings.TrimSuffix(s.settings().URL, "/") + path + "?" + url.Values{"token": {token}}.Encode()
}

// errCode is the one answer to any code that does not work.
func errCode() error { return kernel.Invalid("code_invalid").OnField("body.code") }

// personOfCode gives the person whom a code invites.
func (s *Service) personOfCode(ctx context.Context, typed string, lock bool) (Person, error) {
	code, ok := parseCode(typed)
	if !ok {
		return Person{}, errCode()
	}
	row, err := s.openInvitation(ctx, hashToken(code), lock)
	if err != nil {
		return Person{}, err
	}
	if row == nil {
		return Person{}, errCode()
	}
	person, err := s.people.PersonByID(ctx, row.PersonID)
	switch {
	case kernel.IsKind(err, kernel.KindNotFound), err == nil && !person.Active:
		return Person{}, errCode()
	}
	return person, err
}

// tryCode is personOfCode for people who are not signed in: codes that do not work
// are counted by address. Those that work are not, since a whole company may
// activate its accounts behind one address.
func (s *Service) tryCode(ctx context.Context, typed string) (Person, error) {
	person, err := s.personOfCode(ctx, typed, false)
	if kernel.HasCode(err, "code_invalid") {
		if locked := s.take(ctx, newAddressAttempt("code", kernel.RequestFrom(ctx).Address)); locked != nil {
			return Person{}, locked
		}
	}
	return person, err
}

// redeem sets a password by a code, signs the person out elsewhere and gives a
// session's token. The code is worth nothing afterwards.
func (s *Service) redeem(ctx context.Context, typed, password string, shared bool) (token string, err error) {
	person, err := s.tryCode(ctx, typed)
	if err != nil {
		return "", err
	}
	if err := checkPasswordRule(password, person.Name); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		// The code may have been used while we hashed.
		if _, err := s.personOfCode(ctx, typed, true); err != nil {
			return err
		}
		if err := s.deleteInvitation(ctx, person.ID); err != nil {
			return err
		}
		if err := s.setPassword(ctx, person.ID, hash); err != nil {
			return err
		}
		if err := s.deleteSessions(ctx, person.ID, kernel.NoID); err != nil {
			return err
		}
		if token, err = s.startSession(ctx, person.ID, shared); err != nil {
			return err
		}
		return s.audit.Write(ctx, "password_set_by_code", person.ID, nil)
	})
	return token, err
}
