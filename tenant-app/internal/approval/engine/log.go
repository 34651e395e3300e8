package engine

import (
	"fmt"
	"time"
)

// Entry is one line of an approval's log: everything that Apply was given.
type Entry struct {
	V      int       `json:"v"`
	Action Action    `json:"action"`
	Facts  Facts     `json:"facts"`
	At     time.Time `json:"at"`
}

// Replay makes the state anew from the log. It asks nobody.
func Replay(f *Flow, log []Entry) (State, error) {
	var state State
	for i, entry := range log {
		if entry.V > Version {
			return state, fmt.Errorf("replay action %d: it was written by version %d of the rules, this release knows %d", i+1, entry.V, Version)
		}
		next, _, err := Apply(f, state, entry.Action, entry.Facts, entry.At)
		if err != nil {
			return state, fmt.Errorf("replay action %d (%s): %w", i+1, entry.Action.Verb, err)
		}
		state = next
	}
	return state, nil
}
