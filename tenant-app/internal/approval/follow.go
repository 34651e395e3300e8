package approval

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// follow does what the rules ask for, in the transaction of the action. Whom it
// concerns hears of it afterwards: by a hint at once, by a card from a job.
func (s *Service) follow(ctx context.Context, r *row, form sheet, entry engine.Entry, effects []engine.Effect) error {
	changed := change{Seq: len(r.state.Applied)}
	for _, effect := range effects {
		if err := s.effect(ctx, r, form, entry, effect); err != nil {
			return err
		}
		if told[effect.Kind] {
			changed.Tell = append(changed.Tell, effect.Person)
		}
		if effect.Kind == engine.EndReached || effect.Kind == engine.Voided {
			changed.Tell = append(changed.Tell, r.SubmitterID)
		}
	}
	switch entry.Action.Verb {
	case engine.Agree, engine.Reject, engine.Return, engine.Transfer:
		if entry.Action.Of == nil {
			if err := s.take(ctx, r.ID, entry.Action.By, "decided", entry.At); err != nil {
				return err
			}
		}
	}
	s.Live.Hint(ctx, live.To{People: everybody(r)}, live.Hint{Kind: "approval", ID: r.ID, Revision: r.Revision})
	return s.Jobs.Emit(ctx, store.Event{Kind: eventChanged, Version: 1, Ref: r.ID, Payload: changed})
}

// told are the effects of which the person gets a card.
var told = map[engine.EffectKind]bool{
	engine.Assigned: true, engine.ToMend: true, engine.Told: true, engine.NudgedHold: true, engine.Reminded: true,
}

// everybody are those who take part.
func everybody(r *row) []kernel.ID {
	out := []kernel.ID{r.SubmitterID}
	for _, step := range r.state.Steps {
		for _, item := range step.Items {
			if item.Opened == nil {
				continue
			}
			if out = append(out, item.Person); item.For != nil {
				out = append(out, *item.For)
			}
		}
	}
	for _, c := range r.state.Copies {
		out = append(out, c.Person)
	}
	slices.SortFunc(out, func(a, b kernel.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

func (s *Service) effect(ctx context.Context, r *row, form sheet, entry engine.Entry, effect engine.Effect) error {
	switch effect.Kind {
	case engine.Assigned:
		return s.assign(ctx, r, form, entry, effect)
	case engine.Released:
		return s.release(ctx, r, entry, effect)
	case engine.ToMend:
		return s.Inbox.Put(ctx, s.todo(r, form, TodoMend, effect, entry))
	case engine.Mended:
		return s.Inbox.Done(ctx, TodoMend, r.ID, effect.Person)
	case engine.Told:
		if err := s.take(ctx, r.ID, effect.Person, "cc", entry.At); err != nil {
			return err
		}
		return s.Inbox.Put(ctx, s.todo(r, form, TodoCopy, effect, entry))
	case engine.NudgedHold, engine.Reminded, engine.EndReached, engine.Voided:
		return nil
	}
	return fmt.Errorf("follow the rules: effect %q is not known", effect.Kind)
}

// assign lets somebody know that they are to decide, and plans the reminder.
func (s *Service) assign(ctx context.Context, r *row, form sheet, entry engine.Entry, effect engine.Effect) error {
	if err := s.take(ctx, r.ID, effect.Person, "holder", entry.At); err != nil {
		return err
	}
	if item := r.state.Open(effect.Person); item != nil && item.For != nil { // who has a delegate reads along
		if err := s.take(ctx, r.ID, *item.For, "cc", entry.At); err != nil {
			return err
		}
	}
	if effect.Due != nil {
		job := store.Job{Kind: jobRemind, Version: 1, Key: remindKey(r.ID, effect.Item), Payload: overdue{r.ID, effect.Item}, At: *effect.Due}
		if err := s.Jobs.Add(ctx, job); err != nil {
			return err
		}
	}
	return s.Inbox.Put(ctx, s.todo(r, form, TodoDecide, effect, entry))
}

func (s *Service) release(ctx context.Context, r *row, entry engine.Entry, effect engine.Effect) error {
	if err := s.leave(ctx, r.ID, effect.Person); err != nil {
		return err
	}
	if err := s.take(ctx, r.ID, effect.Person, "asked", entry.At); err != nil {
		return err
	}
	if err := s.Jobs.Remove(ctx, jobRemind, remindKey(r.ID, effect.Item)); err != nil {
		return err
	}
	return s.Inbox.Done(ctx, TodoDecide, r.ID, effect.Person)
}

// todo is what waits, with the fields that the person may see.
func (s *Service) todo(r *row, form sheet, kind string, effect engine.Effect, entry engine.Entry) Todo {
	from := r.SubmitterID
	if kind == TodoMend && entry.Action.By != kernel.NoID {
		from = entry.Action.By
	}
	return Todo{
		Person: effect.Person, Kind: kind, Ref: r.ID, Title: form.Name(),
		Summary: form.Lines(r.values, false, engine.Hidden(form.flow, r.state, effect.Person, false)),
		From:    from, Due: effect.Due, Data: map[string]any{"revision": r.Revision},
	}
}

// Do is what somebody does with an approval besides submitting it.
type Do struct {
	Verb    engine.Verb
	Comment string
	To      []kernel.ID // of transfer and cc
	Of      *kernel.ID  // of transfer: whose, if not one's own
	Node    string      // of return
	Resume  bool        // of return
}

// Act does it. check is nil for what cannot be wrong about a version: comments,
// copies and nudges.
func (s *Service) Act(ctx context.Context, id kernel.ID, check checkVersion, do Do) error {
	if len(do.To) > 0 {
		if err := s.requireStaff(ctx, do.To, "body.to"); err != nil {
			return err
		}
	}
	action := engine.Action{
		Verb: do.Verb, By: reader(ctx).PersonID, Comment: do.Comment, To: slices.Clone(do.To), Of: do.Of, Node: do.Node, Resume: do.Resume,
	}
	return s.act(ctx, id, check, action, nil)
}
