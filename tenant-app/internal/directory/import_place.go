package directory

import (
	"errors"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// splitList splits a cell that holds several values.
func splitList(cell string) []string {
	if strings.TrimSpace(cell) == "" {
		return nil
	}
	out := strings.Split(strings.NewReplacer("；", ";", "\n", ";").Replace(cell), ";")
	for i := range out {
		out[i] = strings.Join(strings.Fields(out[i]), " ")
	}
	return out
}

// splitPath splits 研发中心/平台组.
func splitPath(text string) []string {
	var names []string
	for name := range strings.SplitSeq(strings.ReplaceAll(text, "／", "/"), "/") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// place reads the departments and positions of a row.
func (p *plan) place(it *item) {
	departments, positions := splitList(it.row.Departments), splitList(it.row.Positions)
	departments = slices.DeleteFunc(departments, func(text string) bool { return text == "" })
	if it.failed() || len(departments)+len(positions) == 0 {
		return
	}
	if len(departments) == 0 {
		if it.known == nil || len(it.known.Posts) == 0 {
			it.fail(ColumnPositions, "position_without_department", nil)
			return
		}
		for _, post := range it.known.Posts {
			departments = append(departments, p.tree.path(post.DepartmentID))
		}
	}
	if len(positions) > len(departments) {
		it.fail(ColumnPositions, "positions_too_many", kernel.Params{"departments": len(departments)})
		return
	}
	if len(departments) > maxPlacements {
		it.fail(ColumnDepartments, "departments_too_many", kernel.Params{"max": maxPlacements})
		return
	}
	it.placed = true
	for i, text := range departments {
		wanted := place{path: p.canonical(it, text), keep: i >= len(positions)}
		if i < len(positions) {
			wanted.position = p.position(it, positions[i])
		}
		it.wanted = append(it.wanted, wanted)
	}
	it.checkTwice()
}

func (it *item) checkTwice() {
	seen := map[string]bool{}
	for _, wanted := range it.wanted {
		path := strings.Join(wanted.path, "/")
		if seen[path] && path != "" {
			it.fail(ColumnDepartments, "department_twice", kernel.Params{"department": path})
		}
		seen[path] = true
	}
}

// canonical is the full path of a department that a cell names, by its whole path
// or, where only one is called so, by its name.
func (p *plan) canonical(it *item, text string) []string {
	path := splitPath(text)
	if len(path) == 0 {
		it.fail(ColumnDepartments, "department_unknown", kernel.Params{"department": text})
		return nil
	}
	if _, ok := p.find(path); ok {
		return path
	}
	if len(path) == 1 {
		var same []kernel.ID
		for id, d := range p.tree.byID {
			if d.Name == path[0] {
				same = append(same, id)
			}
		}
		switch {
		case len(same) == 1:
			return strings.Split(p.tree.path(same[0]), "/")
		case len(same) > 1:
			it.fail(ColumnDepartments, "department_ambiguous", kernel.Params{"department": text})
			return nil
		}
	}
	if !p.makeMissing {
		it.fail(ColumnDepartments, "department_unknown", kernel.Params{"department": text})
		return nil
	}
	if len(path) > maxDepth {
		it.fail(ColumnDepartments, "department_too_deep", kernel.Params{"max": maxDepth})
	}
	for i, name := range path {
		var err error
		if path[i], err = cleanTitle(name, ColumnDepartments); err != nil {
			it.fail(ColumnDepartments, codeOf(err), kernel.Params{"department": name})
		}
	}
	return path
}

// position checks the name of a position.
func (p *plan) position(it *item, name string) string {
	if _, ok := p.positions[name]; ok || name == "" {
		return name
	}
	if !p.makeMissing {
		it.fail(ColumnPositions, "position_unknown", kernel.Params{"position": name})
		return name
	}
	clean, err := cleanTitle(name, ColumnPositions)
	if err != nil {
		it.fail(ColumnPositions, codeOf(err), kernel.Params{"position": name})
	}
	return clean
}

// find looks a path up from the top.
func (p *plan) find(path []string) (kernel.ID, bool) {
	at := kernel.NoID
	for _, name := range path {
		next := kernel.NoID
		for _, child := range p.tree.children[at] {
			if p.tree.byID[child].Name == name {
				next = child
			}
		}
		if next == kernel.NoID {
			return next, false
		}
		at = next
	}
	return at, true
}

// settle makes what a good row needs and notes what it changes.
func (p *plan) settle(it *item) {
	if it.failed() {
		return
	}
	for _, wanted := range it.wanted {
		post := Placement{DepartmentID: p.makeDepartment(wanted.path), PositionID: p.makePosition(wanted.position)}
		if wanted.keep && it.known != nil {
			for _, now := range it.known.Posts {
				if now.DepartmentID == post.DepartmentID {
					post.PositionID = now.PositionID
				}
			}
		}
		it.posts = append(it.posts, post)
	}
	if it.known != nil {
		it.changed = it.changes()
	}
}

// changes are the columns in which a row differs from what is known.
func (it *item) changes() []string {
	before, after := it.known.Profile, it.profile
	var changed []string
	for _, c := range []struct {
		column string
		differ bool
	}{
		{ColumnName, before.Name != after.Name},
		{ColumnStaffNo, before.StaffNo != after.StaffNo},
		{ColumnPhone, before.Phone != after.Phone},
		{ColumnMail, before.Mail != after.Mail},
		{ColumnHiredOn, before.HiredOn != after.HiredOn},
		{ColumnManager, before.ManagerID != after.ManagerID},
		{ColumnDepartments, it.placed && !samePosts(it.known.Posts, it.posts, false)},
		{ColumnPositions, it.placed && samePosts(it.known.Posts, it.posts, false) && !samePosts(it.known.Posts, it.posts, true)},
	} {
		if c.differ {
			changed = append(changed, c.column)
		}
	}
	return changed
}

// samePosts compares memberships: the primary one counts by place, the others are a set.
func samePosts(a, b []Placement, positions bool) bool {
	if len(a) != len(b) {
		return false
	}
	strip := func(posts []Placement) []Placement {
		out := slices.Clone(posts)
		if !positions {
			for i := range out {
				out[i].PositionID = kernel.NoID
			}
		}
		if len(out) > 1 {
			slices.SortFunc(out[1:], func(x, y Placement) int { return strings.Compare(x.DepartmentID.String(), y.DepartmentID.String()) })
		}
		return out
	}
	return slices.Equal(strip(a), strip(b))
}

// makeDepartment is the department of a path, planned if it is not there.
func (p *plan) makeDepartment(path []string) kernel.ID {
	at := kernel.NoID
	for i := range path {
		id, ok := p.find(path[:i+1])
		if !ok {
			d := node{ID: kernel.NewID(), Parent: at, Name: path[i]}
			p.tree.add(d)
			p.newDepartments = append(p.newDepartments, d)
			id = d.ID
		}
		at = id
	}
	return at
}

// makePosition is the position of that name, planned if it is not there.
func (p *plan) makePosition(name string) kernel.ID {
	if name == "" {
		return kernel.NoID
	}
	id, ok := p.positions[name]
	if !ok {
		id = kernel.NewID()
		p.positions[name] = id
		p.newPositions = append(p.newPositions, Ref{ID: id, Name: name})
	}
	return id
}

func codeOf(err error) string {
	var known *kernel.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return "value_invalid"
}
