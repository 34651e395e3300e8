package authz

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Reason is one link of the chain by which a right reaches a person.
type Reason struct {
	Right       string      `json:"right"`
	Role        *roleRef    `json:"role,omitempty" doc:"Absent: the object itself was given"`
	GrantID     kernel.ID   `json:"grantId" format:"uuid" doc:"Of the role to the person, or of the object"`
	ToKind      GranteeKind `json:"toKind" enum:"person,department,position,role,heads,staff,customers,suppliers,partners"`
	To          *RightRef   `json:"to,omitempty" doc:"Absent for groups"`
	Scope       Scope       `json:"scope,omitempty" doc:"Absent for an object that was given"`
	Departments []RightRef  `json:"departments,omitempty" doc:"Of the scope"`
	Masks       []string    `json:"masks,omitempty"`
	Reaches     bool        `json:"reaches" doc:"Whether it reaches the object that was asked about"`
}

// Holdings are all rights of a person with the grants by which they came.
func (s *Service) Holdings(ctx context.Context, person kernel.ID) ([]Reason, error) {
	h, err := s.load(ctx, person)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, kernel.NotFound("person_unknown")
	}
	reasons := []Reason{}
	if !h.enters(s.clock()) {
		return reasons, nil
	}
	for _, right := range s.rights {
		for _, g := range h.rights[right.Name] {
			reasons = append(reasons, reasonOf(right.Name, g))
		}
	}
	return reasons, s.nameReasons(ctx, reasons)
}

func reasonOf(right string, g grant) Reason {
	r := Reason{Right: right, Role: &g.role, GrantID: g.id, ToKind: g.to, Scope: g.scope, Masks: g.masks}
	if g.toID != kernel.NoID {
		r.To = &RightRef{ID: g.toID}
	}
	departments := g.chosen
	if g.scope == ScopeDepartment || g.scope == ScopeTree {
		departments = g.homes
	}
	for _, id := range departments {
		r.Departments = append(r.Departments, RightRef{ID: id})
	}
	return r
}

// Explanation says why a person may, or may not, use a right on an object.
type Explanation struct {
	Allowed bool     `json:"allowed"`
	Object  string   `json:"object" doc:"What people call it"`
	Reasons []Reason `json:"reasons" doc:"All grants of the right to the person, also those that do not reach the object"`
}

// Explain gives the chain of grants: each grant of the right, with whether it
// reaches the row by the very condition that Filter would use for it.
func (s *Service) Explain(ctx context.Context, person kernel.ID, right, kind string, id kernel.ID) (Explanation, error) {
	res, err := s.resource(right, kind)
	if err != nil {
		return Explanation{}, kernel.Invalid("kind_unknown").Because(err)
	}
	e, err := s.load(ctx, person)
	if err != nil {
		return Explanation{}, err
	}
	if e == nil {
		return Explanation{}, kernel.NotFound("person_unknown")
	}
	h := e.held
	if !e.enters(s.clock()) {
		h = &held{person: person}
	}
	out := Explanation{Reasons: []Reason{}}
	var columns []string
	var args []any
	for _, g := range h.rights[right] {
		var one reach
		one.add(g)
		c := one.on(res, right, h)
		columns, args = append(columns, "("+c.sql+")"), append(args, c.args...)
		out.Reasons = append(out.Reasons, reasonOf(right, g))
	}
	query := "SELECT " + res.Name + "::text, ARRAY[" + strings.Join(columns, ", ") + "]::boolean[]::text FROM " + res.Table + " WHERE " + res.ID + " = ?"
	var verdicts string
	err = s.db.Q(ctx).NewRaw(query, append(args, id)...).Scan(ctx, &out.Object, &verdicts)
	if store.IsNoRows(err) {
		return out, kernel.NotFound("object_unknown")
	}
	if err != nil {
		return out, fmt.Errorf("explain %s on a %s: %w", right, kind, err)
	}
	for i, verdict := range strings.Split(strings.Trim(verdicts, "{}"), ",") {
		if i < len(out.Reasons) {
			out.Reasons[i].Reaches = verdict == "t"
		}
	}
	given, err := s.given(ctx, h, right, kind, id)
	if err != nil {
		return out, err
	}
	out.Reasons = append(out.Reasons, given...)
	for _, r := range out.Reasons {
		out.Allowed = out.Allowed || r.Reaches
	}
	return out, s.nameReasons(ctx, out.Reasons)
}

// given are the ways on which the object itself was given to the person. They count
// only for someone whom a role gives the right at all.
func (s *Service) given(ctx context.Context, h *held, right, kind string, id kernel.ID) ([]Reason, error) {
	var rows []ObjectRight
	err := s.db.Q(ctx).NewRaw(`SELECT id, kind, object_id, right_name, grantee_kind, grantee_id FROM object_right
		WHERE kind = ? AND right_name = ? AND object_id = ? AND grantee_id = ANY (?::uuid[]) ORDER BY id`, kind, right, id, idArray(h.stands)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the objects that were given: %w", err)
	}
	reasons := make([]Reason, len(rows))
	for i, row := range rows {
		reasons[i] = Reason{Right: right, GrantID: row.ID, ToKind: row.ToKind, To: &RightRef{ID: row.To}, Reaches: h.Has(right)}
	}
	return reasons, nil
}

// nameReasons fills in what the grantees and departments are called.
func (s *Service) nameReasons(ctx context.Context, reasons []Reason) error {
	var ids []kernel.ID
	for _, r := range reasons {
		if r.To != nil {
			ids = append(ids, r.To.ID)
		}
		for _, d := range r.Departments {
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []RightRef
	err := s.db.Q(ctx).NewRaw(`SELECT id, name FROM (SELECT id, name FROM person UNION ALL SELECT id, name FROM department
		UNION ALL SELECT id, name FROM position UNION ALL SELECT id, name FROM role) n WHERE id = ANY (?::uuid[])`, idArray(ids)).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	names := map[kernel.ID]string{}
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	for _, r := range reasons {
		if r.To != nil {
			r.To.Name = names[r.To.ID]
		}
		for i := range r.Departments {
			r.Departments[i].Name = names[r.Departments[i].ID]
		}
	}
	return nil
}
