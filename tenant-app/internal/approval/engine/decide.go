package engine

import (
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// mine is the item that the person has to decide.
func (r *run) mine() (*Item, error) {
	if r.state.Status != Running {
		return nil, kernel.Conflict("approval_not_running").With("status", r.state.Status)
	}
	item := r.state.Open(r.action.By)
	if item == nil {
		if r.state.Takes(r.action.By) {
			return nil, kernel.Conflict("approval_not_waiting")
		}
		return nil, kernel.Forbidden("approval_not_yours")
	}
	return item, nil
}

// decided notes what the person did with their item.
func (r *run) decided(item *Item, state ItemState) {
	now := r.now
	item.State, item.Closed = state, &now
	r.state.Revision++
	r.effect(Released, item.Person, item.N)
}

func (r *run) agree() error {
	item, err := r.mine()
	if err != nil {
		return err
	}
	r.decided(item, ItemApproved)
	at := r.flow.nodes[r.state.Current().Node]
	if !r.complete(at.Mode) && !r.settle(at.Mode) {
		return nil
	}
	return r.goOn(at.next)
}

func (r *run) reject() error {
	item, err := r.mine()
	if err != nil {
		return err
	}
	if r.action.Comment == "" {
		return kernel.Invalid("reason_missing").OnField("body.comment")
	}
	r.decided(item, ItemRejected)
	r.closeStep(StepRejected)
	r.state.Resume = nil
	r.end(Rejected)
	return nil
}

// sendBack returns to the submitter, or to a node that somebody approved before.
func (r *run) sendBack() error {
	item, err := r.mine()
	if err != nil {
		return err
	}
	if r.action.Comment == "" {
		return kernel.Invalid("reason_missing").OnField("body.comment")
	}
	target := r.action.Node
	if target != "" && !slices.Contains(r.state.Returnable(r.flow), target) {
		return kernel.Invalid("return_target_unknown").OnField("body.to")
	}
	r.decided(item, ItemReturned)
	here := len(r.state.Steps) - 1
	r.closeStep(StepReturned)
	if r.action.Resume {
		r.state.Resume = append(r.state.Resume, here)
	} else {
		r.state.Resume = nil
	}
	if target == "" {
		r.state.Status = Returned
		r.effect(ToMend, r.state.Submitter, 0)
		return nil
	}
	return r.advance(target)
}

// Returnable are the nodes to which the current step can be returned, in their
// order: those before it that somebody has approved in this round.
func (s *State) Returnable(f *Flow) []string {
	current := s.Current()
	if current == nil {
		return nil
	}
	var out []string
	for _, step := range s.Steps {
		if step.Round != s.Round || step.State != StepPassed || f.nodes[step.Node].order >= f.nodes[current.Node].order || slices.Contains(out, step.Node) {
			continue
		}
		if slices.ContainsFunc(step.Items, func(i Item) bool { return i.State == ItemApproved }) {
			out = append(out, step.Node)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return f.nodes[a].order - f.nodes[b].order })
	return out
}

// transfer hands an item on: one's own, or as a manager that of another.
func (r *run) transfer() error {
	holder := r.action.By
	if r.action.Of != nil && *r.action.Of != holder {
		if !r.facts.Manager {
			return kernel.Forbidden("approval_not_yours")
		}
		holder = *r.action.Of
	}
	item, err := r.heldBy(holder)
	if err != nil {
		return err
	}
	step := r.state.Current()
	fault := ""
	switch {
	case len(r.action.To) != 1:
		fault = "transfer_to_one"
	case r.action.To[0] == holder:
		fault = "transfer_to_yourself"
	case r.action.To[0] == r.state.Submitter && r.flow.def.Policy.Self != Keep:
		fault = "approver_is_submitter"
	case slices.ContainsFunc(step.Items, func(i Item) bool {
		return i.Person == r.action.To[0] && i.State != ItemTransferred && i.State != ItemDropped
	}):
		fault = "person_asked_already"
	case len(step.Items) >= maxActions:
		fault = "approval_full"
	}
	if fault != "" {
		return kernel.Invalid(fault).OnField("body.to")
	}
	r.decided(item, ItemTransferred)
	r.state.Items++
	now, by := r.now, r.action.By
	next := Item{N: r.state.Items, Person: r.action.To[0], For: item.For, From: &by, State: ItemOpen, Opened: &now}
	at := slices.IndexFunc(step.Items, func(i Item) bool { return i.N == item.N })
	step.Items = slices.Insert(step.Items, at+1, next) // in its place, for those who decide in turn
	r.effect(Assigned, next.Person, next.N).Due = step.Due
	return nil
}

func (r *run) heldBy(holder kernel.ID) (*Item, error) {
	if holder == r.action.By {
		return r.mine()
	}
	if item := r.state.Open(holder); item != nil && r.state.Status == Running {
		return item, nil
	}
	return nil, kernel.Conflict("approval_not_waiting")
}
