package search

import (
	"cmp"
	"slices"
)

const (
	beforeHit   = 20  // characters that a snippet shows before the first hit
	snippetSize = 120 // characters
)

// parts cuts a text at the places of what was looked for; short gives a snippet around
// the first one.
func (q query) parts(text string, n normal, short bool) []Part {
	var spans []span
	for _, term := range q.terms {
		spans = append(spans, find(n.runes, term)...)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.first-b.first, b.last-a.last) })
	first, last := 0, len(n.runes)
	if short {
		if len(spans) > 0 {
			first = max(0, spans[0].first-beforeHit)
		}
		last = min(last, first+snippetSize)
	}
	out := []Part{}
	add := func(to int, hit bool) {
		if to > first {
			out = append(out, Part{Text: text[n.byteAt(first):n.byteAt(to)], Hit: hit})
			first = to
		}
	}
	if short && first > 0 {
		out = append(out, Part{Text: "…"})
	}
	for _, s := range spans {
		if s.last > last {
			break
		}
		add(s.first, false)
		add(s.last, true)
	}
	add(last, false)
	if short && last < len(n.runes) {
		out = append(out, Part{Text: "…"})
	}
	return out
}

// byteAt is where in the text a rune of the normal form begins.
func (n normal) byteAt(i int) int {
	if i >= len(n.from) {
		return n.end
	}
	return n.from[i]
}
