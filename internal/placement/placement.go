// Package placement decides where a new tenant's data will lie, and which host
// names are its own. It is pure: no client, no clock.
package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// FullPercent is the share of a server's bytes from which on it takes no new
// tenants: those that are there need room to grow.
const FullPercent = 95

// Candidate is a server that data could lie on.
type Candidate struct {
	Name        string
	Labels      map[string]string
	Weight      int32 // share of new tenants against the weights of others; 0 counts as 1
	Tenants     int32 // that lie there, or were decided to
	Capacity    int32 // how many may; 0 is without a bound
	UsedPercent int32 // of its bytes
	Cordoned    bool
	Unreachable string // why it cannot be used now; empty when it can, or nobody knows yet
}

// Closed is a candidate that was not taken, and why, in words for people.
type Closed struct{ Name, Why string }

// Choose returns the open candidate with the labels that has the fewest tenants for
// its weight when it takes one more, the first by name among equals. Name is empty
// when none is open; closed then tells of each candidate why, in order of names.
func Choose(candidates []Candidate, labels map[string]string) (name string, closed []Closed) {
	var best *Candidate
	for _, c := range slices.SortedFunc(slices.Values(candidates), func(a, b Candidate) int { return cmp.Compare(a.Name, b.Name) }) {
		if why := c.closed(labels); why != "" {
			closed = append(closed, Closed{c.Name, why})
			continue
		}
		if best == nil || c.lighterThan(*best) {
			best = &c
		}
	}
	if best == nil {
		return "", closed
	}
	return best.Name, nil
}

// closed says why a candidate takes no new tenant; empty when it does.
func (c Candidate) closed(labels map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if got, ok := c.Labels[key]; !ok || got != labels[key] {
			return fmt.Sprintf("lacks the label %s=%s that the plan asks for", key, labels[key])
		}
	}
	switch {
	case c.Cordoned:
		return "is cordoned"
	case c.Unreachable != "":
		return "cannot be used (" + c.Unreachable + ")"
	case c.Capacity > 0 && c.Tenants >= c.Capacity:
		return fmt.Sprintf("has %d of %d tenants", c.Tenants, c.Capacity)
	case c.UsedPercent >= FullPercent:
		return fmt.Sprintf("is %d %% full", c.UsedPercent)
	}
	return ""
}

// lighterThan compares (tenants+1)/weight without dividing.
func (c Candidate) lighterThan(other Candidate) bool {
	return (int64(c.Tenants)+1)*int64(max(other.Weight, 1)) < (int64(other.Tenants)+1)*int64(max(c.Weight, 1))
}

// maxNamed is how many servers a message names: more would hide what to do.
const maxNamed = 5

// Explain lists candidates that were not taken in words; empty when there are none.
func Explain(closed []Closed) string {
	var words []string
	for i, one := range closed {
		if i == maxNamed {
			words = append(words, fmt.Sprintf("and %d more", len(closed)-maxNamed))
			break
		}
		words = append(words, one.Name+" "+one.Why)
	}
	return strings.Join(words, ", ")
}
