package engine

import (
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Ahead are the nodes that are still to come, by the variables as they are now: of
// a State that was not submitted, all of them.
func Ahead(f *Flow, s State) ([]Node, error) {
	var ids []string
	var err error
	switch {
	case s.Status.Ended():
		return nil, nil
	case s.Status == Running:
		current := s.Current()
		next := f.nodes[current.Node].next
		if n := len(s.Resume); n > 0 {
			next = s.Steps[s.Resume[n-1]].Node
		}
		ids, err = f.from(next, s.Vars)
	case len(s.Resume) > 0:
		ids, err = f.from(s.Steps[s.Resume[len(s.Resume)-1]].Node, s.Vars)
	default:
		ids, err = f.from(f.first, s.Vars)
	}
	if err != nil {
		return nil, err
	}
	out := make([]Node, len(ids))
	for i, id := range ids {
		out[i] = f.nodes[id].Node
	}
	return out, nil
}

// Hidden are the fields that somebody does not see. It is the one rule of
// redaction: detail, lists, search, cards, notices and prints all ask it. A field
// shows if any of the person's parts shows it; the submitter, and whoever may read
// all, see everything.
func Hidden(f *Flow, s State, person kernel.ID, all bool) []string {
	if all || person == s.Submitter {
		return nil
	}
	hidden := f.hiddenSomewhere()
	for _, node := range s.parts(person) {
		shown := f.nodes[node].Hide
		hidden = slices.DeleteFunc(hidden, func(field string) bool { return !slices.Contains(shown, field) })
	}
	return hidden
}

// hiddenSomewhere are the fields that any node hides: what those see least of all
// who take part by hand, and nobody who reads by a right.
func (f *Flow) hiddenSomewhere() []string {
	var out []string
	for _, at := range f.nodes {
		out = append(out, at.Hide...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// parts are the nodes at which somebody was asked or told.
func (s *State) parts(person kernel.ID) []string {
	var out []string
	for _, step := range s.Steps {
		for _, item := range step.Items {
			if item.asks(person) {
				out = append(out, step.Node)
			}
		}
	}
	for _, c := range s.Copies {
		if c.Person == person && c.Node != "" {
			out = append(out, c.Node)
		}
	}
	return out
}

// Foresee gives those who would decide at a node, or be told by it, if it were
// entered now, and why nobody would.
func Foresee(f *Flow, s State, node string, fact NodeFact) ([]Candidate, Reason) {
	at, ok := f.nodes[node]
	if !ok {
		return nil, NobodyFound
	}
	if at.Kind == Copy {
		return fact.People, ""
	}
	r := &run{flow: f, state: s}
	people, reason := r.holders(at, fact)
	if len(people) > 0 {
		reason = ""
	}
	return people, reason
}

// NeedsFallback says whether those who manage approvals are to be found for a node,
// because nobody else can decide there.
func NeedsFallback(f *Flow, submitter kernel.ID, people []Candidate) bool {
	r := &run{flow: f, state: State{Submitter: submitter}}
	if len(r.proper(people)) > 0 {
		return false
	}
	if len(people) > 0 {
		return r.rule(SelfFound) == Fallback
	}
	return r.rule(NobodyFound) == Fallback
}

// Allowed are the verbs that a person can use now.
func Allowed(f *Flow, s State, person kernel.ID, manager bool) []Verb {
	out := []Verb{}
	submitter := person == s.Submitter
	switch s.Status {
	case Running:
		if s.Open(person) != nil {
			out = append(out, Agree, Reject, Return, Transfer)
		}
		if submitter {
			out = append(out, Withdraw, Nudge)
		}
	case Returned:
		if submitter {
			out = append(out, Submit, Withdraw)
		}
	case Approved:
		if submitter || manager {
			out = append(out, Cancel)
		}
	}
	if s.Takes(person) || manager {
		out = append(out, Comment, SendCopy)
	}
	return out
}
