package approval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Box is one of the lists of approvals.
type Box string

// The boxes.
const (
	Mine    Box = "mine"    // those I submitted
	Waits   Box = "waiting" // those I am to decide
	Decided Box = "decided" // those I decided
	Copies  Box = "cc"      // those of which I was sent a copy
)

// Filter says which approvals a list holds.
type Filter struct {
	Box    Box
	Form   string
	Status engine.Status
}

// listed is a row with its place in a list.
type listed struct {
	row
	At time.Time `bun:"at"`
}

// List is one page of a box, the latest first.
func (s *Service) List(ctx context.Context, filter Filter, page kernel.PageQuery) (kernel.Page[Approval], error) {
	none := kernel.Page[Approval]{Items: []Approval{}}
	var rows []listed
	q := s.DB.Q(ctx).NewSelect().TableExpr("approval AS a").ColumnExpr("a.*").Limit(int64(page.Size()) + 1)
	at := filter.apply(q, reader(ctx).PersonID)
	q.ColumnExpr(at + " AS at").OrderExpr(at + " DESC, a.id DESC")
	if err := after(q, at, page.Cursor); err != nil {
		return none, err
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list approvals: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r listed) []string {
		return []string{r.At.UTC().Format(time.RFC3339Nano), r.ID.String()}
	})
	items, err := s.show(ctx, cut.Items)
	return kernel.Page[Approval]{Items: items, Next: cut.Next}, err
}

// apply narrows the query and gives the time by which it is sorted.
func (f Filter) apply(q *bun.SelectQuery, person kernel.ID) (at string) {
	at = "t.at"
	part := map[Box]string{Waits: "holder", Decided: "decided", Copies: "cc"}[f.Box]
	if part == "" {
		at = "a.submitted_at"
		q.Where("a.submitter_id = ?", person)
	} else {
		q.Join("JOIN approval_participant t ON t.approval_id = a.id AND t.person_id = ? AND t.part = ?", person, part)
	}
	if f.Form != "" {
		q.Where("a.form_key = ?", f.Form)
	}
	if f.Status != "" {
		q.Where("a.status = ?", f.Status)
	}
	return at
}

func after(q *bun.SelectQuery, at, cursor string) error {
	keys, err := kernel.DecodeCursor(cursor, 2)
	if err != nil || keys == nil {
		return err
	}
	when, err := time.Parse(time.RFC3339Nano, keys[0])
	if err != nil || when.Year() < 1900 || when.Year() > 9999 {
		return kernel.Malformed("cursor_malformed")
	}
	id, err := kernel.ParseID(keys[1])
	if err != nil {
		return kernel.Malformed("cursor_malformed").Because(err)
	}
	q.Where("("+at+", a.id) < (?, ?)", when, id)
	return nil
}

// show makes the rows of a page what the reader may see of them.
func (s *Service) show(ctx context.Context, rows []listed) ([]Approval, error) {
	out := make([]Approval, len(rows))
	refs := newPeople()
	for i := range rows {
		if err := rows[i].open(); err != nil {
			return nil, err
		}
		refs.want(rows[i].SubmitterID)
		refs.wantOpen(&rows[i].state)
	}
	if err := s.load(ctx, refs); err != nil {
		return nil, err
	}
	for i := range rows {
		form, err := s.sheet(ctx, rows[i].FormKey, rows[i].FormVersion)
		if err != nil {
			return nil, err
		}
		out[i] = s.item(ctx, &rows[i].row, form, refs)
	}
	return out, nil
}

// item is an approval in a list, as the reader may see it.
func (s *Service) item(ctx context.Context, r *row, form sheet, refs *people) Approval {
	a := Approval{
		ID: r.ID, Number: r.Number, Form: form.ref(), Status: r.Status, Submitter: refs.ref(r.SubmitterID),
		Summary: form.Lines(r.values, false, s.hidden(ctx, r, form)), Waiting: []directory.PersonRef{},
		SubmittedAt: r.SubmittedAt, UpdatedAt: r.UpdatedAt, EndedAt: r.EndedAt, Revision: r.Revision,
	}
	if step := r.state.Current(); step != nil {
		for _, item := range step.Items {
			if item.State != engine.ItemOpen {
				continue
			}
			a.Waiting = append(a.Waiting, refs.ref(item.Person))
			if a.Since == nil || item.Opened.Before(*a.Since) {
				a.Since = item.Opened
			}
		}
	}
	return a
}

// hidden are the fields that the reader does not see.
func (s *Service) hidden(ctx context.Context, r *row, form sheet) []string {
	who := reader(ctx)
	return engine.Hidden(form.flow, r.state, who.PersonID, who.May(ManageRight))
}

// people are persons by id, as they are shown.
type people struct {
	ids   map[kernel.ID]bool
	found map[kernel.ID]directory.PersonRef
}

func newPeople() *people {
	return &people{ids: map[kernel.ID]bool{}, found: map[kernel.ID]directory.PersonRef{}}
}

func (p *people) want(ids ...kernel.ID) {
	for _, id := range ids {
		if id != kernel.NoID {
			p.ids[id] = true
		}
	}
}

func (p *people) wantOpen(state *engine.State) {
	if step := state.Current(); step != nil {
		for _, item := range step.Items {
			p.want(item.Person)
			if item.For != nil {
				p.want(*item.For)
			}
		}
	}
}

func (p *people) ref(id kernel.ID) directory.PersonRef { return p.found[id] }

func (p *people) refs(ids []kernel.ID) []directory.PersonRef {
	out := make([]directory.PersonRef, 0, len(ids))
	for _, id := range ids {
		out = append(out, p.ref(id))
	}
	return out
}

func (p *people) maybe(id *kernel.ID) *directory.PersonRef {
	if id == nil {
		return nil
	}
	ref := p.ref(*id)
	return &ref
}

// load reads the persons that are wanted.
func (s *Service) load(ctx context.Context, p *people) error {
	found, err := directory.Named(ctx, s.DB, slices.Collect(maps.Keys(p.ids)))
	if err != nil {
		return err
	}
	maps.Copy(p.found, found)
	return nil
}
