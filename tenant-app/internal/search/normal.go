package search

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// simplifiedPairs are characters of traditional Chinese, each followed by the simplified
// one. From OpenCC (https://github.com/BYVoid/OpenCC, Apache License 2.0),
// TSCharacters, the first choice of each.
//
//go:embed simplified.txt
var simplifiedPairs string

var simplified = func() map[rune]rune {
	pairs := []rune(simplifiedPairs)
	out := make(map[rune]rune, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}()

// normal is a text in the form in which texts are compared: full-width as half-width
// (NFKC), lower case, simplified Chinese, white space as one space, and nothing that
// nobody sees.
type normal struct {
	runes []rune
	from  []int // for each rune the byte of the text at which it begins
	end   int   // of the text, in bytes
}

func normalize(text string) normal {
	n := normal{end: len(text)}
	seen, at := visible(text)
	var iter norm.Iter
	for iter.InitString(norm.NFKC, seen); !iter.Done(); {
		from := iter.Pos()
		if at != nil {
			from = at[from]
		}
		n.add(iter.Next(), from)
	}
	return n
}

// visible is a text without what nobody sees, which would keep characters from being
// composed; at is where each of its bytes stood, nil: where it stands.
func visible(text string) (seen string, at []int) {
	if !strings.ContainsFunc(text, unseen) {
		return text, nil
	}
	var kept strings.Builder
	for i, r := range text {
		if unseen(r) {
			continue
		}
		for k := range utf8.RuneLen(r) {
			at = append(at, i+k)
		}
		kept.WriteRune(r)
	}
	return kept.String(), at
}

// unseen are control and format characters, variation selectors, and bytes that are no
// character.
func unseen(r rune) bool {
	if unicode.IsSpace(r) {
		return false
	}
	return unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}

// add takes a character and the marks on it.
func (n *normal) add(composed []byte, from int) {
	first, changed := len(n.runes), false
	for _, r := range string(composed) {
		plain := fold(r)
		changed = changed || plain != r
		if plain == ' ' && (len(n.runes) == 0 || n.runes[len(n.runes)-1] == ' ') {
			continue
		}
		n.runes, n.from = append(n.runes, plain), append(n.from, from)
	}
	if !changed || len(n.runes)-first < 2 {
		return
	}
	// Lower case may be composed with a mark with which upper case is not.
	if plain := []byte(string(n.runes[first:])); !norm.NFKC.IsNormal(plain) {
		n.runes, n.from = n.runes[:first], n.from[:first]
		n.add(norm.NFKC.Bytes(plain), from)
	}
}

func fold(r rune) rune {
	if unicode.IsSpace(r) {
		return ' '
	}
	r = unicode.ToLower(r)
	if s, ok := simplified[r]; ok {
		return s
	}
	return r
}

// Plain gives a text in the form in which texts are compared.
func Plain(text string) string { return string(normalize(text).runes) }

// class says how a character is found.
type class int

const (
	separator class = iota // not at all: it ends a word
	inWord                 // with the word that it stands in: Latin, Cyrillic, digits …
	byItself               // alone and with its neighbour: scripts without spaces
)

func classOf(r rune) class {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Co):
		return byItself
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		return inWord
	}
	return separator
}
