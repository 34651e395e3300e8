package search

import (
	"strings"
	"unicode/utf8"
)

const (
	maxToken = 40 // characters of a word that count
	maxTerms = 8  // words of a query
	maxQuery = 100
)

// run is a longest part of a text whose characters have one class.
type run struct {
	class class
	runes []rune
	at    int // in the text
}

func runs(runes []rune) []run {
	var out []run
	for i := 0; i < len(runes); {
		c, end := classOf(runes[i]), i+1
		for end < len(runes) && classOf(runes[end]) == c {
			end++
		}
		if c != separator {
			out = append(out, run{c, runes[i:end], i})
		}
		i = end
	}
	return out
}

// tokens are what a text is found by: words, and of scripts without spaces each
// character and each pair of neighbours.
func tokens(n normal) []string {
	set := tokenSet{}
	for _, r := range runs(n.runes) {
		if r.class == inWord {
			set.add(cutToken(r.runes))
			continue
		}
		for i := range r.runes {
			set.add(string(r.runes[i]))
			if i > 0 {
				set.add(string(r.runes[i-1 : i+1]))
			}
		}
	}
	return set.list
}

func cutToken(word []rune) string { return string(word[:min(len(word), maxToken)]) }

// tokenSet keeps each token once, in the order they came.
type tokenSet struct {
	list []string
	seen map[string]bool
}

func (s *tokenSet) add(token string) {
	if s.seen == nil { // of a short message
		s.list, s.seen = make([]string, 0, 64), make(map[string]bool, 64)
	}
	if token != "" && !s.seen[token] {
		s.seen[token] = true
		s.list = append(s.list, token)
	}
}

// query is what somebody typed, in the form in which texts are compared.
type query struct {
	terms []([]rune) // each stands in the text as it is, a word from its beginning
}

// parse reads what was typed; nothing that can be found gives no terms. What is beyond
// 100 characters or eight words does not count.
func parse(typed string) query {
	var q query
	runes := normalize(typed).runes
	for term := range strings.FieldsSeq(string(runes[:min(len(runes), maxQuery)])) {
		if t := []rune(term); len(runs(t)) > 0 && len(q.terms) < maxTerms {
			q.terms = append(q.terms, t)
		}
	}
	return q
}

// tsquery asks for texts that hold the tokens of all terms. The index says which may
// match; match says which do.
func (q query) tsquery() string {
	set := tokenSet{}
	for _, term := range q.terms {
		parts := runs(term)
		for i, r := range parts {
			if r.class == inWord {
				// A word at the end of a term may go on in the text: "rep" finds "report".
				open := i == len(parts)-1 && r.at+len(r.runes) == len(term)
				set.add(quote(cutToken(r.runes), open))
				continue
			}
			for j := range r.runes {
				if j > 0 {
					set.add(quote(string(r.runes[j-1:j+1]), false))
				} else if len(r.runes) == 1 {
					set.add(quote(string(r.runes), false))
				}
			}
		}
	}
	return strings.Join(set.list, " & ")
}

var quotes = strings.NewReplacer(`\`, `\\`, `'`, `''`)

// quote writes a lexeme of a tsquery; open also takes those that begin with it.
func quote(token string, open bool) string {
	token = "'" + quotes.Replace(token) + "'"
	if open {
		token += ":*"
	}
	return token
}

// span is a part of a text: runes from first up to, not with, last.
type span struct{ first, last int }

// holds says whether all terms stand in a text.
func (q query) holds(n normal) bool {
	for _, term := range q.terms {
		if len(find(n.runes, term)) == 0 {
			return false
		}
	}
	return true
}

// find gives all places of a term that do not overlap. Where a term begins with a
// word, the text has to begin a word there.
func find(text, term []rune) []span {
	var out []span
	word := classOf(term[0]) == inWord
	for i := 0; i+len(term) <= len(text); i++ {
		if text[i] != term[0] || string(text[i:i+len(term)]) != string(term) || (word && i > 0 && classOf(text[i-1]) == inWord) {
			continue
		}
		out = append(out, span{i, i + len(term)})
		i += len(term) - 1
	}
	return out
}

// passages cuts a long text into parts that overlap by as much as a query can have.
func passages(text string) []string {
	const most = 2000
	if utf8.RuneCountInString(text) <= most {
		return []string{text}
	}
	var out []string
	runes := []rune(text)
	for at := 0; at < len(runes); at += most - maxQuery {
		out = append(out, string(runes[at:min(at+most, len(runes))]))
		if at+most >= len(runes) {
			break
		}
	}
	return out
}
