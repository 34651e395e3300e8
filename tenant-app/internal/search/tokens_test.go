package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextsAreComparedInOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"ＡＢＣ　１２３":               "abc 123",
		"臺灣軟體發票後面":              "台湾软体发票后面",
		"a\u200b\ufeffb\u202ec": "abc",
		"  多  个\n\t空格 ":         "多 个 空格 ",
		"①㈱ﬁ":                   "1(株)fi",
		"e\u0301É":              "éé",
		"葛\U000e0100":           "葛",
	} {
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	got := tokens(normalize("请假条 v2.1，INV-20261122号"))
	want := []string{"请", "假", "请假", "条", "假条", "v2", "1", "inv", "20261122", "号"}
	if !slices.Equal(got, want) {
		t.Errorf("tokens are %q, want %q", got, want)
	}
	if got := tokens(normalize(strings.Repeat("x", 5000))); len(got) != 1 || len(got[0]) != maxToken {
		t.Errorf("a word without an end makes %d tokens", len(got))
	}
}

func TestSnippetsShowThePlaceAsItWasWritten(t *testing.T) {
	text := strings.Repeat("前", 30) + "這裡有一個ＲＥＰＯＲＴ要看" + strings.Repeat("后", 200)
	n := normalize(text)
	q := parse("一个rep")
	if !q.holds(n) {
		t.Fatal("not found")
	}
	parts := q.parts(text, n, true)
	shown := ""
	for _, p := range parts {
		if p.Hit {
			shown += "[" + p.Text + "]"
		} else {
			shown += p.Text
		}
	}
	if want := "…" + strings.Repeat("前", 17) + "這裡有[一個ＲＥＰ]ＯＲＴ要看" + strings.Repeat("后", 90) + "…"; shown != want {
		t.Errorf("snippet %s\nwant    %s", shown, want)
	}
}

// covered says whether the index would give a text that holds a term.
func covered(t *testing.T, text, term string) {
	t.Helper()
	n, q := normalize(text), parse(term)
	if len(q.terms) == 0 {
		return
	}
	if !q.holds(n) {
		return
	}
	has := tokens(n)
	for _, asked := range strings.Split(q.tsquery(), " & ") {
		token, open := strings.CutSuffix(asked, ":*")
		token = strings.NewReplacer("''", "'", `\\`, `\`).Replace(token[1 : len(token)-1])
		if !slices.ContainsFunc(has, func(h string) bool { return h == token || open && strings.HasPrefix(h, token) }) {
			t.Fatalf("%q holds %q, but its tokens %q lack %s", text, term, has, asked)
		}
	}
}

// Whatever is typed: what stands in a text is found in the index.
func FuzzWhatIsInATextIsInItsTokens(f *testing.F) {
	for _, text := range []string{"请假条 v2.1", "INV-20261122号", "e\u0301É臺灣", "a'b\\c", "👨‍👩‍👧王㛃·买买提", "ภาษาไทย한국어カタカナ"} {
		f.Add(text, 0, 3)
	}
	f.Fuzz(func(t *testing.T, text string, from, size int) {
		n := normalize(text)
		for _, token := range tokens(n) {
			if token == "" || !utf8.ValidString(token) || strings.ContainsAny(token, " :\x00") || utf8.RuneCountInString(token) > maxToken {
				t.Fatalf("%q has the token %q", text, token)
			}
		}
		if len(n.runes) == 0 {
			return
		}
		from = ((from % len(n.runes)) + len(n.runes)) % len(n.runes)
		size = min(((size%40)+40)%40+1, len(n.runes)-from)
		covered(t, text, string(n.runes[from:from+size]))
		covered(t, text, text)
		_ = parse(text).parts(text, n, true)
	})
}
