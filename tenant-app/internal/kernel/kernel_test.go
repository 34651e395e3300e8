package kernel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestIdentifiersHaveOneNormalForm(t *testing.T) {
	for typed, want := range map[string]Identifiers{
		"13800000001":         {Phone: "+8613800000001", StaffNo: "13800000001"},
		"+86 138 0000 0001":   {Phone: "+8613800000001"},
		"86-138-0000-0001":    {Phone: "+8613800000001", StaffNo: "86-138-0000-0001"},
		"0086 13800000001":    {Phone: "+8613800000001"},
		"１３８００００００01":         {Phone: "+8613800000001", StaffNo: "13800000001"},
		"+852 5123 4567":      {Phone: "+85251234567"},
		"+86 110":             {},
		"+8612345678901":      {},
		"10086":               {StaffNo: "10086"},
		"A001":                {StaffNo: "a001"},
		"Ａ００１":                {StaffNo: "a001"},
		" Wang@Acme.Example ": {Mail: "wang@acme.example"},
		"a@b":                 {},
		"a b@c.example":       {},
		"@acme.example":       {},
		"王芳":                  {},
		"":                    {},
		"   ":                 {},
		"-1":                  {},
		"a/../b":              {StaffNo: "a/../b"},
	} {
		got, ok := ParseIdentifiers(typed)
		if got != want || ok != (want != Identifiers{}) {
			t.Errorf("ParseIdentifiers(%q) = %+v, %v, want %+v", typed, got, ok, want)
		}
	}
}

func TestErrorsTellKindCodeAndFields(t *testing.T) {
	err := fmt.Errorf("add a person: %w", Invalid("phone_taken").With("phone", "x").OnField("body.phone").Because(errors.New("23505")))
	if !IsKind(err, KindInvalid) || IsKind(err, KindConflict) || !HasCode(err, "phone_taken") || HasCode(err, "other") {
		t.Errorf("%v is not seen as what it is", err)
	}
	if got := err.Error(); got != "add a person: phone_taken phone=x [body.phone phone_taken]: 23505" {
		t.Errorf("the log reads %q", got)
	}
	if IsKind(errors.New("x"), KindInternal) {
		t.Error("an error without a kind is of no kind")
	}
}

func TestPagesEndWithoutACursor(t *testing.T) {
	keys := func(n int) []string { return []string{fmt.Sprint(n)} }
	full := NewPage([]int{1, 2, 3}, 2, keys)
	if !slices.Equal(full.Items, []int{1, 2}) {
		t.Errorf("items %v", full.Items)
	}
	if got, err := DecodeCursor(full.Next, 1); err != nil || !slices.Equal(got, []string{"2"}) {
		t.Errorf("cursor %v, %v", got, err)
	}
	for _, rows := range [][]int{nil, {1}, {1, 2}} {
		if last := NewPage(rows, 2, keys); last.Next != "" || last.Items == nil || len(last.Items) != len(rows) {
			t.Errorf("the last page of %v is %+v", rows, last)
		}
	}
	for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 200: 200, 201: 200} {
		if got := (PageQuery{Limit: limit}).Size(); got != want {
			t.Errorf("limit %d gives %d", limit, got)
		}
	}
}

func TestCursorsThatAreNoneAreRefused(t *testing.T) {
	good := EncodeCursor("王", "0193")
	for _, bad := range []string{"x", good + "=", good[1:], EncodeCursor("one"), EncodeCursor("1", "2", "3"), strings.Repeat("A", 3000), "bnVsbA"} {
		if _, err := DecodeCursor(bad, 2); !HasCode(err, "cursor_malformed") {
			t.Errorf("DecodeCursor(%.20q) = %v", bad, err)
		}
	}
	if keys, err := DecodeCursor("", 2); keys != nil || err != nil {
		t.Errorf("an empty cursor gives %v, %v", keys, err)
	}
}

func TestIDsSortByTimeAndParseStrictly(t *testing.T) {
	former := NewID()
	for range 1000 {
		next := NewID()
		if next.String() <= former.String() {
			t.Fatalf("%s comes before %s", next, former)
		}
		former = next
	}
	if got, err := ParseID(former.String()); err != nil || got != former {
		t.Errorf("ParseID = %v, %v", got, err)
	}
	for _, bad := range []string{"", "x", "{" + former.String() + "}", "urn:uuid:" + former.String(), strings.ToUpper(former.String()), strings.ReplaceAll(former.String(), "-", "")} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) succeeds", bad)
		}
	}
}

func TestLanguageOfABrowser(t *testing.T) {
	for header, want := range map[string]Locale{
		"zh-CN,zh;q=0.9,en;q=0.8": ZhCN, "zh-Hant-TW": ZhCN, "en-GB, zh": En, "fr,en;q=0.5": En, "fr": ZhCN, "": ZhCN, ";;,,": ZhCN,
	} {
		if got := MatchLocale(header, ZhCN); got != want {
			t.Errorf("MatchLocale(%q) = %s, want %s", header, got, want)
		}
	}
	if _, ok := ParseLocale("zh"); ok {
		t.Error("zh alone is no locale of the app")
	}
}

func FuzzParseIdentifiers(f *testing.F) {
	for _, seed := range []string{"13800000001", "A001", "wang@acme.example", "+852 5123 4567", "\xff", "ﷺ", "İ@x.y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		ids, _ := ParseIdentifiers(typed)
		// A normal form is its own normal form: what is stored is found again.
		for form, normalize := range map[string]func(string) (string, bool){ids.Phone: NormalizePhone, ids.StaffNo: NormalizeStaffNo, ids.Mail: NormalizeMail} {
			if form == "" {
				continue
			}
			if again, ok := normalize(form); !ok || again != form {
				t.Errorf("%q has the form %q, which becomes %q, %v", typed, form, again, ok)
			}
		}
	})
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add(EncodeCursor("a", "b"))
	f.Add("W10")
	f.Fuzz(func(t *testing.T, cursor string) {
		keys, err := DecodeCursor(cursor, 2)
		if err == nil && cursor != "" && len(keys) != 2 {
			t.Errorf("DecodeCursor(%q) = %v", cursor, keys)
		}
	})
}
