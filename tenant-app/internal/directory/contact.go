package directory

import (
	"net/mail"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// LoginKind says by what a person signs in.
type LoginKind string

// The kinds that ParseLogin tells apart.
const (
	LoginPhone   LoginKind = "phone"
	LoginStaffNo LoginKind = "staffNo"
	LoginMail    LoginKind = "mail"
)

var (
	mainland      = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	international = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	staffNumber   = regexp.MustCompile(`^[0-9A-Z][0-9A-Z._/-]{0,31}$`)
	mailDomain    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
	phoneNoise    = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "\u2010", "", "\u2011", "", "\u2013", "", "\u2014", "")
)

// CleanPhone returns a phone number as the directory keeps it: eleven digits of
// a number of mainland China (13800000001), or + and country code of any other
// (+85291234567). Full-width digits, spaces, hyphens, +86 and 0086 are accepted.
func CleanPhone(text string) (string, bool) {
	digits := phoneNoise.Replace(strings.Join(strings.Fields(norm.NFKC.String(text)), ""))
	for _, prefix := range []string{"+86", "0086", "86"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && mainland.MatchString(rest) {
			return rest, true
		}
	}
	if strings.HasPrefix(digits, "+86") {
		return "", false
	}
	return digits, mainland.MatchString(digits) || international.MatchString(digits)
}

// CleanMail returns a mail address in lower case. Addresses with a display name
// or without a dot in the domain are not accepted.
func CleanMail(text string) (string, bool) {
	address := strings.ToLower(strings.TrimSpace(norm.NFKC.String(text)))
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || len(address) > 254 {
		return "", false
	}
	_, domain, _ := strings.Cut(address, "@")
	return address, mailDomain.MatchString(domain)
}

// CleanStaffNo returns a staff number (工号) in upper case with leading zeros kept.
// It must not look like a phone number: people sign in by either, and one text
// must never mean two persons.
func CleanStaffNo(text string) (string, bool) {
	number := strings.ToUpper(strings.Join(strings.Fields(norm.NFKC.String(text)), ""))
	_, phone := CleanPhone(number)
	return number, staffNumber.MatchString(number) && !phone
}

// ParseLogin tells what a person typed into the sign-in form and returns it as
// the directory keeps it. It reports false for text that can be nothing of the three.
func ParseLogin(text string) (LoginKind, string, bool) {
	if strings.ContainsAny(text, "@＠") {
		address, ok := CleanMail(text)
		return LoginMail, address, ok
	}
	if phone, ok := CleanPhone(text); ok {
		return LoginPhone, phone, true
	}
	number, ok := CleanStaffNo(text)
	return LoginStaffNo, number, ok
}
