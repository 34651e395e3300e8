package authz

import (
	"regexp"
	"slices"
	"testing"
)

// A table that is read and not stamped would leave a right in force that was taken back.
func TestAllThatIsReadOfAPersonIsStamped(t *testing.T) {
	made := []string{"up", "home", "headed", "stands", "reached", "given", "me", "stamp"}
	read := 0
	for _, m := range regexp.MustCompile(`(?:FROM|JOIN) ([a-z_]+)`).FindAllStringSubmatch(heldQuery, -1) {
		if slices.Contains(made, m[1]) {
			continue
		}
		if read++; !slices.Contains(accessTables, m[1]) {
			t.Errorf("heldQuery reads %s, whose writes renew no stamp", m[1])
		}
	}
	if read < len(accessTables) {
		t.Errorf("heldQuery names %d tables, %d are stamped", read, len(accessTables))
	}
}
