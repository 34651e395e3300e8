package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Apply is the whole of the rules: what becomes of state by action. It changes
// none of its arguments. An error of type *kernel.Error refuses the action,
// *NeedFacts asks for more facts; in both cases nothing has happened. An action
// that was applied before gives the state as it is and no effects.
func Apply(f *Flow, state State, action Action, facts Facts, now time.Time) (State, []Effect, error) {
	if state.V > Version {
		return state, nil, kernel.Unavailable("approval_newer").With("version", state.V)
	}
	if slices.Contains(state.Applied, action.ID) {
		return state, nil, nil
	}
	if len(state.Applied) >= maxActions {
		return state, nil, kernel.Conflict("approval_full").With("max", maxActions)
	}
	r := &run{flow: f, state: state.clone(), action: action, facts: facts, now: now}
	if err := r.apply(); err != nil {
		return state, nil, err
	}
	r.state.V = Version
	r.state.Applied = append(r.state.Applied, action.ID)
	return r.state, r.effects, nil
}

// run is one application under way; its state is a copy.
type run struct {
	flow    *Flow
	state   State
	action  Action
	facts   Facts
	now     time.Time
	effects []Effect
}

func (r *run) apply() error {
	act, ok := map[Verb]func() error{
		Submit: r.submit, Agree: r.agree, Reject: r.reject, Return: r.sendBack, Transfer: r.transfer, Withdraw: r.withdraw,
		Nudge: r.nudge, Comment: r.comment, SendCopy: r.sendCopy, Cancel: r.cancel, RemindHold: r.remind,
	}[r.action.Verb]
	if !ok {
		return kernel.Invalid("verb_unknown").With("verb", r.action.Verb)
	}
	if (r.action.By == kernel.NoID) != (r.action.Verb == RemindHold) {
		return kernel.Forbidden("approval_not_yours")
	}
	if r.state.Status == "" && r.action.Verb != Submit {
		return kernel.Conflict("approval_not_submitted")
	}
	return act()
}

func (s State) clone() State {
	s.Vars, s.Choices = maps.Clone(s.Vars), maps.Clone(s.Choices)
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		s.Steps[i].Items = slices.Clone(s.Steps[i].Items)
	}
	s.Resume, s.Copies, s.Applied = slices.Clone(s.Resume), slices.Clone(s.Copies), slices.Clone(s.Applied)
	return s
}

func (r *run) effect(kind EffectKind, person kernel.ID, item int) *Effect {
	r.effects = append(r.effects, Effect{Kind: kind, Person: person, Item: item})
	return &r.effects[len(r.effects)-1]
}

// Current is the step that is open; nil if there is none.
func (s *State) Current() *Step {
	if len(s.Steps) > 0 && s.Steps[len(s.Steps)-1].State == StepOpen {
		return &s.Steps[len(s.Steps)-1]
	}
	return nil
}

// Open gives the open item of a person; nil if they have none.
func (s *State) Open(person kernel.ID) *Item {
	if step := s.Current(); step != nil {
		for i := range step.Items {
			if step.Items[i].Person == person && step.Items[i].State == ItemOpen {
				return &step.Items[i]
			}
		}
	}
	return nil
}

// submit begins, or goes on after the submitter has mended what was returned.
func (r *run) submit() error {
	first := r.state.Status == ""
	switch {
	case !first && r.action.By != r.state.Submitter:
		return kernel.Forbidden("approval_not_yours")
	case !first && r.state.Status != Returned:
		return kernel.Conflict("approval_not_returned").With("status", r.state.Status)
	}
	if err := r.checkChoices(); err != nil {
		return err
	}
	before := r.state.Vars
	r.state.Submitter, r.state.Vars = r.action.By, maps.Clone(r.action.Vars)
	r.state.Status = Running
	r.state.Revision++
	if !first {
		r.effect(Mended, r.state.Submitter, 0)
		same, err := r.samePath(before)
		if err != nil {
			return err
		}
		if same {
			return r.goOn("")
		}
		r.state.Resume = nil // other people are to be asked now: from the front
	}
	r.state.Round++
	return r.advance(r.flow.first)
}

