package authz_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// world is a company made at random, as plain Go values, and the same in a database.
type world struct {
	t      testing.TB
	r      *rand.Rand
	db     *store.DB
	rights *authz.Service

	people      []*person
	departments []*department
	positions   []kernel.ID
	roles       []*role
	papers      []*paper
	objects     []object
}

type person struct {
	id, organisation kernel.ID
	sort             string // customer, supplier or partner; empty: works here
	posts            []post
	heads            []*department
}

type post struct {
	at       *department
	position kernel.ID
}

type department struct {
	id     kernel.ID
	parent *department
}

func (d *department) within(top *department) bool {
	for ; d != nil; d = d.parent {
		if d == top {
			return true
		}
	}
	return false
}

type role struct {
	id       kernel.ID
	key      string
	external bool
	rights   map[string]setting
	grants   []grantee
}

type setting struct {
	scope  authz.Scope
	chosen []*department
	masked bool
}

type grantee struct {
	kind authz.GranteeKind
	id   kernel.ID
}

type paper struct {
	id      kernel.ID
	owner   *person
	at      *department
	readers []*person
}

type object struct {
	right string
	paper *paper
	to    grantee
}

const (
	readPaper  = "paper.read"
	writePaper = "paper.write"
)

var scopes = []authz.Scope{authz.ScopeSelf, authz.ScopePart, authz.ScopeDepartment, authz.ScopeTree, authz.ScopeChosen, authz.ScopeAll}

var paperRights = []authz.Right{
	{
		Name: readPaper, Kinds: []string{"paper"}, Scopes: scopes, Fields: []string{"amount"}, Outside: true,
		Default: map[string]authz.Scope{authz.Staff: authz.ScopeSelf, authz.Head: authz.ScopeTree, authz.Customer: authz.ScopeAll},
	},
	{Name: writePaper, Kinds: []string{"paper"}, Scopes: scopes, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll}},
}

var paperResource = authz.Resource{
	Kind: "paper", Table: "paper AS pa", ID: "pa.id", Name: "pa.id", Seen: readPaper, All: "pa.department_id IS NOT NULL", Owner: "pa.owner_id", Department: "pa.department_id",
	Participants: "EXISTS (SELECT 1 FROM paper_reader pr WHERE pr.paper_id = pa.id AND pr.person_id = ?person)",
}

const paperTables = `CREATE TABLE paper (id uuid PRIMARY KEY, owner_id uuid NOT NULL, department_id uuid);
CREATE TABLE paper_reader (paper_id uuid NOT NULL, person_id uuid NOT NULL, PRIMARY KEY (paper_id, person_id))`

// unheard is an audit log that nobody reads.
type unheard struct{}

func (unheard) Write(context.Context, string, kernel.ID, map[string]any) error { return nil }

// newWorld makes a company.
func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	tenant := storetest.New(t)
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), db: storetest.OpenTenant(t, tenant)}
	w.rights = authz.New(w.db, kernel.SystemClock, unheard{})
	w.rights.Declare(directory.Rights...)
	w.rights.Declare(paperRights...)
	w.rights.Add(directory.Resources("")...)
	w.rights.Add(paperResource)
	owner := tenant.Migrate
	c, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%d dbname=%s user=%s password=%s sslmode=disable", owner.Host, owner.Port, owner.Name, owner.User, owner.Password))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	for _, statement := range []string{"SET ROLE " + owner.Role, "SET search_path TO " + owner.Schema, paperTables} {
		if _, err := c.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	w.makePeople()
	w.makeRoles()
	w.makePapers()
	return w
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Q(w.t.Context()).NewRaw(statement, args...).Exec(w.t.Context()); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func pick[T any](w *world, from []T) T { return from[w.r.IntN(len(from))] }

func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }

func (w *world) makePeople() {
	now := time.Now()
	for i := range 10 {
		d := &department{id: kernel.NewID()}
		if i > 2 {
			d.parent = pick(w, w.departments)
		}
		var parent any
		if d.parent != nil {
			parent = d.parent.id
		}
		w.exec("INSERT INTO department (id, parent_id, name, sort, created_at, updated_at) VALUES (?, ?, ?, 0, ?, ?)", d.id, parent, d.id.String(), now, now)
		w.departments = append(w.departments, d)
	}
	for range 3 {
		id := kernel.NewID()
		w.exec("INSERT INTO position (id, name, sort, created_at, updated_at) VALUES (?, ?, 0, ?, ?)", id, id.String(), now, now)
		w.positions = append(w.positions, id)
	}
	for i := range 14 {
		p := &person{id: kernel.NewID()}
		var organisation, liaison any
		if i > 9 {
			p.sort, p.organisation = pick(w, []string{"customer", "supplier", "partner"}), kernel.NewID()
			organisation, liaison = p.organisation, w.people[0].id
			w.exec("INSERT INTO external_organisation (id, name, kind, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", p.organisation, p.id.String(), p.sort, now, now)
		}
		w.exec(`INSERT INTO person (id, name, sort, sort_key, search, external_organisation_id, liaison_id, created_at, updated_at)
			VALUES (?, ?, 0, '', '', ?, ?, ?, ?)`, p.id, "p", organisation, liaison, now, now)
		w.people = append(w.people, p)
		// Outsiders in departments must not happen, and must do no harm.
		for _, d := range w.some(w.departments, 2) {
			at := post{at: d}
			var position any
			if w.chance(60) {
				at.position = pick(w, w.positions)
				position = at.position
			}
			p.posts = append(p.posts, at)
			w.exec("INSERT INTO membership (id, person_id, department_id, position_id, is_primary, valid_from) VALUES (?, ?, ?, ?, false, ?)", kernel.NewID(), p.id, d.id, position, now)
		}
		if w.chance(25) {
			p.heads = w.some(w.departments, 2)
			for _, d := range p.heads {
				w.exec("INSERT INTO department_head (department_id, person_id, sort) VALUES (?, ?, 0)", d.id, p.id)
			}
		}
	}
}

