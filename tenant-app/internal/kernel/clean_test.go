package kernel_test

import (
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"已收到":                      "已收到",
		"  a\r\nb\tc\x00\x1b[31m ": "a\nb\tc[31m",
		"a\xffb":                   "a\uFFFDb",
		"\x00\n":                   "",
		"👨‍👩‍👧 王㛃·买买提":             "👨‍👩‍👧 王㛃·买买提",
	} {
		if got := kernel.CleanText(in); got != want {
			t.Errorf("CleanText(%q) = %q, want %q", in, got, want)
		}
	}
}
