package directory

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// mainland is a mobile number of mainland China without its country code.
var mainland = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// CleanStaffNo returns a staff number (工号) as it is kept: as written, with
// half-width characters and leading zeros. It must not look like a mobile
// number of mainland China: people sign in by either, and one text must never
// mean two persons.
func CleanStaffNo(text string) (string, bool) {
	number := strings.TrimSpace(norm.NFKC.String(text))
	key, ok := kernel.NormalizeStaffNo(number)
	return number, ok && !mainland.MatchString(key)
}

// ShowPhone writes a phone number as people do: eleven digits for mainland China,
// + and country code for any other.
func ShowPhone(e164 string) string {
	if rest, ok := strings.CutPrefix(e164, "+86"); ok && mainland.MatchString(rest) {
		return rest
	}
	return e164
}
