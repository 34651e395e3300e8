package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/text/unicode/norm"
)

// onceFirstAdmin marks that the company has had an administrator.
const onceFirstAdmin = "first-administrator"

// firstAdmin is what the first administrator types.
type firstAdmin struct {
	Name, Phone, StaffNo, Mail, Password string
}

// firstLinkOpen says whether token is that of the first administrator's link and
// nobody has used it.
func (s *Service) firstLinkOpen(ctx context.Context, token string) (bool, error) {
	sum := sha256.Sum256([]byte(token))
	got := hex.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(s.settings().FirstAdminTokenSHA256)), []byte(got)) != 1 {
		return false, nil
	}
	done, err := s.isDone(ctx, onceFirstAdmin)
	return !done, err
}

// createFirstAdmin uses the link: it adds the person and gives a session's token.
// Of several at once exactly one succeeds; the others get code link_used.
func (s *Service) createFirstAdmin(ctx context.Context, token string, typed firstAdmin) (session string, err error) {
	open, err := s.firstLinkOpen(ctx, token)
	if err != nil {
		return "", err
	}
	if !open {
		return "", kernel.Invalid("link_used")
	}
	person, err := typed.normal()
	if err != nil {
		return "", err
	}
	if err := checkPasswordRule(typed.Password, person.Name, person.Phone, person.StaffNo, person.Mail); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, typed.Password)
	if err != nil {
		return "", err
	}
	var id kernel.ID
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		first, err := s.takeOnce(ctx, onceFirstAdmin)
		if err != nil {
			return err
		}
		if !first {
			return kernel.Invalid("link_used")
		}
		if id, err = s.people.CreatePerson(ctx, person); err != nil {
			return err
		}
		if err := s.ensureAccount(ctx, id); err != nil {
			return err
		}
		if err := s.setPassword(ctx, id, hash); err != nil {
			return err
		}
		if err := s.rights.SetAdministrator(ctx, id, true); err != nil {
			return err
		}
		if session, err = s.startSession(ctx, id, false); err != nil {
			return err
		}
		return s.audit.Write(ctx, "first_administrator", id, nil)
	})
	return session, err
}

// normal checks what was typed.
func (f firstAdmin) normal() (NewPerson, error) {
	person := NewPerson{Name: cleanName(f.Name)}
	if person.Name == "" {
		return person, kernel.Invalid("name_missing").OnField("body.name")
	}
	var ok bool
	for _, field := range []struct {
		typed      string
		to         *string
		normalize  func(string) (string, bool)
		name, code string
	}{
		{f.Phone, &person.Phone, kernel.NormalizePhone, "phone", "phone_malformed"},
		{f.StaffNo, &person.StaffNo, kernel.NormalizeStaffNo, "staffNo", "staff_no_malformed"},
		{f.Mail, &person.Mail, kernel.NormalizeMail, "mail", "mail_malformed"},
	} {
		if field.typed == "" {
			continue
		}
		if *field.to, ok = field.normalize(field.typed); !ok {
			return person, kernel.Invalid(field.code).OnField("body." + field.name)
		}
	}
	if person.Phone == "" && person.StaffNo == "" && person.Mail == "" {
		return person, kernel.Invalid("identifier_missing").OnField("body.phone")
	}
	return person, nil
}

// maxName bounds a person's name, in characters.
const maxName = 64

// cleanName drops spaces around and refuses, as empty, what cannot be a name.
func cleanName(typed string) string {
	name := strings.TrimSpace(norm.NFC.String(typed))
	if utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}
