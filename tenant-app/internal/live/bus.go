package live

import "atrium.dev/atrium/tenant-app/internal/kernel"

// Signal is what replicas tell each other. Between replicas it carries ids alone: what a
// page may see it reads itself, with its own rights.
type Signal struct {
	Kind    string    `json:"kind"`
	To      To        `json:"to"`
	Hint    Hint      `json:"hint,omitzero"`
	Session kernel.ID `json:"session,omitzero"`
	Except  kernel.ID `json:"except,omitzero"`
}

// The kinds of signals.
const (
	signalHint  = "hint"
	signalJoin  = "join"
	signalLeave = "leave"
	signalEnd   = "end"
)

// What a bus itself says to its replica alone.
const (
	signalDoubt  = "doubt"  // another replica is not heard: it may be telling something now
	signalWhole  = "whole"  // all are heard (again)
	signalMissed = "missed" // something was not heard, and nobody knows what
)

// Bus carries signals to all replicas, the sender's included, in the order in which
// each sent them.
type Bus interface {
	Publish(signal Signal)
	Subscribe(hear func(Signal))
}

// Local is the bus of a company with one replica.
type Local struct{ hear []func(Signal) }

// Publish calls who subscribed.
func (l *Local) Publish(signal Signal) {
	for _, hear := range l.hear {
		hear(signal)
	}
}

// Subscribe is called before the first signal.
func (l *Local) Subscribe(hear func(Signal)) { l.hear = append(l.hear, hear) }
