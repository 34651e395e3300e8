package backup

import (
	"slices"
	"strings"
	"time"
)

// Done is a complete backup, as far as decisions about others need it.
type Done struct {
	Name       string
	Full       bool
	Generation string
	Epoch      string   // where its new objects went
	Epochs     []string // that it needs
	KeyID      string   // of the root key
	Moment     time.Time
	Expires    time.Time // zero: never
}

// Lineage says where a new backup goes and what it goes on from.
type Lineage struct {
	Full       bool
	Generation string
	Epoch      string
	Previous   string // name of a backup whose objects need not be read again; empty: none
}

// Next decides the lineage of a backup of a tenant, whose backups in one store are
// done. What is asked to be incremental and has nothing to add to becomes full.
//
// Objects go to one epoch a month and root key. It begins with a full backup, which
// then copies each object anew: so a damaged copy does not live on, and an old epoch
// is not needed any more once its backups have expired.
func Next(name string, full bool, keyID string, now time.Time, done []Done) Lineage {
	last := latest(keyID, done)
	if !full && last != nil {
		return Lineage{Generation: last.Generation, Epoch: last.Epoch, Previous: last.Name}
	}
	next := Lineage{Full: true, Generation: name, Epoch: EpochOf(keyID, now)}
	if last != nil && last.Epoch == next.Epoch {
		next.Previous = last.Name
	}
	return next
}

// EpochOf names the epoch of a moment and a root key.
func EpochOf(keyID string, now time.Time) string {
	return now.UTC().Format("2006-01") + "-" + keyID[:min(len(keyID), 8)]
}

// latest of those that this key opens.
func latest(keyID string, done []Done) *Done {
	with := slices.DeleteFunc(slices.Clone(done), func(d Done) bool { return d.KeyID != keyID })
	if len(with) == 0 {
		return nil
	}
	last := slices.MaxFunc(with, order)
	return &last
}

// order is by moment, then by name.
func order(a, b Done) int {
	if c := a.Moment.Compare(b.Moment); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}
