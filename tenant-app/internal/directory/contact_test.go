package directory

import (
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestCleanStaffNo(t *testing.T) {
	cases := map[string]string{
		"0012": "0012", "yf-007": "yf-007", "Ａ００１": "A001", " A1 ": "A1", "001234567": "001234567",
		"": "", "13800000001": "", "１３８00000001": "", "工号1": "", "-1": "", "a@b": "", "=1+1": "", "a 1": "",
	}
	for in, want := range cases {
		got, ok := CleanStaffNo(in)
		if ok != (want != "") || (ok && got != want) {
			t.Errorf("CleanStaffNo(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestShowPhone(t *testing.T) {
	for in, want := range map[string]string{"+8613800000001": "13800000001", "+85291234567": "+85291234567", "+862112345678": "+862112345678", "": ""} {
		if got := ShowPhone(in); got != want {
			t.Errorf("ShowPhone(%q) = %q, want %q", in, got, want)
		}
	}
}

// However a phone number is shown, signing in with what is shown finds it again,
// and no staff number can be mistaken for it.
func FuzzPhoneShownIsPhoneKept(f *testing.F) {
	for _, s := range []string{"13800000001", "+85291234567", "0086 13800000001", "１３８00000001", "+86 138-0000-0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		phone, ok := kernel.NormalizePhone(in)
		if !ok {
			return
		}
		shown := ShowPhone(phone)
		if again, ok := kernel.NormalizePhone(shown); !ok || again != phone {
			t.Fatalf("%q is kept as %s, shown as %s, which reads as %s, %v", in, phone, shown, again, ok)
		}
		if number, ok := CleanStaffNo(shown); ok {
			t.Fatalf("%s is a phone number and also the staff number %s", shown, number)
		}
	})
}
