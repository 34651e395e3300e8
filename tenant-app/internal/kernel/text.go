package kernel

// Text is a name or sentence in the app's languages.
type Text map[Locale]string

// In gives the text in a language, or in Chinese if it has none.
func (t Text) In(locale Locale) string {
	if text, ok := t[locale]; ok {
		return text
	}
	return t[ZhCN]
}

// Line is a field with its value, as people read it in lists and on cards.
type Line struct {
	Key  string `json:"key"`
	Name Text   `json:"name"`
	Text Text   `json:"text"`
}
