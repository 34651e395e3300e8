package search

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Whatever is typed, the index understands the question; and what is found is what LIKE
// finds in the text as it is compared, words from their beginning.
func FuzzAQueryFindsWhatLikeFinds(f *testing.F) {
	for _, seed := range [][2]string{
		{"放假通知", "假通"},
		{"a'b\\c", "b\\c"},
		{"a'b", "'b"},
		{"Report-2026", "rt"},
		{"e\u200d\u0301", "é"},
		{"İ\u0301x", "i"},
		{"王㛃·买买提", "㛃·买"},
		{"𠮷野家", "𠮷"},
		{"a b\x00c", "b & c"},
		{"in:all week:1", "in:all"},
		{"ＡＢＣ", "abc | x"},
		{"100%_x", "%_"},
		{"ﷺ", "ص"},
		{"👨‍👩‍👧 ok", "👩 o"},
		{"ΑΣ ΣΑΣ", "ας"},
		{"a:*b", "a:*"},
		{"!! x", "!"},
	} {
		f.Add(seed[0], seed[1])
	}
	db := storetest.Open(f)
	s := &Service{Config: Config{DB: db}}
	f.Fuzz(func(t *testing.T, text, typed string) {
		if len(text) > 1000 {
			return
		}
		n, q := normalize(text), parse(typed)
		if again := Plain(string(n.runes)); again != string(n.runes) {
			t.Fatalf("%q is compared as %q, which is compared as %q", text, string(n.runes), again)
		}
		if len(q.terms) == 0 {
			return
		}
		entry := Entry{Kind: "x", Text: text}
		row := entry.rows()[0]
		var asked bool
		like := make([]bool, len(q.terms))
		want := true
		for i, term := range q.terms {
			err := db.Q(t.Context()).NewRaw("SELECT array_to_tsvector(?) @@ ?::tsquery, ? LIKE ?", pgdialect.Array(s.lexemes(&row)), q.tsquery(),
				string(n.runes), "%"+likeMeans.Replace(string(term))+"%").Scan(t.Context(), &asked, &like[i])
			if err != nil {
				t.Fatalf("%q: %v", typed, err)
			}
			want = want && like[i] && (classOf(term[0]) != inWord || beginsWord(string(n.runes), string(term)))
		}
		holds := q.holds(n)
		if found := asked && holds; found != want {
			t.Fatalf("%q in %q: found %t (index %t, text %t), by LIKE %v", typed, text, found, asked, holds, like)
		}
	})
}

var likeMeans = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// beginsWord says whether a term stands in a text where no word goes on.
func beginsWord(text, term string) bool {
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], term)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		if at+i == 0 || classOf(before) != inWord {
			return true
		}
		_, size := utf8.DecodeRuneInString(term)
		at += i + size
	}
	return false
}

// Every character is compared in a form that stays: what is copied from a hit finds it.
func TestEachCharacterHasOneForm(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		for _, mark := range []string{"", "\u0301", "\u0308"} {
			once := Plain("a" + string(r) + mark + "b")
			if again := Plain(once); again != once {
				t.Fatalf("%U is compared as %q, and that as %q", r, once, again)
			}
		}
	}
}
