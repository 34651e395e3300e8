package directory

import (
	"strings"
	"unicode"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/text/unicode/norm"
)

const (
	maxQueryWords = 5
	minPhoneTail  = 4 // people look for the last four digits of a phone number
	maxTerm       = 100
)

// searchTerms are the words by whose beginning a person is found: the name from
// each of its characters on, the same in full pinyin and in initials for each way
// to read it, phone numbers from any digit on, staff number and mail.
func searchTerms(name, staffNo, phone, mail string) []string {
	terms := termSet{}
	terms.suffixes(pieces(name))
	for _, reading := range spellings(name) {
		terms.suffixes(reading)
		terms.suffixes(initials(reading))
	}
	digits := strings.TrimPrefix(phone, "+")
	terms.add(digits)
	for local := strings.TrimPrefix(digits, "86"); len(local) >= minPhoneTail; local = local[1:] {
		terms.add(local)
	}
	number := fold(staffNo)
	terms.add(number)
	count := strings.TrimLeftFunc(number, func(r rune) bool { return !unicode.IsDigit(r) })
	terms.add(count)
	terms.add(strings.TrimLeft(count, "0"))
	terms.add(mail)
	local, _, _ := strings.Cut(mail, "@")
	terms.suffixes(strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune("._-+", r) }))
	return terms.list
}

// searchQuery turns what was typed into a tsquery: each word is the beginning of
// some term. It is empty if nothing was typed that anything could match.
func searchQuery(text string) string {
	if phone, ok := kernel.NormalizePhone(text); ok {
		return quoteTerm(strings.TrimPrefix(phone, "+"))
	}
	var words []string
	for word := range strings.FieldsSeq(fold(text)) {
		word = strings.Join(pieces(word), "")
		if word != "" && len(words) < maxQueryWords {
			words = append(words, quoteTerm(word))
		}
	}
	return strings.Join(words, " & ")
}

var termQuotes = strings.NewReplacer(`\`, `\\`, `'`, `''`)

func quoteTerm(term string) string {
	return "'" + termQuotes.Replace(cut(term)) + "':*"
}

// pieces are the Han characters and the other words of a name, for comparing:
// space, "·" and apostrophes only separate.
func pieces(name string) []string {
	var out []string
	word := strings.Builder{}
	flush := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for _, r := range strings.ToLower(norm.NFKC.String(name)) {
		switch {
		case isHan(r):
			flush()
			out = append(out, string(r))
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Variation_Selector, r), strings.ContainsRune(dots[:len(dots)-1], r), r == '\'', r == '’':
			flush()
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return out
}

func initials(reading []string) []string {
	out := make([]string, len(reading))
	for i, syllable := range reading {
		out[i] = string([]rune(syllable)[:1])
	}
	return out
}

// termSet keeps each term once, in the order they came.
type termSet struct {
	list []string
	seen map[string]bool
}

func (s *termSet) add(term string) {
	term = cut(term)
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if term != "" && !s.seen[term] {
		s.seen[term] = true
		s.list = append(s.list, term)
	}
}

// suffixes adds the parts joined, from each part on.
func (s *termSet) suffixes(parts []string) {
	for i := range parts {
		s.add(strings.Join(parts[i:], ""))
	}
}

// vector writes terms as a tsvector in text form.
func vector(terms []string) string {
	quoted := make([]string, len(terms))
	for i, term := range terms {
		quoted[i] = "'" + termQuotes.Replace(term) + "'"
	}
	return strings.Join(quoted, " ")
}

// cut bounds a term; PostgreSQL refuses words beyond 2 KB.
func cut(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	return strings.ToValidUTF8(term[:maxTerm], "")
}
