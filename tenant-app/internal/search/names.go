package search

import "strings"

// readings are what a name is found by in pinyin: all of it, the given name, initials.
func (s *Service) readings(name string) []string {
	syllables := strings.Fields(Plain(s.Pinyin(name)))
	initials := make([]string, 0, len(syllables))
	for _, syllable := range syllables {
		initials = append(initials, string([]rune(syllable)[:1]))
	}
	out := []string{strings.Join(initials, "")}
	for i := range syllables {
		out = append(out, cutToken([]rune(strings.Join(syllables[i:], ""))))
	}
	return out
}

// named says whether a query of one word is the beginning of a reading of a name.
func (s *Service) named(q query, names []string) bool {
	if len(q.terms) != 1 {
		return false
	}
	for _, name := range names {
		for _, reading := range s.readings(name) {
			if strings.HasPrefix(reading, string(q.terms[0])) {
				return true
			}
		}
	}
	return false
}
