package kernel

import "strings"

// Locale is a language of the app. Every text that people see exists in both.
type Locale string

// The languages.
const (
	ZhCN Locale = "zh-CN"
	En   Locale = "en"
)

// ParseLocale reads a locale; anything but the two is refused.
func ParseLocale(s string) (Locale, bool) {
	switch Locale(s) {
	case ZhCN, En:
		return Locale(s), true
	}
	return "", false
}

// MatchLocale picks from an Accept-Language header the first language that the app
// has, in the order written, and fallback if none is there.
func MatchLocale(accept string, fallback Locale) Locale {
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch primary, _, _ := strings.Cut(strings.ToLower(tag), "-"); primary {
		case "zh":
			return ZhCN
		case "en":
			return En
		}
	}
	return fallback
}
