package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// clean drops what no text may hold: NUL and other control characters, and those that
// turn the direction of what follows. Line ends become \n.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text))
}

// cleanLine is clean for what stands in one line.
func cleanLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// limited cleans a text and refuses one that is longer than most characters.
func limited(text string, most int, field string) (string, error) {
	text = clean(text)
	if utf8.RuneCountInString(text) > most {
		return "", kernel.Invalid("text_too_long").With("max", most).OnField("body." + field)
	}
	return text, nil
}

// cleanName is a room's name; it may be empty.
func cleanName(name string) (string, error) {
	name = cleanLine(name)
	if utf8.RuneCountInString(name) > maxName {
		return "", kernel.Invalid("room_name_too_long").With("max", maxName).OnField("body.name")
	}
	return name, nil
}

// isEmoji lets symbols through, with what joins and colours them, and no words.
func isEmoji(text string) bool {
	if text == "" || len(text) > 64 || !utf8.ValidString(text) {
		return false
	}
	symbols := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.So, unicode.Sk):
			symbols++
		case r == '\u200d', unicode.Is(unicode.Variation_Selector, r), r >= '\U000e0020' && r <= '\U000e007f':
		default:
			return false
		}
	}
	return symbols > 0
}

// cutText gives the first characters of a text.
func cutText(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}
