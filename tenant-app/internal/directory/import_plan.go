package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// plan is an import being decided: what the directory holds, and each row.
type plan struct {
	makeMissing bool
	people      map[kernel.ID]*knownPerson
	byLogin     map[string]*knownPerson // "phone:…", "mail:…", "staffNo:…" in lower case
	inFile      map[string]*item        // the same keys and "person:…", of rows before
	tree        nodes
	positions   map[string]kernel.ID // open positions by name
	items       []*item

	newDepartments []node
	newPositions   []Ref
}

// item is one row on its way.
type item struct {
	row      Row
	number   int
	id       kernel.ID
	known    *knownPerson // nil: a new person
	profile  Profile      // as it is to be
	wanted   []place      // as they are to be, if placed
	placed   bool
	posts    []Placement // wanted, by id
	changed  []string
	problems []RowProblem
}

// place is a department and a position by name, before they have to exist.
type place struct {
	path     []string
	position string
	keep     bool // the position that the person has there now
}

// knownPerson is someone in the directory.
type knownPerson struct {
	ID      kernel.ID
	Profile Profile
	Left    bool
	Outside bool        // belongs to a customer, supplier or partner
	Posts   []Placement // the primary one first
}

func (it *item) failed() bool { return len(it.problems) > 0 }

func (it *item) fail(column, code string, params kernel.Params) {
	it.problems = append(it.problems, RowProblem{Column: column, Code: code, Params: params})
}

// identify cleans the cells of a row and finds whom it is about.
func (p *plan) identify(it *item) {
	given, err := Profile{Name: it.row.Name, StaffNo: it.row.StaffNo, Phone: it.row.Phone, Mail: it.row.Mail, HiredOn: it.row.HiredOn}.clean()
	for _, fault := range faults(err) {
		it.fail(strings.TrimPrefix(fault.Field, "body."), fault.Code, nil)
	}
	if given.StaffNo == "" && given.Phone == "" && given.Mail == "" {
		it.fail(ColumnStaffNo, "identifier_missing", nil)
	}
	if it.failed() {
		return
	}
	it.known = p.match(it, given)
	if it.failed() {
		return
	}
	it.id, it.profile = kernel.NewID(), given
	it.profile.Sort = defaultSort
	if it.known != nil {
		it.id, it.profile = it.known.ID, it.known.Profile.with(given)
	}
	// Two rows may name one person by different logins.
	keys := append(given.logins(), login{ColumnStaffNo, "person:" + it.id.String()})
	for _, login := range keys {
		if before, ok := p.inFile[login.key]; ok {
			it.fail(login.column, "twice_in_file", kernel.Params{"row": before.number})
			return
		}
	}
	for _, login := range keys {
		p.inFile[login.key] = it
	}
}

func faults(err error) []kernel.FieldError {
	var known *kernel.Error
	if errors.As(err, &known) {
		return known.Fields
	}
	return nil
}

// match finds the person whom a row is about. A phone number or mail that belongs
// to someone with another staff number is not theirs: numbers are handed on, and
// a leaver must not be overwritten by who got the number next.
func (p *plan) match(it *item, given Profile) *knownPerson {
	var found *knownPerson
	for _, login := range given.logins() {
		other := p.byLogin[login.key]
		switch {
		case other == nil || other == found:
		case found != nil, other.Outside,
			login.column != ColumnStaffNo && given.StaffNo != "" && other.Profile.StaffNo != "" && !strings.EqualFold(given.StaffNo, other.Profile.StaffNo):
			it.fail(login.column, strings.ToLower(login.column)+"_taken", kernel.Params{"name": other.Profile.Name, "staffNo": other.Profile.StaffNo})
			return nil
		case other.Left:
			it.fail(login.column, "person_deactivated", kernel.Params{"name": other.Profile.Name})
			return nil
		default:
			found = other
		}
	}
	return found
}

type login struct{ column, key string }

