// Package orphans decides what belongs to no tenant, and what of it may be removed.
// It is pure: it finds nothing and removes nothing by itself.
package orphans

import (
	"slices"
	"strings"
	"time"
)

// Grace is how long a thing must have been found without a break before it is
// reported, and so before anybody can order its removal: what a tenant just gets or
// just gives up is no orphan.
const Grace = 10 * time.Minute

// Unclaimed begins the name of a registry row whose Tenant is not there. It is
// reported, so that a person applies the Tenant again; it is never removed.
const Unclaimed = "unclaimed/"

// Thing is something that carries this installation's names.
type Thing struct {
	Name string // kind/name, for example bucket/prod-abcdefghij; unique for ever, since ids are
	ID   string // of the tenant that it was made for
}

// Find returns the names of things whose tenant is neither active nor retained in
// any registry, sorted.
func Find(things []Thing, living map[string]bool) (names []string) {
	for _, t := range things {
		if !living[t.ID] {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Ledger remembers since when things of one server have been found. The zero value
// is empty.
type Ledger struct{ since map[string]time.Time }

// Settle notes what was found now, and returns those that were found for the grace
// without a break. What was reported before (by an operator that has ended since)
// has had its grace.
func (l *Ledger) Settle(now time.Time, found, reported []string) (settled []string) {
	since := map[string]time.Time{}
	for _, name := range found {
		first, seen := l.since[name]
		if !seen {
			first = now
		}
		since[name] = first
		if now.Sub(first) >= Grace || slices.Contains(reported, name) {
			settled = append(settled, name)
		}
	}
	l.since = since
	return settled
}

// Ordered splits the words of a removal order: those that name a settled orphan,
// and the others, which are refused.
func Ordered(order string, settled []string) (remove, refused []string) {
	for _, name := range strings.Split(order, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || slices.Contains(remove, name) || slices.Contains(refused, name):
		case slices.Contains(settled, name) && !strings.HasPrefix(name, Unclaimed):
			remove = append(remove, name)
		default:
			refused = append(refused, name)
		}
	}
	return remove, refused
}
