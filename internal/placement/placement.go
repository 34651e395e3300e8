// Package placement decides where a new tenant's data will lie, and which host
// names are its own. It is pure: no client, no clock.
package placement

import (
	"cmp"
	"slices"
)

// Candidate is a server that data could lie on.
type Candidate struct {
	Name      string
	Tenants   int32
	Cordoned  bool
	Reachable bool
}

// Choose returns the candidate with the fewest tenants, the first by name among
// equals. Ok is false when none is reachable and open to new tenants.
func Choose(candidates []Candidate) (name string, ok bool) {
	open := slices.DeleteFunc(slices.Clone(candidates), func(c Candidate) bool { return c.Cordoned || !c.Reachable })
	if len(open) == 0 {
		return "", false
	}
	best := slices.MinFunc(open, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Tenants, b.Tenants), cmp.Compare(a.Name, b.Name))
	})
	return best.Name, true
}
