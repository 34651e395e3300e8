package routes_test

import (
	"strings"
	"testing"

	"atrium.dev/atrium/internal/gateway/routes"
)

func TestNormalise(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	name253 := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61)
	for _, test := range []struct{ host, want string }{
		{"acme.example.com", "acme.example.com"},
		{"ACME.Example.COM", "acme.example.com"},
		{"acme.example.com:8080", "acme.example.com"},
		{"acme.example.com:", "acme.example.com"},
		{"acme.example.com.", "acme.example.com"},
		{"acme.example.com.:443", "acme.example.com"},
		{"localhost", "localhost"},
		{"127.0.0.1", "127.0.0.1"}, // no company has it, but it may be looked up
		{"公司.example", "xn--55qx5d.example"},
		{"xn--55qx5d.example", "xn--55qx5d.example"},
		{"ＡＣＭＥ.example", "acme.example"}, // full width, as a Chinese keyboard types it
		{label63 + ".com", label63 + ".com"},
		{name253, name253},
		{name253 + ".", name253},
	} {
		if got, ok := routes.Normalise(test.host); !ok || got != test.want {
			t.Errorf("%q becomes %q %v, want %q", test.host, got, ok, test.want)
		}
	}
	for _, host := range []string{
		"", ".", "..", "acme..com", ".acme.com", "acme.com..", ":80", "acme.com:80:80", "acme.com:http", "acme.com:123456",
		"[::1]", "[::1]:80", "::1", "acme_1.com", "-acme.com", "acme-.com", "acme.com/x", "acme.com?x", "user@acme.com",
		"acme.com\x00", "acme .com", "acme.com\r\nX: y", "*.acme.com", "acme%2ecom", "\xff\xfe.com",
		label63 + "a.com", name253 + "b", strings.Repeat("a.", 5000),
	} {
		if got, ok := routes.Normalise(host); ok {
			t.Errorf("%q was taken for %q", host, got)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"acme.example.com", "ACME.:80", "公司.example。", "xn--55qx5d", "[::1]:80", "a..b", "ß.de", "1.2.3.4:5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		got, ok := routes.Normalise(host)
		if !ok {
			return
		}
		if again, ok := routes.Normalise(got); !ok || again != got {
			t.Errorf("%q becomes %q, and that becomes %q %v", host, got, again, ok)
		}
		if got == "" || len(got) > 253 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" ||
			strings.Contains(got, "..") || strings.HasPrefix(got, ".") || strings.HasSuffix(got, ".") {
			t.Errorf("%q becomes %q, which is no DNS name", host, got)
		}
		if upper, ok := routes.Normalise(strings.ToUpper(got) + ":8080"); !ok || upper != got {
			t.Errorf("%q depends on its spelling: %q %v", got, upper, ok)
		}
	})
}
