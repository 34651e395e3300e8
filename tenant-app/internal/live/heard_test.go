package live

import (
	"testing"
	"time"
)

func TestWhatWasMissedIsKnown(t *testing.T) {
	start := time.Now()
	signal := func(from string, n uint64) word { return word{From: from, N: n, Signal: &Signal{}} }
	pulse := func(from, at string, n uint64) word { return word{From: from, N: n, At: []string{at}} }
	bye := word{From: "b", N: 2, At: []string{"10.0.0.2"}, Bye: true}
	type step struct {
		after         time.Duration // since the start
		word          word
		listed        []string // unless nil
		fresh, missed bool
		whole, gone   bool // as a look says then
	}
	both, alone := []string{"10.0.0.1", "10.0.0.2"}, []string{"10.0.0.1"}
	for name, steps := range map[string][]step{
		"in order": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{word: signal("b", 1), fresh: true, whole: true},
			{word: signal("b", 2), fresh: true, whole: true},
			{word: signal("b", 2), whole: true}, // again
			{word: pulse("b", "10.0.0.2", 2), whole: true},
		},
		"a signal is lost": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{word: signal("b", 2), fresh: true, missed: true, whole: true},
		},
		"the last signal is lost": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{word: pulse("b", "10.0.0.2", 1), missed: true, whole: true},
			{word: pulse("b", "10.0.0.2", 1), whole: true},
		},
		"somebody spoke before this replica heard": {
			{word: pulse("b", "10.0.0.2", 7), listed: both, missed: true, whole: true},
		},
		"silence, and nothing missed": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{after: silentFor, word: pulse("c", "10.0.0.3", 0)},
			{after: silentFor, word: pulse("b", "10.0.0.2", 0), whole: true},
		},
		"a crash": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{after: silentFor, word: pulse("c", "10.0.0.3", 0), listed: alone, whole: true, gone: true},
		},
		"a crash, and another process at its address": {
			{word: pulse("b", "10.0.0.2", 0), listed: both, whole: true},
			{after: silentFor, word: pulse("c", "10.0.0.2", 0), whole: true, gone: true},
		},
		"a goodbye": {
			{word: pulse("b", "10.0.0.2", 2), listed: both, missed: true, whole: true},
			{word: bye, whole: true},
			{after: silentFor, word: pulse("c", "10.0.0.3", 0), whole: true}, // still listed
		},
		"not listed itself": {
			{word: pulse("b", "10.0.0.2", 0), listed: []string{"10.0.0.2"}},
		},
		"listed and never heard": {
			{word: pulse("c", "10.0.0.3", 0), listed: both},
		},
	} {
		h := newHeard(alone)
		for i, s := range steps {
			now := start.Add(s.after)
			if s.listed != nil {
				h.list(s.listed)
			}
			fresh, missed := h.hear(s.word, now)
			silent, whole, gone := h.look(now)
			if fresh != s.fresh || missed != s.missed || whole != s.whole || gone != s.gone {
				t.Errorf("%s, step %d: fresh %v, missed %v, whole %v (silent %v), gone %v", name, i, fresh, missed, whole, silent, gone)
			}
		}
	}
}
