package approval

import (
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// follow does what the rules ask for, in the transaction of the action.
func (s *Service) follow(ctx context.Context, r *row, form sheet, entry engine.Entry, effects []engine.Effect) error {
	for _, effect := range effects {
		if err := s.effect(ctx, r, form, entry, effect); err != nil {
			return err
		}
	}
	switch entry.Action.Verb {
	case engine.Agree, engine.Reject, engine.Return, engine.Transfer:
		if entry.Action.Of == nil {
			return s.take(ctx, r.ID, entry.Action.By, "decided", entry.At)
		}
	}
	return nil
}

func (s *Service) effect(ctx context.Context, r *row, form sheet, entry engine.Entry, effect engine.Effect) error {
	switch effect.Kind {
	case engine.Assigned:
		return s.assign(ctx, r, form, entry, effect)
	case engine.Released:
		if err := s.leave(ctx, r.ID, effect.Person); err != nil {
			return err
		}
		if err := s.take(ctx, r.ID, effect.Person, "asked", entry.At); err != nil {
			return err
		}
		return s.Inbox.Done(ctx, TodoDecide, r.ID, effect.Person)
	case engine.ToMend:
		return s.Inbox.Put(ctx, s.todo(r, form, TodoMend, effect, entry))
	case engine.Mended:
		return s.Inbox.Done(ctx, TodoMend, r.ID, effect.Person)
	case engine.Told:
		return s.take(ctx, r.ID, effect.Person, "cc", entry.At)
	case engine.NudgedHold, engine.Reminded, engine.EndReached, engine.Voided:
		return nil
	}
	return fmt.Errorf("follow the rules: effect %q is not known", effect.Kind)
}

// assign lets somebody know that they are to decide.
func (s *Service) assign(ctx context.Context, r *row, form sheet, entry engine.Entry, effect engine.Effect) error {
	if err := s.take(ctx, r.ID, effect.Person, "holder", entry.At); err != nil {
		return err
	}
	return s.Inbox.Put(ctx, s.todo(r, form, TodoDecide, effect, entry))
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
