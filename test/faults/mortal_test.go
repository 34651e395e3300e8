package faults

import (
	"fmt"
	"slices"
	"sync"

	"atrium.dev/atrium/test/rig"
)

// mortal is the gate of an operator whose whole process dies, or stands still, at one act
// of those that a backup or a restore takes, whoever of its controllers does it.
type mortal struct {
	mu      sync.Mutex
	seen    int    // of the acts that count
	at      int    // the act at which it happens; 0: never
	after   bool   // whether the act still takes effect
	instant string // when it happened, in words; empty: it did not yet
	freeze  func() // instead of dying
}

// workers are the controllers that backups and restores are the work of.
var workers = []string{"backup", "restore", "tenant"}

func (m *mortal) gate(act rig.Act) rig.Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.instant != "" && m.freeze == nil {
		return rig.FailedBefore
	}
	if !slices.Contains(workers, act.Controller) || reads.MatchString(act.Name) {
		return rig.Fine
	}
	m.seen++
	// A transaction that stands still holds its lock for 30 s: that is not waited for.
	if m.at == 0 || m.seen < m.at || m.instant != "" || m.freeze != nil && act.Kind == rig.SQL {
		return rig.Fine
	}
	m.instant = fmt.Sprintf("before act %d, of %s %s: %s %q", m.seen, act.Controller, act.Object, act.Kind, act.Name)
	if m.freeze != nil {
		m.instant = "stood still " + m.instant
		m.freeze()
		return rig.Fine
	}
	if !m.after {
		return rig.FailedBefore
	}
	m.instant = "after" + m.instant[len("before"):]
	return rig.FailedAfter
}

// arm lets it happen at an act counted from now. With freeze the process stands still.
func (m *mortal) arm(at int, after bool, freeze func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen, m.at, m.after, m.freeze = 0, at, after, freeze
}

// disarm lets it happen no more, unless it has.
func (m *mortal) disarm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = 0
}

// happened says when it did, and how many acts came since it was armed.
func (m *mortal) happened() (instant string, acts int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.instant, m.seen
}
