package approval

import (
	"context"
	"encoding/json"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Submission is a form that somebody filled in.
type Submission struct {
	ID        kernel.ID // made by the client; again, by the same person, it is the same approval
	Form      string
	Version   int // 0: the newest
	Values    json.RawMessage
	Approvers map[string][]kernel.ID // for nodes of which the submitter names the people
	Draft     *kernel.ID             // is deleted
}

// Submit makes an approval and starts its flow.
func (s *Service) Submit(ctx context.Context, in Submission) error {
	err := s.submit(ctx, in)
	if store.IsUnique(err, "approval_pkey") {
		err = s.submit(ctx, in) // the same was submitted twice at this moment: now it is there
	}
	return err
}

func (s *Service) submit(ctx context.Context, in Submission) error {
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		who := reader(ctx)
		form, err := s.sheet(ctx, in.Form, in.Version)
		if err != nil {
			return err
		}
		at, err := s.standing(ctx, in.ID, who.PersonID)
		if err != nil {
			return err
		}
		if at.Submitter != nil {
			return at.again(who)
		}
		values, err := s.check(ctx, form, in.Values, in.Approvers)
		if err != nil {
			return err
		}
		r := &row{
			ID: in.ID, FormKey: form.Key(), FormVersion: form.Version(), SubmitterID: who.PersonID, DepartmentID: at.Department, values: values,
			SubmittedAt: s.Clock(), Number: in.ID.String(), // until the transaction's end
		}
		s.span(r, form)
		if err := form.Keep(ctx); err != nil {
			return err
		}
		if err := s.attach(ctx, r, nil); err != nil {
			return err
		}
		action := engine.Action{Verb: engine.Submit, By: who.PersonID, Vars: form.vars(values), Choices: in.Approvers}
		if err := s.apply(ctx, r, form, action); err != nil {
			return err
		}
		if in.Draft != nil {
			if err := s.dropDraft(ctx, *in.Draft); err != nil {
				return err
			}
		}
		return s.number(ctx, r, form) // last: its counter is everybody's
	})
}

// standing is what a submission begins with.
type standing struct {
	Submitter  *kernel.ID `bun:"submitter_id"`  // of an approval of that id; nil: there is none
	Department *kernel.ID `bun:"department_id"` // the submitter's primary one now; nil: none
}

func (s *Service) standing(ctx context.Context, id, person kernel.ID) (at standing, err error) {
	err = s.DB.Q(ctx).NewRaw(`SELECT (SELECT submitter_id FROM approval WHERE id = ?) AS submitter_id,
		(SELECT department_id FROM membership WHERE person_id = ? AND is_primary AND valid_to IS NULL) AS department_id`, id, person).Scan(ctx, &at)
	if err != nil {
		return at, fmt.Errorf("look where the submitter stands: %w", err)
	}
	return at, nil
}

// again is for an id that was used before. One that somebody else has used is refused,
// and tells nothing.
func (at standing) again(who kernel.Principal) error {
	if *at.Submitter != who.PersonID {
		return kernel.Conflict("id_taken").OnField("body.id")
	}
	return nil
}

// check reads values and looks at the people who were named.
func (s *Service) check(ctx context.Context, form sheet, raw json.RawMessage, approvers map[string][]kernel.ID) (map[string]any, error) {
	reading, err := form.Read(ctx, raw, false)
	if err != nil {
		return nil, err
	}
	if len(reading.Faults) > 0 {
		refusal := kernel.Invalid("values_invalid")
		refusal.Fields = reading.Faults
		return nil, refusal
	}
	for node, people := range approvers {
		if err := s.requireStaff(ctx, people, "body.approvers."+node); err != nil {
			return nil, err
		}
	}
	return reading.Values, nil
}

// span notes when a leave is.
func (s *Service) span(r *row, form sheet) {
	r.AwayFrom, r.AwayTo = nil, nil
	if from, to, ok := form.Away(r.values, s.zone()); ok {
		from, to = from.UTC(), to.UTC()
		r.AwayFrom, r.AwayTo = &from, &to
	}
}

func (s *Service) number(ctx context.Context, r *row, form sheet) error {
	number, err := form.Number(ctx, s.Clock().In(s.zone()))
	if err != nil {
		return err
	}
	r.Number = number
	if _, err := s.DB.Q(ctx).NewUpdate().Model(r).Column("number").WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("number the approval: %w", err)
	}
	return nil
}

// Resubmit sends a returned approval in again, with mended values.
func (s *Service) Resubmit(ctx context.Context, id kernel.ID, check checkVersion, values json.RawMessage, approvers map[string][]kernel.ID, comment string) error {
	action := engine.Action{Verb: engine.Submit, By: reader(ctx).PersonID, Choices: approvers, Comment: comment}
	return s.act(ctx, id, check, action, func(ctx context.Context, r *row, form sheet) error {
		if r.SubmitterID != reader(ctx).PersonID {
			return kernel.Forbidden("approval_not_yours")
		}
		mended, err := s.check(ctx, form, values, approvers)
		if err != nil {
			return err
		}
		before := r.values
		r.values = mended
		s.span(r, form)
		return s.attach(ctx, r, before)
	})
}

// Preview says what would happen to values, also to half of them.
func (s *Service) Preview(ctx context.Context, key string, version int, raw json.RawMessage, approvers map[string][]kernel.ID) (Preview, error) {
	form, err := s.sheet(ctx, key, version)
	if err != nil {
		return Preview{}, err
	}
	choices := map[string][]kernel.ID{}
	for node, people := range approvers {
		if choices[node], err = s.nameable(ctx, people); err != nil {
			return Preview{}, err
		}
	}
	reading, err := form.Read(ctx, raw, true)
	if err != nil {
		return Preview{}, err
	}
	who := reader(ctx)
	at, err := s.standing(ctx, kernel.NoID, who.PersonID)
	if err != nil {
		return Preview{}, err
	}
	r := &row{SubmitterID: who.PersonID, DepartmentID: at.Department}
	r.state = engine.State{Submitter: who.PersonID, Vars: form.vars(reading.Values), Choices: choices}
	out := Preview{Form: form.ref(), Values: reading.Values, Faults: append([]kernel.FieldError{}, reading.Faults...)}
	out.Steps, err = s.ahead(ctx, r, form)
	return out, err
}
