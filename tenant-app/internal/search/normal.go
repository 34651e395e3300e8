package search

import (
	_ "embed"
	"unicode"

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
	var iter norm.Iter
	for iter.InitString(norm.NFKC, text); !iter.Done(); {
		at := iter.Pos()
		for _, r := range string(iter.Next()) {
			n.add(r, at)
		}
	}
	return n
}

func (n *normal) add(r rune, at int) {
	switch {
	case unicode.IsSpace(r):
		if len(n.runes) == 0 || n.runes[len(n.runes)-1] == ' ' {
			return
		}
		r = ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r == unicode.ReplacementChar:
		return
	default:
		r = unicode.ToLower(r)
		if s, ok := simplified[r]; ok {
			r = s
		}
	}
	n.runes = append(n.runes, r)
	n.from = append(n.from, at)
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
