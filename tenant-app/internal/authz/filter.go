package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// reach is how far some grants together go.
type reach struct {
	all, self, part bool
	direct, below   []kernel.ID // departments without and with those below
	objects         bool        // objects that were given
}

func (r *reach) add(g grant) {
	r.self = true
	switch g.scope {
	case ScopeAll:
		r.all = true
	case ScopeDepartment:
		r.direct = append(r.direct, g.homes...)
	case ScopeTree:
		r.below = append(r.below, g.homes...)
	case ScopeChosen:
		r.below = append(r.below, g.chosen...)
	}
	r.part = r.part || g.scope != ScopeSelf
}

// condition is SQL for WHERE with its arguments.
type condition struct {
	sql  string
	args []any
}

// departmentsBelow is the departments as one array: those of the second argument,
// those of the first with all below. It is computed once for a query.
const departmentsBelow = `ARRAY(WITH RECURSIVE below (id) AS (SELECT unnest(?::uuid[])
	UNION SELECT d.id FROM below b JOIN department d ON d.parent_id = b.id) SELECT id FROM below UNION SELECT unnest(?::uuid[]))`

// on writes the reach down for the rows of a kind.
func (r reach) on(res Resource, right string, h *held) condition {
	if r.all && res.All == "" {
		return condition{sql: "TRUE"}
	}
	var c condition
	or := func(sql string, args ...any) {
		if c.sql != "" {
			c.sql += " OR "
		}
		c.sql += sql
		c.args = append(c.args, args...)
	}
	if r.all {
		or("(" + res.All + ")")
	}
	if r.self && res.Owner != "" {
		or(res.Owner+" = ?", h.person)
	}
	if r.part && res.Participants != "" {
		sql, times := name(res.Participants, "?person", "?")
		or("("+sql+")", slices.Repeat([]any{h.person}, times)...)
	}
	if len(r.direct)+len(r.below) > 0 && res.Department != "" {
		within := res.Department
		if !strings.Contains(within, "?departments") {
			within += " = ANY (?departments)"
		}
		sql, times := name(within, "?departments", departmentsBelow)
		or("("+sql+")", slices.Repeat([]any{idArray(r.below), idArray(r.direct)}, times)...)
	}
	if r.objects {
		or("EXISTS (SELECT 1 FROM object_right og WHERE og.kind = ? AND og.right_name = ? AND og.object_id = "+res.ID+" AND og.grantee_id = ANY (?::uuid[]))",
			res.Kind, right, idArray(h.stands))
	}
	if c.sql == "" {
		return condition{sql: "FALSE"}
	}
	c.sql = "(" + c.sql + ")"
	return c
}

// name replaces a named parameter and says how often it stood there.
func name(sql, parameter, by string) (string, int) {
	return strings.ReplaceAll(sql, parameter, by), strings.Count(sql, parameter)
}

// idArray is ids as an argument for ?::uuid[].
func idArray(ids []kernel.ID) any {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = id.String()
	}
	return pgdialect.Array(text)
}

// reachOf joins the grants of a right that keep accepts.
func (h *held) reachOf(right, kind string, keep func(grant) bool) reach {
	var r reach
	for _, g := range h.rights[right] {
		if keep(g) {
			r.add(g)
		}
	}
	r.objects = r.self && h.objects[kind+" "+right]
	return r
}

func every(grant) bool { return true }

// heldBy is what the person in the context holds; nothing if nobody signed in.
func heldBy(ctx context.Context) *held {
	who, _ := kernel.PrincipalFrom(ctx)
	if h, ok := who.Rights.(*held); ok {
		return h
	}
	return &held{}
}

// Filter is the condition, for WHERE, on the rows of kind that the person in the
// context may use right on. The table must have the alias that its Resource gives.
// A right that the person does not hold gives FALSE.
func (s *Service) Filter(ctx context.Context, right, kind string) (string, []any, error) {
	return s.filter(ctx, right, kind, every)
}

// Shown is the condition on the rows of kind in which the person may see a field: a
// field shows if any grant that reaches the row shows it.
func (s *Service) Shown(ctx context.Context, right, kind, field string) (string, []any, error) {
	return s.filter(ctx, right, kind, func(g grant) bool { return !slices.Contains(g.masks, field) })
}

func (s *Service) filter(ctx context.Context, right, kind string, keep func(grant) bool) (string, []any, error) {
	res, err := s.resource(right, kind)
	if err != nil {
		return "", nil, err
	}
	h := heldBy(ctx)
	c := h.reachOf(right, kind, keep).on(res, right, h)
	return c.sql, c.args, nil
}

func (s *Service) resource(right, kind string) (Resource, error) {
	res, ok := s.resources[kind]
	if !ok {
		return res, fmt.Errorf("rights on kind %q: no such resource is registered", kind)
	}
	if _, ok := s.right(right); !ok {
		return res, fmt.Errorf("right %q is not registered", right)
	}
	return res, nil
}

// Can refuses unless the person in the context may use right on one row: with
// forbidden right_missing if the right is missing or the row can be seen but not
// used so, with not found <kind>_unknown if it may not even be seen.
func (s *Service) Can(ctx context.Context, right, kind string, id kernel.ID) error {
	if err := s.May(ctx, right); err != nil {
		return err
	}
	ok, err := s.reaches(ctx, right, kind, id)
	if err != nil || ok {
		return err
	}
	if seen := s.resources[kind].Seen; seen != right {
		if ok, err = s.reaches(ctx, seen, kind, id); err != nil {
			return err
		}
		if ok {
			return missing(right)
		}
	}
	return kernel.NotFound(strings.ReplaceAll(kind, "-", "_") + "_unknown")
}

// reaches is Filter and an id.
func (s *Service) reaches(ctx context.Context, right, kind string, id kernel.ID) (bool, error) {
	sql, args, err := s.Filter(ctx, right, kind)
	if err != nil || sql == "FALSE" {
		return false, err
	}
	res := s.resources[kind]
	var ok bool
	query := "SELECT EXISTS (SELECT 1 FROM " + res.Table + " WHERE " + res.ID + " = ? AND " + sql + ")"
	if err := s.db.Q(ctx).NewRaw(query, append([]any{id}, args...)...).Scan(ctx, &ok); err != nil {
		return false, fmt.Errorf("see whether %s reaches a %s: %w", right, kind, err)
	}
	return ok, nil
}

// May refuses, with forbidden right_missing, unless the person in the context holds
// a right, whatever rows it reaches.
func (s *Service) May(ctx context.Context, right string) error {
	if !heldBy(ctx).Has(right) {
		return missing(right)
	}
	return nil
}

// Everywhere refuses, with forbidden right_missing, unless the right reaches all rows.
func (s *Service) Everywhere(ctx context.Context, right string) error {
	if !heldBy(ctx).reachOf(right, "", every).all {
		return missing(right)
	}
	return nil
}

func missing(right string) error { return kernel.Forbidden("right_missing").With("right", right) }
