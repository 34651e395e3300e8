package kernel

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Longest forms of what people sign in with.
const (
	maxStaffNo = 32
	maxMail    = 254
)

var (
	phoneForm   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	mainland    = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	mailForm    = regexp.MustCompile(`^[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$`)
	staffNoForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._/-]*$`)
	phoneNoise  = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "")
)

// NormalizePhone gives the E.164 form, for example +8613800000001. A number
// without a country code must be a mobile number of mainland China.
func NormalizePhone(s string) (string, bool) {
	s = phoneNoise.Replace(fold(s))
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if bare := strings.TrimPrefix(s, "86"); mainland.MatchString(bare) {
		return "+86" + bare, true
	}
	if rest, ok := strings.CutPrefix(s, "+86"); ok && len(rest) == 11 && rest[0] == '1' {
		return s, mainland.MatchString(rest)
	}
	return s, phoneForm.MatchString(s)
}

// NormalizeMail gives the lower-case form of a mail address.
func NormalizeMail(s string) (string, bool) {
	s = fold(s)
	return s, len(s) <= maxMail && mailForm.MatchString(s)
}

// NormalizeStaffNo gives the lower-case form by which staff numbers (工号) are
// compared: letters, digits and . _ / - inside, at most 32.
func NormalizeStaffNo(s string) (string, bool) {
	s = fold(s)
	return s, len(s) <= maxStaffNo && staffNoForm.MatchString(s)
}

// Identifiers are the normal forms that something typed into the sign-in field can
// be; those that it cannot be are empty. Digits alone may be a phone number and a
// staff number at once.
type Identifiers struct {
	Phone, StaffNo, Mail string
}

// ParseIdentifiers reads what was typed. ok is false if it can be none of the
// three, so that nobody need be asked.
func ParseIdentifiers(s string) (ids Identifiers, ok bool) {
	if v, good := NormalizePhone(s); good {
		ids.Phone = v
	}
	if v, good := NormalizeStaffNo(s); good {
		ids.StaffNo = v
	}
	if v, good := NormalizeMail(s); good {
		ids.Mail = v
	}
	return ids, ids != Identifiers{}
}

// fold makes full-width letters and digits (as Chinese input methods type them)
// half-width, drops spaces around, and lowers letters.
func fold(s string) string {
	if len(s) > 1024 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
}
