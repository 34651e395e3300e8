package kernel

import (
	"strings"
	"unicode"
)

// CleanText gives what somebody wrote as it is kept: line ends are \n, and characters
// that control a terminal or a database (NUL is refused by PostgreSQL) are gone. Space
// around it goes too.
func CleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}
