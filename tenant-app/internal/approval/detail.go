package approval

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Get is everything that the reader may see of an approval. Code approval_unknown if
// there is none, or they may not see it.
func (s *Service) Get(ctx context.Context, id kernel.ID) (Detail, error) {
	r, err := s.read(ctx, id, false)
	if err != nil {
		return Detail{}, err
	}
	form, err := s.sheet(ctx, r.FormKey, r.FormVersion)
	if err != nil {
		return Detail{}, err
	}
	entries, err := s.log(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	steps, err := s.ahead(ctx, r, form)
	if err != nil {
		return Detail{}, err
	}
	refs := newPeople()
	refs.want(r.SubmitterID)
	refs.wantOpen(&r.state)
	wantAll(refs, r, entries)
	if err := s.load(ctx, refs); err != nil {
		return Detail{}, err
	}
	return s.detail(ctx, r, form, entries, steps, refs)
}

func wantAll(refs *people, r *row, entries []engine.Entry) {
	for _, e := range entries {
		refs.want(e.Action.By)
		refs.want(e.Action.To...)
	}
	for _, step := range r.state.Steps {
		for _, item := range step.Items {
			refs.want(item.Person)
			if item.For != nil {
				refs.want(*item.For)
			}
		}
	}
	for _, c := range r.state.Copies {
		refs.want(c.Person)
	}
}

func (s *Service) detail(ctx context.Context, r *row, form sheet, entries []engine.Entry, steps []Step, refs *people) (Detail, error) {
	who := reader(ctx)
	hidden := s.hidden(ctx, r, form)
	d := Detail{
		Approval: s.item(ctx, r, form, refs), Values: form.Redact(r.values, hidden), Hidden: append([]string{}, hidden...),
		Timeline: timeline(r, form, entries, refs), Now: waiting(r, form, refs), Future: steps, Copies: []directory.PersonRef{},
		Actions: engine.Allowed(form.flow, r.state, who.PersonID, who.May(ManageRight)), ReturnTo: []NodeRef{},
		Resumes: r.state.Status == engine.Returned && len(r.state.Resume) > 0,
	}
	for _, c := range r.state.Copies {
		d.Copies = append(d.Copies, refs.ref(c.Person))
	}
	if r.state.Open(who.PersonID) != nil {
		for _, id := range r.state.Returnable(form.flow) {
			node, _ := form.flow.Node(id)
			d.ReturnTo = append(d.ReturnTo, NodeRef{ID: id, Name: node.Name})
		}
	}
	var err error
	if d.Files, err = s.shownFiles(ctx, r, d.Values); err != nil {
		return d, err
	}
	err = s.surround(ctx, r, &d)
	return d, err
}

// surround adds the department's name, and the approval that has waited longest for the
// reader besides this one.
func (s *Service) surround(ctx context.Context, r *row, d *Detail) error {
	var found struct {
		Department string     `bun:"department"`
		Next       *kernel.ID `bun:"next"`
	}
	err := s.DB.Q(ctx).NewRaw(`SELECT coalesce((SELECT name FROM department WHERE id = ?), '') AS department,
		(SELECT approval_id FROM approval_participant WHERE person_id = ? AND part = 'holder' AND approval_id <> ?
			ORDER BY at, approval_id LIMIT 1) AS next`, r.DepartmentID, reader(ctx).PersonID, r.ID).Scan(ctx, &found)
	if err != nil {
		return fmt.Errorf("look for the department and the next approval: %w", err)
	}
	if d.Next = found.Next; r.DepartmentID != nil {
		d.Department = &directory.Ref{ID: *r.DepartmentID, Name: found.Department}
	}
	return nil
}

// ahead are the nodes to come, with the people expected now.
func (s *Service) ahead(ctx context.Context, r *row, form sheet) ([]Step, error) {
	nodes, err := engine.Ahead(form.flow, r.state)
	if err != nil {
		return nil, err
	}
	steps := make([]Step, 0, len(nodes))
	refs := newPeople()
	expected := make([][]kernel.ID, len(nodes))
	for i, node := range nodes {
		fact, err := s.find(ctx, r, form, node.ID, nil)
		if err != nil {
			return nil, err
		}
		found, reason := engine.Foresee(form.flow, r.state, node.ID, fact)
		for _, c := range found {
			person := c.Person
			if c.Delegate != nil {
				person = *c.Delegate
			}
			expected[i] = append(expected[i], person)
		}
		refs.want(expected[i]...)
		step := Step{Node: node.ID, Kind: node.Kind, Name: node.Name, Mode: node.Mode, Reason: reason}
		if node.Who.By == engine.ByChoice {
			step.Choose = node.Who.Max
		}
		steps = append(steps, step)
	}
	if err := s.load(ctx, refs); err != nil {
		return nil, err
	}
	for i := range steps {
		steps[i].People = refs.refs(expected[i])
	}
	return steps, nil
}

// waiting are those who are to decide now, or in their turn.
func waiting(r *row, form sheet, refs *people) []Waiting {
	out := []Waiting{}
	step := r.state.Current()
	if step == nil {
		return out
	}
	node, _ := form.flow.Node(step.Node)
	for _, item := range step.Items {
		if item.State == engine.ItemOpen || item.State == engine.ItemWaiting {
			out = append(out, Waiting{
				Person: refs.ref(item.Person), For: refs.maybe(item.For), Node: node.Name, Mode: node.Mode, Since: item.Opened, Due: step.Due,
			})
		}
	}
	return out
}

// timeline is what happened, with how long each decision was waited for.
func timeline(r *row, form sheet, entries []engine.Entry, refs *people) []Moment {
	out := []Moment{}
	for _, e := range entries {
		a := e.Action
		m := Moment{Verb: string(a.Verb), At: e.At, Comment: a.Comment, Resume: a.Resume, To: refs.refs(a.To)}
		if a.By != kernel.NoID {
			by := refs.ref(a.By)
			m.Person = &by
		}
		if a.Node != "" {
			target, _ := form.flow.Node(a.Node)
			m.Target = target.Name
		}
		holder := a.By
		if a.Of != nil {
			holder = *a.Of
		}
		if step, item := decision(r, holder, e); item != nil {
			node, _ := form.flow.Node(step.Node)
			seconds := int64(e.At.Sub(*item.Opened) / time.Second)
			m.Node, m.For, m.Waited = node.Name, refs.maybe(item.For), &seconds
		}
		out = append(out, m)
		out = append(out, policies(r, form, e.At)...)
	}
	return out
}

// decision is the item that an entry of the log has decided; nil for other verbs.
func decision(r *row, holder kernel.ID, e engine.Entry) (*engine.Step, *engine.Item) {
	switch e.Action.Verb {
	case engine.Agree, engine.Reject, engine.Return, engine.Transfer:
	default:
		return nil, nil
	}
	for i := range r.state.Steps {
		for j := range r.state.Steps[i].Items {
			item := &r.state.Steps[i].Items[j]
			if item.Person == holder && !item.Carried && item.Auto == "" && item.Opened != nil && item.Closed != nil && item.Closed.Equal(e.At) {
				return &r.state.Steps[i], item
			}
		}
	}
	return nil, nil
}

// policies are the steps that passed at a time without anybody.
func policies(r *row, form sheet, at time.Time) []Moment {
	var out []Moment
	for _, step := range r.state.Steps {
		reason := step.Reason
		if !step.Opened.Equal(at) {
			continue
		}
		for _, item := range step.Items {
			if item.Auto != "" && item.Closed != nil && item.Closed.Equal(at) {
				reason = item.Auto
			}
		}
		if reason != "" {
			node, _ := form.flow.Node(step.Node)
			out = append(out, Moment{Verb: "policy", At: at, Node: node.Name, Reason: reason})
		}
	}
	return out
}
