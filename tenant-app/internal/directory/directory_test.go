package directory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

// fixture is a directory on a real database whose clock the test turns.
type fixture struct {
	*Service
	t   testing.TB
	db  *store.DB
	now *clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond) // time never stands still
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// accounts stands in for auth and authz where a test is not about it.
type accounts struct {
	mu    sync.Mutex
	ended []kernel.ID
	stay  kernel.ID // the last administrator
}

func (a *accounts) CheckMayLeave(_ context.Context, person kernel.ID) error {
	if person == a.stay {
		return kernel.Conflict("last_administrator")
	}
	return nil
}

// Whoever calls the service in these tests may do everything.
func (a *accounts) Filter(context.Context, string, string) (string, []any, error) {
	return "TRUE", nil, nil
}

func (a *accounts) Shown(context.Context, string, string, string) (string, []any, error) {
	return "TRUE", nil, nil
}

func (a *accounts) Can(context.Context, string, string, kernel.ID) error { return nil }

func (a *accounts) May(context.Context, string) error { return nil }

func (a *accounts) Invite(context.Context, kernel.ID, kernel.ID) (*auth.Invitation, error) {
	return &auth.Invitation{}, nil
}

func (a *accounts) EndSessions(_ context.Context, person kernel.ID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, person)
	return nil
}

func start(t testing.TB) fixture {
	t.Helper()
	return startIn(t, storetest.New(t))
}

