package directory

import "testing"

func TestCleanPhone(t *testing.T) {
	cases := map[string]string{
		"13800000001": "13800000001", "+86 138 0000 0001": "13800000001", "0086-138-0000-0001": "13800000001",
		"8613800000001": "13800000001", "１３８００００００01": "13800000001", "＋８６13800000001": "13800000001",
		" 138-0000-0001\t": "13800000001", "(138)0000.0001": "13800000001",
		"+852 9123 4567": "+85291234567", "+1 (415) 555-0100": "+14155550100",
		"": "", "12800000001": "", "1380000000": "", "138000000012": "", "+8612800000001": "", "+86": "",
		"010-12345678": "", "1.38E+10": "", "13800000001x": "", "+0123456789": "", "+12345678901234567": "",
	}
	for in, want := range cases {
		got, ok := CleanPhone(in)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("CleanPhone(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestCleanMail(t *testing.T) {
	cases := map[string]string{
		"Wang.Fang@Acme.Example": "wang.fang@acme.example", " a+b@x.co ": "a+b@x.co", "ａ＠ｘ．ｃｏ": "a@x.co",
		"": "", "a@b": "", "a@b.": "", "王芳 <a@b.co>": "", "a b@c.co": "", "@c.co": "", "a@-c.co": "", "a@[1.2.3.4]": "",
	}
	for in, want := range cases {
		got, ok := CleanMail(in)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("CleanMail(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestCleanStaffNo(t *testing.T) {
	cases := map[string]string{
		"0012": "0012", "yf-007": "YF-007", "Ａ００１": "A001", " a 1 ": "A1", "001234567": "001234567",
		"": "", "13800000001": "", "138-0000-0001": "", "工号1": "", "-1": "", "a@b": "", "=1+1": "",
	}
	for in, want := range cases {
		got, ok := CleanStaffNo(in)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("CleanStaffNo(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestParseLogin(t *testing.T) {
	cases := []struct {
		in   string
		kind LoginKind
		want string
	}{
		{"+86 138 0000 0001", LoginPhone, "13800000001"},
		{"wang@Acme.example", LoginMail, "wang@acme.example"},
		{"wang＠acme.example", LoginMail, "wang@acme.example"},
		{"yf007", LoginStaffNo, "YF007"},
		{"001234567", LoginStaffNo, "001234567"},
		{"+85291234567", LoginPhone, "+85291234567"},
	}
	for _, c := range cases {
		if kind, got, ok := ParseLogin(c.in); kind != c.kind || got != c.want || !ok {
			t.Errorf("ParseLogin(%q) = %s %q %v", c.in, kind, got, ok)
		}
	}
	for _, in := range []string{"", "王芳", "a@b", "' or 1=1"} {
		if _, got, ok := ParseLogin(in); ok {
			t.Errorf("ParseLogin(%q) = %q, want it refused", in, got)
		}
	}
}

// What one kind of login accepts, no other may store: else one text could mean two persons.
func FuzzLoginMeansOnePerson(f *testing.F) {
	for _, s := range []string{"13800000001", "+85291234567", "0086 13800000001", "YF-007", "a@b.co", "１３８00000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		phone, isPhone := CleanPhone(in)
		number, isNumber := CleanStaffNo(in)
		if isPhone && isNumber {
			t.Fatalf("%q is a phone number (%s) and a staff number (%s)", in, phone, number)
		}
		for value, want := range map[string]LoginKind{when(isPhone, phone): LoginPhone, when(isNumber, number): LoginStaffNo} {
			if value == "" {
				continue
			}
			if kind, got, ok := ParseLogin(value); kind != want || got != value || !ok {
				t.Fatalf("%q is kept as %s %q, but signing in with that finds %s %q %v", in, want, value, kind, got, ok)
			}
		}
	})
}

func when(ok bool, value string) string {
	if ok {
		return value
	}
	return ""
}
