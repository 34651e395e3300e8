package engine

import "atrium.dev/atrium/tenant-app/internal/kernel"

// asks says whether somebody was asked by an item, be it that their delegate decides.
func (i *Item) asks(person kernel.ID) bool {
	return i.Opened != nil && (i.Person == person || i.For != nil && *i.For == person)
}

// Takes says whether somebody takes part: the submitter, whoever was asked, and
// whoever was sent a copy.
func (s *State) Takes(person kernel.ID) bool {
	if person == s.Submitter {
		return true
	}
	for _, step := range s.Steps {
		for _, item := range step.Items {
			if item.asks(person) {
				return true
			}
		}
	}
	for _, c := range s.Copies {
		if c.Person == person {
			return true
		}
	}
	return false
}

func (r *run) takesPart() error {
	if r.state.Takes(r.action.By) || r.facts.Manager {
		return nil
	}
	return kernel.Forbidden("approval_not_yours")
}

func (r *run) isSubmitter() error {
	if r.action.By == r.state.Submitter {
		return nil
	}
	return kernel.Forbidden("approval_not_yours")
}

// withdraw takes it back before the end.
func (r *run) withdraw() error {
	if err := r.isSubmitter(); err != nil {
		return err
	}
	switch r.state.Status {
	case Running:
		r.closeStep(StepLeft)
	case Returned:
		r.effect(Mended, r.state.Submitter, 0)
	default:
		return kernel.Conflict("approval_ended").With("status", r.state.Status)
	}
	r.state.Revision++
	r.state.Resume = nil
	r.end(Withdrawn)
	return nil
}

// nudge asks all holders to hurry, not more often than NudgePause.
func (r *run) nudge() error {
	if err := r.isSubmitter(); err != nil {
		return err
	}
	step := r.state.Current()
	if r.state.Status != Running || step == nil {
		return kernel.Conflict("approval_not_running").With("status", r.state.Status)
	}
	if r.state.Nudged != nil && r.now.Before(r.state.Nudged.Add(NudgePause)) {
		return kernel.Conflict("nudged_already").With("minutes", int(NudgePause.Minutes()))
	}
	now := r.now
	r.state.Nudged = &now
	for _, item := range step.Items {
		if item.State == ItemOpen {
			r.effect(NudgedHold, item.Person, item.N)
		}
	}
	return nil
}

// comment says something; it lives in the log alone.
func (r *run) comment() error {
	if r.action.Comment == "" {
		return kernel.Invalid("comment_empty").OnField("body.comment")
	}
	return r.takesPart()
}

// sendCopy tells further people.
func (r *run) sendCopy() error {
	if err := r.takesPart(); err != nil {
		return err
	}
	if len(r.action.To) == 0 || len(r.action.To) > maxPeople {
		return kernel.Invalid("copies_count").With("max", maxPeople).OnField("body.to")
	}
	if len(r.state.Copies)+len(r.action.To) > maxCopies {
		return kernel.Conflict("approval_full").With("max", maxCopies)
	}
	for _, person := range r.action.To {
		r.copyTo(person, "")
	}
	return nil
}

// cancel makes a passed approval void (作废).
func (r *run) cancel() error {
	if r.action.By != r.state.Submitter && !r.facts.Manager {
		return kernel.Forbidden("approval_not_yours")
	}
	if r.state.Status != Approved {
		return kernel.Conflict("approval_not_passed").With("status", r.state.Status)
	}
	if r.action.Comment == "" {
		return kernel.Invalid("reason_missing").OnField("body.comment")
	}
	r.state.Status = Cancelled
	r.state.Revision++
	r.effects = append(r.effects, Effect{Kind: Voided, Status: Cancelled})
	return nil
}

// remind is said by the app when the time for an item has run out.
func (r *run) remind() error {
	step := r.state.Current()
	if r.state.Status != Running || step == nil {
		return kernel.Conflict("approval_not_running").With("status", r.state.Status)
	}
	for i := range step.Items {
		item := &step.Items[i]
		if item.N != r.action.Item || item.State != ItemOpen || item.Reminded {
			continue
		}
		if step.Due == nil || r.now.Before(*step.Due) {
			break
		}
		item.Reminded = true
		r.effect(Reminded, item.Person, item.N)
		return nil
	}
	return kernel.Conflict("nothing_due")
}
