package engine

import (
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// enter opens a step at a node. It gives false if the step has passed already,
// because a policy decided; then the flow goes on.
func (r *run) enter(at *place) (waits bool, err error) {
	fact, ok := r.facts.Nodes[at.ID]
	if !ok {
		return false, &NeedFacts{Node: at.ID}
	}
	people, reason := r.holders(at, fact)
	step := Step{Node: at.ID, Round: r.state.Round, State: StepOpen, Opened: r.now, Due: fact.Due, Items: []Item{}}
	justDecided := r.lastDeciders()
	if len(people) == 0 {
		step.Reason = reason
		r.state.Steps = append(r.state.Steps, step)
		if r.rule(reason) == Pass {
			r.closeStep(StepPassed)
			return false, nil
		}
		// Nobody at all can decide: it is the submitter's again, to choose otherwise.
		r.closeStep(StepReturned)
		r.state.Status, r.state.Resume = Returned, nil
		r.effect(ToMend, r.state.Submitter, 0)
		return true, nil
	}
	for _, p := range people {
		r.state.Items++
		item := Item{N: r.state.Items, Person: p.Person, State: ItemWaiting}
		if p.Delegate != nil {
			principal := p.Person
			item.Person, item.For = *p.Delegate, &principal
		}
		if r.flow.def.Policy.Repeat == Pass && slices.Contains(justDecided, item.Person) {
			item.Auto = JustDecided
		}
		step.Items = append(step.Items, item)
	}
	r.state.Steps = append(r.state.Steps, step)
	return !r.settle(at.Mode), nil
}

func (r *run) rule(reason Reason) Rule {
	if reason == SelfFound {
		return r.flow.def.Policy.Self
	}
	return r.flow.def.Policy.Nobody
}

// holders are those who are to decide at a node, by its mode and the policy. If
// there is nobody, it says why.
func (r *run) holders(at *place, fact NodeFact) ([]Candidate, Reason) {
	found := fact.People
	reason := NobodyFound
	proper := r.proper(found)
	if len(found) > 0 && len(proper) == 0 {
		reason = SelfFound
	}
	if len(proper) == 0 && r.rule(reason) == Fallback {
		// The submitter never decides instead of somebody else.
		proper = r.proper(slices.DeleteFunc(slices.Clone(fact.Fallback), func(c Candidate) bool { return c.Person == r.state.Submitter }))
	}
	if at.Mode == One && len(proper) > 1 {
		proper = proper[:1]
	}
	return proper, reason
}

// proper leaves out the submitter, unless the policy lets them decide, and whoever
// is there twice, be it as a delegate. Nobody decides as a delegate about
// themselves.
func (r *run) proper(found []Candidate) []Candidate {
	var out []Candidate
	seen := map[kernel.ID]bool{}
	for _, c := range found {
		if c.Person == r.state.Submitter {
			if r.flow.def.Policy.Self != Keep {
				continue
			}
			c.Delegate = nil
		}
		if c.Delegate != nil && (*c.Delegate == r.state.Submitter || *c.Delegate == c.Person) {
			c.Delegate = nil
		}
		holder := c.Person
		if c.Delegate != nil {
			holder = *c.Delegate
		}
		if !seen[holder] && len(out) < maxPeople {
			seen[holder] = true
			out = append(out, c)
		}
	}
	return out
}

// lastDeciders are those who approved the step before, unless it was sent back.
func (r *run) lastDeciders() []kernel.ID {
	for _, step := range slices.Backward(r.state.Steps) {
		if step.State != StepPassed {
			return nil
		}
		var out []kernel.ID
		for _, item := range step.Items {
			if item.State == ItemApproved {
				out = append(out, item.Person)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// settle opens the items whose turn it is and approves those that a policy
// approves. It gives true if the step has passed by that.
func (r *run) settle(mode Mode) (passed bool) {
	step := r.state.Current()
	for i := range step.Items {
		item := &step.Items[i]
		if item.State == ItemWaiting && item.Auto != "" && (mode != Order || r.turn(step, i)) {
			now := r.now
			item.State, item.Opened, item.Closed = ItemApproved, &now, &now
		}
	}
	if r.complete(mode) {
		return true
	}
	for i := range step.Items {
		item := &step.Items[i]
		if item.State != ItemWaiting || mode == Order && !r.turn(step, i) {
			continue
		}
		now := r.now
		item.State, item.Opened = ItemOpen, &now
		r.effect(Assigned, item.Person, item.N).Due = step.Due
	}
	return false
}

// turn says whether everybody before item i of a step has approved.
func (r *run) turn(step *Step, i int) bool {
	for _, item := range step.Items[:i] {
		if item.State == ItemWaiting || item.State == ItemOpen || item.State == ItemHeld {
			return false
		}
	}
	return true
}

// complete closes the step if enough have approved.
func (r *run) complete(mode Mode) bool {
	approved, undecided := 0, 0
	for _, item := range r.state.Current().Items {
		switch item.State {
		case ItemApproved:
			approved++
		case ItemOpen, ItemWaiting, ItemHeld:
			undecided++
		}
	}
	if approved == 0 || undecided > 0 && mode != Any && mode != One {
		return false
	}
	r.closeStep(StepPassed)
	return true
}

// closeStep ends the current step; whoever has not decided need not any more.
func (r *run) closeStep(state StepState) {
	step := r.state.Current()
	now := r.now
	step.State, step.Closed = state, &now
	for i := range step.Items {
		item := &step.Items[i]
		if item.State != ItemOpen && item.State != ItemWaiting {
			continue
		}
		if item.State == ItemOpen {
			r.effect(Released, item.Person, item.N)
		}
		item.Closed, item.State = &now, ItemDropped
		if state == StepReturned {
			item.State = ItemHeld
		}
	}
}

// reopen visits a step again that was left by a return: those who had approved
// stay, the others are asked.
func (r *run) reopen(index int) error {
	old := r.state.Steps[index]
	fact, ok := r.facts.Nodes[old.Node]
	if !ok {
		return &NeedFacts{Node: old.Node}
	}
	step := Step{Node: old.Node, Round: r.state.Round, State: StepOpen, Opened: r.now, Due: fact.Due, Items: []Item{}}
	for _, item := range old.Items {
		switch item.State {
		case ItemApproved:
			item.Carried = true
		case ItemReturned, ItemHeld:
			r.state.Items++
			item = Item{N: r.state.Items, Person: item.Person, For: item.For, From: item.From, State: ItemWaiting}
		default:
			continue
		}
		step.Items = append(step.Items, item)
	}
	r.state.Steps = append(r.state.Steps, step)
	r.settle(r.flow.nodes[old.Node].Mode)
	return nil
}
