package auth

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestMessagesAreCompleteInBothLanguages(t *testing.T) {
	zh, en := messages[kernel.ZhCN], messages[kernel.En]
	keys := func(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
	if !slices.Equal(keys(zh), keys(en)) {
		t.Errorf("keys differ:\n%v\n%v", keys(zh), keys(en))
	}
	param := regexp.MustCompile(`\{\w+\}`)
	for key := range zh {
		if !slices.Equal(param.FindAllString(zh[key], -1), param.FindAllString(en[key], -1)) {
			t.Errorf("%s has other parameters in the other language", key)
		}
	}
	used := regexp.MustCompile(`\.T "(\w+)" ""`)
	for _, name := range []string{"layout", "login", "activate", "first", "consent", "text"} {
		for _, match := range used.FindAllStringSubmatch(mustRead("forms/"+name+".html"), -1) {
			if zh[match[1]] == "" {
				t.Errorf("%s.html shows %q, which has no text", name, match[1])
			}
		}
	}
}

func TestNobodyReadsAKey(t *testing.T) {
	if got := text(kernel.ZhCN, "a_code_of_tomorrow", nil); got != messages[kernel.ZhCN]["internal"] {
		t.Errorf("an unknown code reads %q", got)
	}
	if got := text(kernel.En, "too_many_attempts", kernel.Params{"minutes": 3}); !strings.Contains(got, "in 3 minutes") {
		t.Errorf("%q", got)
	}
}

func TestPasswordRule(t *testing.T) {
	for password, want := range map[string]string{
		"correct horse battery":   "",
		"三个和尚没水喝而已吧":              "",
		"short":                   "password_too_short",
		"九个汉字的密码不够长":              "",
		"太短的密码":                   "password_too_short",
		strings.Repeat("x!", 80):  "password_too_long",
		"\xff\xfe\xfd aaaaaaaaaa": "password_too_long",
		"aaaaaaaaaaaa":            "password_common",
		"abcabcabcabc":            "password_common",
		"1234567890":              "password_common",
		"9876543210":              "password_common",
		"abcdefghijkl":            "password_common",
		"Woaini1314520":           "password_common",
		"wang@acme.example1":      "password_is_about_you",
		"13800000001a":            "password_is_about_you",
		"13800000001 and a lot":   "",
	} {
		err := checkPasswordRule(password, "王芳", "+8613800000001", "a001", "wang@acme.example")
		if want == "" && err != nil || want != "" && !kernel.HasCode(err, want) {
			t.Errorf("%q: %v, want %q", password, err, want)
		}
	}
}

// A password of nobody costs what anyone's costs: the same work with the same
// parameters.
func TestTheDummyHashCostsTheSame(t *testing.T) {
	h := newHasher()
	real, err := h.hash(t.Context(), "a sentence one remembers")
	if err != nil {
		t.Fatal(err)
	}
	parameters := func(hash string) string { return strings.Join(strings.Split(hash, "$")[:4], "$") }
	if parameters(real) != parameters(dummyHash) {
		t.Errorf("the dummy has %s, new hashes %s", parameters(dummyHash), parameters(real))
	}
	sizes := func(hash string) (n []int) {
		for _, part := range strings.Split(hash, "$")[4:] {
			n = append(n, len(part))
		}
		return n
	}
	if !slices.Equal(sizes(real), sizes(dummyHash)) {
		t.Errorf("salt and key have %v, the dummy's %v", sizes(real), sizes(dummyHash))
	}
	if match, err := h.check(t.Context(), "nobody-has-this-password", ""); match || err != nil {
		t.Errorf("an account without a password: %v, %v", match, err)
	}
}

func TestHashingIsBounded(t *testing.T) {
	h := newHasher()
	for range maxHashing {
		if err := h.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := h.take(ctx); !kernel.HasCode(err, "sign_in_busy") {
		t.Errorf("one more than the memory allows: %v", err)
	}
	h.give()
	if err := h.take(t.Context()); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}

func TestCodesAreReadAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"K7QM-4X2P-9TRB": "K7QM4X2P9TRB", "k7qm 4x2p 9trb": "K7QM4X2P9TRB", "OIL0-0000-0000": "011000000000",
		"K7QM-4X2P-9TR": "", "K7QM-4X2P-9TRBX": "", "K7QM-4X2P-9TR!": "", "": "", "K7QM4X2P9TRU": "", strings.Repeat("-", 100): "",
	} {
		if got, ok := parseCode(typed); (got != want && ok) || ok != (want != "") {
			t.Errorf("parseCode(%q) = %q, %v, want %q", typed, got, ok, want)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		code := newCode()
		if got, ok := parseCode(showCode(code)); !ok || got != code || seen[code] {
			t.Fatalf("code %q is read as %q, %v", code, got, ok)
		}
		seen[code] = true
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("K7QM-4X2P-9TRB")
	f.Add("ſſſſſſſſſſſſ")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := parseCode(typed)
		if ok && (len(code) != codeLength || strings.Trim(code, codeAlphabet) != "") {
			t.Errorf("parseCode(%q) = %q", typed, code)
		}
	})
}

func FuzzWellFormed(f *testing.F) {
	f.Add(strings.Repeat("A", 43))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if wellFormed(token) && (len(token) != 43 || strings.ContainsAny(token, "\r\n;, ")) {
			t.Errorf("%q passes for a token", token)
		}
	})
}

// However next is written, it stays a path of this app.
func FuzzSafeNext(f *testing.F) {
	for _, seed := range []string{"/people?q=1", "//evil.example", "/\\evil", "https:evil", "/%2f%2fevil", "/\tx", "/.//evil.example", "/..//evil.example"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "acme.example.com", Path: "/login"}
	f.Fuzz(func(t *testing.T, next string) {
		got := safeNext(next)
		u, err := url.Parse(got)
		if err != nil || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Fatalf("safeNext(%q) = %q, %v", next, got, err)
		}
		if to := base.ResolveReference(u); to.Host != base.Host || to.Scheme != base.Scheme {
			t.Errorf("safeNext(%q) = %q leads to %s", next, got, to)
		}
	})
}
