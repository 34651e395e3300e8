package directory

import (
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// A cursor comes back from a client, who may send anything: what is accepted is
// safe to put into SQL, everything else is one and the same error.
func FuzzDecodeCursor(f *testing.F) {
	f.Add(kernel.EncodeCursor("1000", "zhang wei\x01张伟", kernel.NewID().String()))
	f.Add(kernel.EncodeCursor("-1", "\x00", "x"))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		after, err := decodeCursor(cursor, 1)
		switch {
		case err != nil && !kernel.HasCode(err, "cursor_malformed"):
			t.Fatalf("%q: %v", cursor, err)
		case err != nil || after == nil:
			return
		}
		if _, ok := after[0].(int64); !ok || len(after) != 3 {
			t.Fatalf("%q gives %v", cursor, after)
		}
		if key, ok := after[1].(string); !ok || strings.ContainsRune(key, 0) {
			t.Fatalf("%q gives %q", cursor, after[1])
		}
	})
}

// Whatever is typed into the search box, PostgreSQL can read the query that is made of it.
func TestAnythingCanBeSearchedFor(t *testing.T) {
	f := start(t)
	f.person(`O'Neil \ "x"`, "1")
	for _, typed := range []string{"'", `\`, `'' \' :*`, "a & | !b <-> c", "( ", "?0 ??", "%", "🙂", "'; DROP TABLE person; --", "\u202e", "a\x00b", strings.Repeat("长", 100), "null", "$1"} {
		if _, err := f.List(t.Context(), Filter{Query: typed}, kernel.PageQuery{}); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if got := f.names(Filter{Query: `o'neil \`}); got != `O'Neil \ "x"` {
		t.Errorf("found %q", got)
	}
}