func startIn(t testing.TB, tenant storetest.Tenant) fixture {
	t.Helper()
	db := storetest.OpenTenant(t, tenant)
	a := &accounts{}
	c := &clock{at: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	return fixture{Service: New(db, c.read, nil, a, a), t: t, db: db, now: c}
}

func anyVersion(int64) error { return nil }

func (f fixture) department(name string, parent kernel.ID) kernel.ID {
	f.t.Helper()
	d, err := f.CreateDepartment(f.t.Context(), name, parent)
	f.must(err)
	return d.ID
}

func (f fixture) person(name, staffNo string, departments ...kernel.ID) kernel.ID {
	f.t.Helper()
	placements := make([]Placement, len(departments))
	for i, id := range departments {
		placements[i] = Placement{DepartmentID: id}
	}
	d, err := f.Create(f.t.Context(), Profile{Name: name, StaffNo: staffNo}, placements)
	f.must(err)
	return d.ID
}

func (f fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) refused(err error, code string) {
	f.t.Helper()
	if !kernel.HasCode(err, code) {
		f.t.Errorf("error is %v, want code %s", err, code)
	}
}

// names lists people by name.
func (f fixture) names(filter Filter) string {
	f.t.Helper()
	page, err := f.List(f.t.Context(), filter, kernel.PageQuery{Limit: 200})
	f.must(err)
	var names []string
	for _, p := range page.Items {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

// outline draws the tree: names with the number of people in and below.
func (f fixture) outline() string {
	f.t.Helper()
	tree, err := f.Tree(f.t.Context())
	f.must(err)
	var b strings.Builder
	depth := map[kernel.ID]int{}
	for _, d := range tree.Departments {
		if d.ParentID != nil {
			depth[d.ID] = depth[*d.ParentID] + 1
		}
		b.WriteString(strings.Repeat(".", depth[d.ID]) + d.Name + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestTreeMovesAndCounts(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	sales := f.department("市场部", kernel.NoID)
	platform := f.department("平台组", rd)
	web := f.department("前端组", rd)
	f.person("张伟", "1", platform, rd) // in two departments of one branch: counts once
	f.person("李娜", "2", web)
	f.person("王芳", "3", sales, web)
	f.person("赵敏", "4")

	if got, want := f.outline(), "研发中心 .平台组 .前端组 市场部"; got != want {
		t.Fatalf("tree is %s, want %s", got, want)
	}
	tree, err := f.Tree(t.Context())
	f.must(err)
	counts := map[string][2]int{}
	for _, d := range tree.Departments {
		counts[d.Name] = [2]int{d.People, d.Total}
	}
	want := map[string][2]int{"研发中心": {1, 3}, "平台组": {1, 1}, "前端组": {2, 2}, "市场部": {1, 1}}
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s counts %v, want %v", name, counts[name], n)
		}
	}
	if tree.People != 4 || tree.Unassigned != 1 || tree.Deactivated != 0 {
		t.Errorf("company counts %d people, %d unassigned, %d deactivated", tree.People, tree.Unassigned, tree.Deactivated)
	}

	f.must(f.MoveDepartment(t.Context(), web, rd, platform, anyVersion))
	if got, want := f.outline(), "研发中心 .前端组 .平台组 市场部"; got != want {
		t.Errorf("after reordering: %s, want %s", got, want)
	}
	f.must(f.MoveDepartment(t.Context(), rd, sales, kernel.NoID, anyVersion))
	if got, want := f.outline(), "市场部 .研发中心 ..前端组 ..平台组"; got != want {
		t.Errorf("after moving: %s, want %s", got, want)
	}
	f.refused(f.MoveDepartment(t.Context(), sales, platform, kernel.NoID, anyVersion), "department_below_itself")
	f.refused(f.MoveDepartment(t.Context(), sales, sales, kernel.NoID, anyVersion), "department_below_itself")
	f.must(f.MoveDepartment(t.Context(), platform, kernel.NoID, sales, anyVersion))
	if got, want := f.outline(), "平台组 市场部 .研发中心 ..前端组"; got != want {
		t.Errorf("after moving to the top: %s, want %s", got, want)
	}
}

func TestDepartmentRules(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	lab := f.department("实验室", rd)
	_, err := f.CreateDepartment(t.Context(), " 研发中心 ", kernel.NoID)
	f.refused(err, "department_name_taken")
	f.department("研发中心", rd) // below another it may be called the same
	for name, code := range map[string]string{"": "name_missing", "研发/平台": "name_characters", "a;b": "name_characters", "x\u202e": "name_characters", strings.Repeat("长", 61): "name_too_long"} {
		_, err := f.CreateDepartment(t.Context(), name, kernel.NoID)
		f.refused(err, code)
	}
	_, err = f.CreateDepartment(t.Context(), "甲", kernel.NewID())
	f.refused(err, "department_unknown")

	zhang := f.person("张伟", "1", lab)
	f.refused(f.DeleteDepartment(t.Context(), lab, anyVersion), "department_not_empty")
	f.refused(f.DeleteDepartment(t.Context(), rd, anyVersion), "department_not_empty")
	f.must(f.Move(t.Context(), zhang, nil, anyVersion))
	f.must(f.DeleteDepartment(t.Context(), lab, anyVersion))
	f.refused(f.Move(t.Context(), zhang, []Placement{{DepartmentID: lab}}, anyVersion), "department_unknown")
	f.refused(f.DeleteDepartment(t.Context(), lab, anyVersion), "department_unknown")
	f.department("实验室", rd) // the name is free again
	detail, err := f.Get(t.Context(), zhang)
	f.must(err)
	if len(detail.History) != 1 || detail.History[0].Department.Name != "实验室" {
		t.Errorf("history is %+v, want the closed department in it", detail.History)
	}

	top := rd
	for range maxDepth - 1 {
		top = f.department("层", top)
	}
	_, err = f.CreateDepartment(t.Context(), "层", top)
	f.refused(err, "department_too_deep")
}

func TestHeadsKeepTheirOrder(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	a, b, c := f.person("安", "1"), f.person("白", "2"), f.person("陈", "3")
	f.must(f.SetHeads(t.Context(), rd, []kernel.ID{c, a, b}, anyVersion))
	f.must(f.Deactivate(t.Context(), a, anyVersion))
	heads := func() []string {
		d, err := f.Department(t.Context(), rd)
		f.must(err)
		var names []string
		for _, h := range d.Heads {
			names = append(names, h.Name)
		}
		return names
	}
	if got := heads(); !slices.Equal(got, []string{"陈", "白"}) {
		t.Errorf("heads are %v, want those who are here", got)
	}
	f.must(f.Reactivate(t.Context(), a, anyVersion))
	if got := heads(); !slices.Equal(got, []string{"陈", "安", "白"}) {
		t.Errorf("heads are %v, want them in order after the return", got)
	}
	f.refused(f.SetHeads(t.Context(), rd, []kernel.ID{a, a}, anyVersion), "person_twice")
	f.refused(f.SetHeads(t.Context(), rd, []kernel.ID{kernel.NewID()}, anyVersion), "person_unknown")
}

func TestVersionIsChecked(t *testing.T) {
	f := start(t)
	rd := f.department("研发中心", kernel.NoID)
	stale := func(want int64) checkVersion {
		return func(got int64) error {
			if got != want {
				return kernel.Stale("version_stale")
			}
			return nil
		}
	}
	f.must(f.RenameDepartment(t.Context(), rd, "研究院", stale(1)))
	f.refused(f.RenameDepartment(t.Context(), rd, "实验室", stale(1)), "version_stale")
	f.must(f.RenameDepartment(t.Context(), rd, "实验室", stale(2)))
	p := f.person("张伟", "1", rd)
	f.must(f.Move(t.Context(), p, nil, stale(1)))
	f.refused(f.Edit(t.Context(), p, stale(1), func(p Profile) Profile { return p }), "version_stale")
}