// checkChoices takes the people whom the submitter names; a later submission may
// leave those of the first as they are.
func (r *run) checkChoices() error {
	chosen := maps.Clone(r.state.Choices)
	if chosen == nil {
		chosen = map[string][]kernel.ID{}
	}
	maps.Copy(chosen, r.action.Choices)
	wanted := r.flow.Choices()
	for _, n := range wanted {
		people := chosen[n.ID]
		fault := ""
		switch {
		case len(people) == 0 && n.Kind == Approve:
			fault = "approver_missing"
		case len(people) > n.Who.Max:
			fault = "approvers_too_many"
		case hasTwice(people):
			fault = "person_twice"
		case slices.Contains(people, r.action.By) && n.Kind == Approve && r.flow.def.Policy.Self != Keep:
			fault = "approver_is_submitter"
		}
		if fault != "" {
			return kernel.Invalid(fault).With("max", n.Who.Max).OnField("body.approvers." + n.ID)
		}
	}
	for id := range chosen {
		if !slices.ContainsFunc(wanted, func(n Node) bool { return n.ID == id }) {
			return kernel.Invalid("approver_not_chosen").OnField("body.approvers." + id)
		}
	}
	if len(chosen) > 0 {
		r.state.Choices = chosen
	}
	return nil
}

func hasTwice(people []kernel.ID) bool {
	seen := map[kernel.ID]bool{}
	for _, p := range people {
		seen[p] = true
	}
	return len(seen) < len(people)
}

// samePath says whether there is a step to go on at, and the new variables lead to
// it on the very path of the old ones.
func (r *run) samePath(before map[string]any) (bool, error) {
	if len(r.state.Resume) == 0 {
		return false, nil
	}
	goal := r.state.Steps[r.state.Resume[len(r.state.Resume)-1]].Node
	old, err := r.flow.path(before)
	if err != nil {
		return false, err
	}
	now, err := r.flow.path(r.state.Vars)
	if err != nil {
		return false, err
	}
	i, j := slices.Index(old, goal), slices.Index(now, goal)
	return i >= 0 && i == j && slices.Equal(old[:i], now[:j]), nil
}

// goOn continues after a step has passed, or after the submitter has mended: where
// somebody waits for the mending, else at node.
func (r *run) goOn(node string) error {
	if n := len(r.state.Resume); n > 0 {
		step := r.state.Resume[n-1]
		r.state.Resume = r.state.Resume[:n-1]
		return r.reopen(step)
	}
	return r.advance(node)
}

// advance enters nodes from one on, until somebody is to decide or the end is reached.
func (r *run) advance(node string) error {
	for node != "" {
		at := r.flow.nodes[node]
		switch at.Kind {
		case Branch:
			next, err := at.choose(r.state.Vars)
			if err != nil {
				return err
			}
			node = next
		case Copy:
			fact, ok := r.facts.Nodes[node]
			if !ok {
				return &NeedFacts{Node: node}
			}
			for _, c := range fact.People {
				r.copyTo(c.Person, node)
			}
			node = at.next
		case Approve:
			waits, err := r.enter(at)
			if err != nil || waits {
				return err
			}
			// A step that nobody had to decide can be what a return asked for.
			if len(r.state.Resume) > 0 {
				return r.goOn(at.next)
			}
			node = at.next
		}
	}
	r.end(Approved)
	return nil
}

// choose is the first node of the path that vars take; empty: the end.
func (p *place) choose(vars map[string]any) (string, error) {
	for _, path := range p.paths {
		if path.holds == nil {
			return path.first, nil
		}
		holds, err := path.holds(vars)
		if err != nil {
			return "", kernel.Conflict("condition_fails").With("node", p.ID).Because(err)
		}
		if holds {
			return path.first, nil
		}
	}
	return "", fmt.Errorf("node %s has no last path", p.ID) // add has seen to it
}

// path are the nodes that vars lead through, from the front, without branches.
func (f *Flow) path(vars map[string]any) ([]string, error) { return f.from(f.first, vars) }

func (f *Flow) from(node string, vars map[string]any) ([]string, error) {
	var out []string
	for node != "" {
		at := f.nodes[node]
		if at.Kind != Branch {
			out = append(out, node)
			node = at.next
			continue
		}
		next, err := at.choose(vars)
		if err != nil {
			return nil, err
		}
		node = next
	}
	return out, nil
}

// end closes the approval.
func (r *run) end(status Status) {
	r.state.Status = status
	r.effects = append(r.effects, Effect{Kind: EndReached, Status: status})
}

// copyTo tells somebody, once; the submitter knows.
func (r *run) copyTo(person kernel.ID, node string) {
	if person == r.state.Submitter {
		return
	}
	for _, c := range r.state.Copies {
		if c.Person == person {
			return
		}
	}
	if len(r.state.Copies) < maxCopies {
		r.state.Copies = append(r.state.Copies, Copied{Person: person, Node: node, At: r.now})
		r.effect(Told, person, 0)
	}
}