// logins are the keys by which a profile is found, the staff number first.
func (p Profile) logins() []login {
	var out []login
	for _, l := range []login{{ColumnStaffNo, strings.ToLower(p.StaffNo)}, {ColumnPhone, p.Phone}, {ColumnMail, p.Mail}} {
		if l.key != "" {
			out = append(out, login{l.column, l.column + ":" + l.key})
		}
	}
	return out
}

// with is p with what given says.
func (p Profile) with(given Profile) Profile {
	for field, value := range map[*string]string{&p.Name: given.Name, &p.StaffNo: given.StaffNo, &p.Phone: given.Phone, &p.Mail: given.Mail, &p.HiredOn: given.HiredOn} {
		if value != "" {
			*field = value
		}
	}
	return p
}

// lead finds the managers.
func (p *plan) lead() {
	p.failLeaderless()
	leads := map[kernel.ID]kernel.ID{} // person → manager, as rows change it
	for id, known := range p.people {
		leads[id] = known.Profile.ManagerID
	}
	waiting := slices.Clone(p.items)
	for progress := true; progress; {
		progress = false
		waiting = slices.DeleteFunc(waiting, func(it *item) bool {
			if it.failed() || it.row.Manager == "" {
				return true
			}
			manager, _ := p.manager(it)
			if circle(leads, it.id, manager) {
				return false
			}
			leads[it.id], it.profile.ManagerID = manager, manager
			progress = true
			return true
		})
	}
	for _, it := range waiting {
		it.fail(ColumnManager, "manager_circle", kernel.Params{"staffNo": it.row.Manager})
	}
	p.failLeaderless()
}

// failLeaderless fails the rows whose manager does not exist and does not come in
// with the file, which may take further rows along.
func (p *plan) failLeaderless() {
	for again := true; again; {
		again = false
		for _, it := range p.items {
			if it.failed() || it.row.Manager == "" {
				continue
			}
			if _, ok := p.manager(it); !ok {
				it.fail(ColumnManager, "manager_unknown", kernel.Params{"staffNo": it.row.Manager})
				again = true
			}
		}
	}
}

// manager is the person whose staff number stands in the row.
func (p *plan) manager(it *item) (kernel.ID, bool) {
	number, ok := kernel.NormalizeStaffNo(it.row.Manager)
	if !ok {
		return kernel.NoID, false
	}
	if other, ok := p.inFile[ColumnStaffNo+":"+number]; ok && !other.failed() {
		return other.id, true
	}
	known := p.byLogin[ColumnStaffNo+":"+number]
	if known == nil {
		return kernel.NoID, false
	}
	// Someone who left stays the manager of those whom nobody has moved yet.
	stays := it.known != nil && it.known.Profile.ManagerID == known.ID
	return known.ID, stays || !known.Left
}

func circle(leads map[kernel.ID]kernel.ID, person, manager kernel.ID) bool {
	for range len(leads) + 2 { // those with a manager, the first one asked for, and nobody
		switch manager {
		case kernel.NoID:
			return false
		case person:
			return true
		}
		manager = leads[manager]
	}
	return true
}

// newPlan reads what the directory holds.
func (s *Service) newPlan(ctx context.Context, makeMissing bool) (*plan, error) {
	p := &plan{makeMissing: makeMissing, people: map[kernel.ID]*knownPerson{}, byLogin: map[string]*knownPerson{}, inFile: map[string]*item{}, positions: map[string]kernel.ID{}}
	var err error
	if p.tree, err = s.nodes(ctx); err != nil {
		return nil, err
	}
	positions, err := s.positionNames(ctx)
	if err != nil {
		return nil, err
	}
	for _, position := range positions {
		p.positions[position.Name] = position.ID
	}
	known, err := s.everybody(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the people before the import: %w", err)
	}
	for _, person := range known {
		p.people[person.ID] = person
		for _, login := range person.Profile.logins() {
			p.byLogin[login.key] = person
		}
	}
	return p, nil
}
