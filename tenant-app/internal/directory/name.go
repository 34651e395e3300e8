package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxNameRunes is enough for the longest Uyghur and Tibetan names on identity
// cards, which have up to 40 characters.
const maxNameRunes = 50

// nameDot is the separator in names such as 阿卜杜拉·买买提 (GB/T 7714 writes U+00B7).
const nameDot = '·'

// dots are characters that people and input methods write where nameDot belongs.
const dots = "·•‧∙⋅・･．。."

// CleanName returns name as the directory keeps it: without space around and
// between Chinese characters (spreadsheets pad 张三 to 张　三), with "·" between
// the parts of a name, and otherwise as typed, so that a rare character is never
// exchanged for a common one. It reports false for a name that is empty, longer
// than 50 characters, or that holds control or layout characters.
func CleanName(name string) (string, bool) {
	if !utf8.ValidString(name) {
		return "", false
	}
	runes := []rune(strings.Join(strings.Fields(name), " "))
	out := make([]rune, 0, len(runes))
	for i, r := range runes {
		switch {
		case hidden(r):
			return "", false
		case r == ' ' && (wide(runes, i-1) || wide(runes, i+1)):
			continue
		case strings.ContainsRune(dots, r) && wide(runes, i-1) && wide(runes, i+1):
			r = nameDot
		}
		out = append(out, r)
	}
	if len(out) == 0 || len(out) > maxNameRunes {
		return "", false
	}
	return string(out), true
}

// hidden are characters that nobody sees: they can make two names look the same.
func hidden(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// wide says whether runes[i] is part of a Chinese name: a Han character, also
// a variation of one, or the dot.
func wide(runes []rune, i int) bool {
	if i < 0 || i >= len(runes) {
		return false
	}
	r := runes[i]
	return isHan(r) || strings.ContainsRune(dots[:len(dots)-1], r) || unicode.Is(unicode.Variation_Selector, r)
}

// isHan includes private-use characters: before Unicode had them all, Chinese
// systems kept rare characters of names there.
func isHan(r rune) bool {
	return unicode.Is(unicode.Han, r) || unicode.Is(unicode.Co, r)
}

// AvatarText is what an avatar shows while there is no picture: the last two
// characters of a Chinese name (the given name, mostly), the initials of any other.
func AvatarText(name string) string {
	var han []string
	for _, r := range name {
		switch {
		case isHan(r):
			han = append(han, string(r))
		case unicode.Is(unicode.Variation_Selector, r) && len(han) > 0:
			han[len(han)-1] += string(r)
		}
	}
	if len(han) > 0 {
		return strings.Join(han[max(0, len(han)-2):], "")
	}
	var initials []rune
	for word := range strings.FieldsSeq(name) {
		r, _ := utf8.DecodeRuneInString(word)
		initials = append(initials, unicode.ToUpper(r))
	}
	if len(initials) > 2 {
		initials = []rune{initials[0], initials[len(initials)-1]}
	}
	return string(initials)
}

// fold makes text comparable: full-width forms, letter case and space do not count.
func fold(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(text)), " "))
}