// some gives up to most different departments.
func (w *world) some(from []*department, most int) []*department {
	var out []*department
	for range w.r.IntN(most + 1) {
		if d := pick(w, from); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

func (w *world) makeRoles() {
	now := time.Now()
	var known []struct {
		ID       kernel.ID `bun:"id"`
		Key      string    `bun:"key"`
		External bool      `bun:"external"`
	}
	if err := w.db.Q(w.t.Context()).NewRaw("SELECT id, key, external FROM role").Scan(w.t.Context(), &known); err != nil {
		w.t.Fatal(err)
	}
	for _, k := range known {
		r := &role{id: k.ID, key: k.Key, external: k.External, rights: map[string]setting{}}
		for _, right := range paperRights {
			if scope, ok := right.Default[k.Key]; ok {
				r.rights[right.Name] = setting{scope: scope}
			}
		}
		if group, ok := map[string]authz.GranteeKind{
			authz.Head: authz.ToHeads, authz.Staff: authz.ToStaff, authz.Customer: authz.ToCustomers, authz.Supplier: authz.ToSuppliers, authz.Partner: authz.ToPartners,
		}[k.Key]; ok {
			r.grants = append(r.grants, grantee{kind: group})
		}
		w.roles = append(w.roles, r)
	}
	for range 6 {
		r := &role{id: kernel.NewID(), external: w.chance(30), rights: map[string]setting{}}
		w.exec("INSERT INTO role (id, name, external, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", r.id, r.id.String(), r.external, now, now)
		w.roles = append(w.roles, r)
	}
	for _, r := range w.roles {
		for _, right := range paperRights {
			if r.key == authz.Administrator || !w.chance(55) {
				continue
			}
			set := setting{scope: pick(w, append([]authz.Scope{authz.ScopeNone}, scopes...)), masked: w.chance(40)}
			masks := []string{}
			if set.masked {
				masks = []string{"amount"}
			}
			var chosen []string
			if set.scope == authz.ScopeChosen {
				set.chosen = w.some(w.departments, 3)
				for _, d := range set.chosen {
					chosen = append(chosen, d.id.String())
				}
			}
			r.rights[right.Name] = set
			// Fixed roles give their default, whatever stands in the table.
			if slices.Contains([]string{authz.SystemAdministrator, authz.SecurityAdministrator, authz.AuditAdministrator}, r.key) {
				delete(r.rights, right.Name)
			}
			w.exec("INSERT INTO role_right (role_id, right_name, scope, departments, masks) VALUES (?, ?, ?, ?::uuid[], ?)",
				r.id, right.Name, string(set.scope), pgdialect.Array(append([]string{}, chosen...)), pgdialect.Array(masks))
		}
		for range w.r.IntN(3) {
			g := w.grantee(authz.ToPerson, authz.ToDepartment, authz.ToPosition)
			if slices.Contains(r.grants, g) {
				continue
			}
			r.grants = append(r.grants, g)
			w.exec("INSERT INTO role_grant (id, role_id, grantee_kind, grantee_id, created_at) VALUES (?, ?, ?, ?, ?)", kernel.NewID(), r.id, string(g.kind), g.id, now)
		}
	}
}

func (w *world) grantee(kinds ...authz.GranteeKind) grantee {
	g := grantee{kind: pick(w, kinds)}
	switch g.kind {
	case authz.ToPerson:
		g.id = pick(w, w.people).id
	case authz.ToDepartment:
		g.id = pick(w, w.departments).id
	case authz.ToPosition:
		g.id = pick(w, w.positions)
	case authz.ToRole:
		g.id = pick(w, w.roles).id
	}
	return g
}

func (w *world) makePapers() {
	for range 25 {
		p := &paper{id: kernel.NewID(), owner: pick(w, w.people)}
		var at any
		if w.chance(80) {
			p.at = pick(w, w.departments)
			at = p.at.id
		}
		w.exec("INSERT INTO paper (id, owner_id, department_id) VALUES (?, ?, ?)", p.id, p.owner.id, at)
		for range w.r.IntN(3) {
			if reader := pick(w, w.people); !slices.Contains(p.readers, reader) {
				p.readers = append(p.readers, reader)
				w.exec("INSERT INTO paper_reader (paper_id, person_id) VALUES (?, ?)", p.id, reader.id)
			}
		}
		w.papers = append(w.papers, p)
	}
	for range 15 {
		o := object{right: pick(w, []string{readPaper, writePaper}), paper: pick(w, w.papers), to: w.grantee(authz.ToPerson, authz.ToDepartment, authz.ToPosition, authz.ToRole)}
		w.objects = append(w.objects, o)
		w.exec(`INSERT INTO object_right (id, kind, object_id, right_name, grantee_kind, grantee_id, created_by, created_at)
			VALUES (?, 'paper', ?, ?, ?, ?, ?, now()) ON CONFLICT DO NOTHING`, kernel.NewID(), o.paper.id, o.right, string(o.to.kind), o.to.id, o.to.id)
	}
}
