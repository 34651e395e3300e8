package authz_test

import (
	"context"
	"slices"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// homes are the departments by which a grant reaches a person; false: it does not.
func (w *world) homes(p *person, g grantee) ([]*department, bool) {
	var all, below, held []*department
	for _, post := range p.posts {
		all = append(all, post.at)
		if g.kind == authz.ToDepartment && post.at.within(w.departmentOf(g.id)) {
			below = append(below, post.at)
		}
		if g.kind == authz.ToPosition && post.position == g.id {
			held = append(held, post.at)
		}
	}
	switch g.kind {
	case authz.ToPerson:
		return all, p.id == g.id
	case authz.ToDepartment:
		return below, len(below) > 0
	case authz.ToPosition:
		return held, len(held) > 0
	case authz.ToHeads:
		return p.heads, len(p.heads) > 0
	case authz.ToStaff:
		return all, p.sort == ""
	case authz.ToRole:
		for _, r := range w.roles {
			if r.id == g.id {
				return nil, slices.ContainsFunc(r.grants, func(g grantee) bool {
					_, ok := w.homes(p, g)
					return ok && r.external == (p.sort != "")
				})
			}
		}
		return nil, false
	}
	return all, p.sort+"s" == string(g.kind)
}

func (w *world) departmentOf(id kernel.ID) *department {
	for _, d := range w.departments {
		if d.id == id {
			return d
		}
	}
	return nil
}

// verdict says, in the plainest way, whether a person may use a right on a paper and
// whether a field of it shows.
func (w *world) verdict(p *person, right string, pa *paper) (allowed, shown bool) {
	function, unmasked := false, false
	for _, r := range w.roles {
		set, ok := r.rights[right]
		if !ok || set.scope == authz.ScopeNone || r.external != (p.sort != "") || (p.sort != "" && right == writePaper) {
			continue
		}
		for _, g := range r.grants {
			homes, ok := w.homes(p, g)
			if !ok {
				continue
			}
			function, unmasked = true, unmasked || !set.masked
			if inScope(p, set, homes, pa) {
				allowed, shown = true, shown || !set.masked
			}
		}
	}
	for _, o := range w.objects {
		if _, ok := w.homes(p, o.to); ok && o.right == right && o.paper == pa {
			allowed, shown = allowed || function, shown || unmasked
		}
	}
	return allowed, shown
}

func inScope(p *person, set setting, homes []*department, pa *paper) bool {
	if pa.owner == p {
		return true
	}
	if set.scope == authz.ScopeSelf {
		return false
	}
	if slices.Contains(pa.readers, p) {
		return true
	}
	if p.sort != "" {
		return false // outsiders get no further
	}
	switch set.scope {
	case authz.ScopeAll:
		return pa.at != nil
	case authz.ScopeDepartment:
		return slices.Contains(homes, pa.at)
	case authz.ScopeTree:
		return slices.ContainsFunc(homes, func(top *department) bool { return pa.at.within(top) })
	case authz.ScopeChosen:
		return slices.ContainsFunc(set.chosen, func(top *department) bool { return pa.at.within(top) })
	}
	return false
}

// ids are the papers that a condition lets through.
func (w *world) ids(sql string, args []any) map[kernel.ID]bool {
	w.t.Helper()
	var ids []kernel.ID
	if err := w.db.Q(w.t.Context()).NewRaw("SELECT pa.id FROM paper AS pa WHERE "+sql, args...).Scan(w.t.Context(), &ids); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	out := map[kernel.ID]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// Filter, Can, Shown and Explain agree with the plain model on companies made at random.
func TestFilterCanAndExplainAgreeWithThePlainModel(t *testing.T) {
	allowed, refused := 0, 0
	for seed := range uint64(3) {
		w := newWorld(t, seed)
		for _, p := range w.people {
			ctx, err := w.rights.As(t.Context(), p.id)
			if err != nil {
				t.Fatal(err)
			}
			for _, right := range []string{readPaper, writePaper} {
				holders, err := w.rights.Holders(t.Context(), right, len(w.people))
				if err != nil || slices.Contains(holders, p.id) != (p.sort == "" && w.rights.May(ctx, right) == nil) {
					t.Errorf("%s of %s (%s): Holders %v %v", right, p.id, p.sort, slices.Contains(holders, p.id), err)
				}
				a, r := w.compare(ctx, p, right)
				allowed, refused = allowed+a, refused+r
			}
		}
	}
	if allowed < 150 || refused < 150 {
		t.Errorf("%d allowed and %d refused: that tries too little", allowed, refused)
	}
}

func (w *world) compare(ctx context.Context, p *person, right string) (allowed, refused int) {
	sql, args, err := w.rights.Filter(ctx, right, "paper")
	if err != nil {
		w.t.Fatal(err)
	}
	through := w.ids(sql, args)
	if sql, args, err = w.rights.Shown(ctx, right, "paper", "amount"); err != nil {
		w.t.Fatal(err)
	}
	shows := w.ids(sql, args)
	for _, pa := range w.papers {
		want, wantShown := w.verdict(p, right, pa)
		if through[pa.id] != want || shows[pa.id] != wantShown {
			w.t.Errorf("%s of %s (%s): Filter %v, want %v; field %v, want %v", right, p.id, p.sort, through[pa.id], want, shows[pa.id], wantShown)
		}
		if want {
			allowed++
		} else {
			refused++
		}
		if !w.chance(25) {
			continue
		}
		if can := w.rights.Can(ctx, right, "paper", pa.id) == nil; can != want {
			w.t.Errorf("%s of %s: Can %v, want %v", right, p.id, can, want)
		}
		why, err := w.rights.Explain(w.t.Context(), p.id, right, "paper", pa.id)
		if err != nil || why.Allowed != want {
			w.t.Errorf("%s of %s: Explain %v %v, want %v", right, p.id, why.Allowed, err, want)
		}
	}
	return allowed, refused
}
