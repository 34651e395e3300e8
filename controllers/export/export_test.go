package export

import (
	"fmt"
	"testing"
	"time"
)

// What changes all day pushes out none of the days before.
func TestExpired(t *testing.T) {
	var names []string
	today := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	for day := range 40 {
		names = append(names, prefix+today.AddDate(0, 0, -day).Format(stamped)+"-abc"+suffix)
	}
	for n := range 40 {
		names = append(names, prefix+today.Add(time.Duration(n+1)*time.Minute).Format(stamped)+fmt.Sprintf("-%d", n)+suffix)
	}
	gone := map[string]bool{}
	for _, name := range expired(names) {
		gone[name] = true
	}
	if len(gone) != 10+11 { // of the 39 days before, and of the 41 of today
		t.Errorf("%d of %d go, want 21", len(gone), len(names))
	}
	for i, name := range names {
		stays := i >= 1 && i < 30 || i >= 50
		if gone[name] == stays {
			t.Errorf("%s goes: %v", name, gone[name])
		}
	}
}
