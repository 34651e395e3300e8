package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"pgregory.net/rapid"
)

// However many administrators drag departments about at once, every department
// stays reachable from the top: a circle would take a whole branch away.
func TestConcurrentMovesMakeNoCircle(t *testing.T) {
	f := start(t)
	var ids []kernel.ID
	for i := range 8 {
		ids = append(ids, f.department(fmt.Sprintf("部门%d", i), kernel.NoID))
	}
	const movers, moves = 6, 40
	var wg sync.WaitGroup
	for mover := range movers {
		random := rand.New(rand.NewPCG(7, uint64(mover)))
		wg.Go(func() {
			for range moves {
				id, parent := ids[random.IntN(len(ids))], ids[random.IntN(len(ids))]
				err := f.MoveDepartment(t.Context(), id, parent, kernel.NoID, anyVersion)
				if err != nil && !kernel.HasCode(err, "department_below_itself") {
					t.Errorf("move: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	tree, err := f.Tree(t.Context())
	f.must(err)
	if len(tree.Departments) != len(ids) {
		t.Errorf("%d of %d departments can be reached from the top", len(tree.Departments), len(ids))
	}
}

// The same for managers.
func TestConcurrentManagersMakeNoCircle(t *testing.T) {
	f := start(t)
	var ids []kernel.ID
	for i := range 6 {
		ids = append(ids, f.person("张伟", fmt.Sprint(i)))
	}
	var wg sync.WaitGroup
	for mover := range 5 {
		random := rand.New(rand.NewPCG(11, uint64(mover)))
		wg.Go(func() {
			for range 30 {
				manager := ids[random.IntN(len(ids))]
				err := f.Edit(t.Context(), ids[random.IntN(len(ids))], anyVersion, func(p Profile) Profile { p.ManagerID = manager; return p })
				if err != nil && !kernel.HasCode(err, "manager_circle") {
					t.Errorf("edit: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		at := id
		for range ids {
			p, err := f.profile(t.Context(), at)
			f.must(err)
			if at = p.ManagerID; at == kernel.NoID {
				break
			}
		}
		if at != kernel.NoID {
			t.Fatalf("the managers of %s form a circle", id)
		}
	}
}

const overlaps = `SELECT count(*) FROM membership a JOIN membership b ON a.person_id = b.person_id AND a.id < b.id
	AND (a.is_primary AND b.is_primary OR a.department_id = b.department_id)
	AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`

// Whatever happens to people, at no time does anyone have two primary departments
// or the same department twice, and someone in any department has a primary one.
func TestMembershipsNeverOverlap(t *testing.T) {
	f := start(t)
	var departments, people []kernel.ID
	for i := range 4 {
		departments = append(departments, f.department(fmt.Sprintf("部门%d", i), kernel.NoID))
	}
	for i := range 3 {
		people = append(people, f.person("张伟", fmt.Sprint(i)))
	}
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.WithoutCancel(t.Context())
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			id := rapid.SampledFrom(people).Draw(r, "person")
			var err error
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				err = f.Deactivate(ctx, id, anyVersion)
			case 1:
				err = f.Reactivate(ctx, id, anyVersion)
			default:
				chosen := rapid.Permutation(departments).Draw(r, "departments")[:rapid.IntRange(0, 3).Draw(r, "count")]
				placements := make([]Placement, len(chosen))
				for i, d := range chosen {
					placements[i] = Placement{DepartmentID: d}
				}
				err = f.Move(ctx, id, placements, anyVersion)
			}
			if err != nil && !kernel.HasCode(err, "person_deactivated") && !kernel.HasCode(err, "person_active") {
				r.Fatalf("step: %v", err)
			}
		}
		var overlapping, headless int
		if err := f.db.Q(ctx).NewRaw(overlaps).Scan(ctx, &overlapping); err != nil || overlapping > 0 {
			r.Fatalf("%d pairs of memberships overlap (%v)", overlapping, err)
		}
		err := f.db.Q(ctx).NewRaw(`SELECT count(*) FROM (SELECT person_id FROM membership WHERE valid_to IS NULL GROUP BY person_id HAVING bool_or(is_primary) = false) x`).Scan(ctx, &headless)
		if err != nil || headless > 0 {
			r.Fatalf("%d people are in departments without a primary one (%v)", headless, err)
		}
	})
}

// Any file that goes in, goes in once: the second time nothing is new and nothing changes.
func TestImportTwiceIsUnchanged(t *testing.T) {
	f := start(t)
	cell := func(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(append(values, "")) }
	row := rapid.Custom(func(r *rapid.T) Row {
		return Row{
			Name:        cell("张伟", "李 娜", "阿卜杜拉•买买提", "J. Smith").Draw(r, "name"),
			StaffNo:     cell("1", "2", "0003", "a4", "A4").Draw(r, "staffNo"),
			Phone:       cell("13800000001", "+86 13800000002", "１３８00000003", "12").Draw(r, "phone"),
			Mail:        cell("a@x.co", "B@x.co", "nobody").Draw(r, "mail"),
			Departments: cell("研发中心", "研发中心/平台组;市场部", "平台组", "市场部；研发中心", "a;;b").Draw(r, "departments"),
			Positions:   cell("工程师", "工程师;经理", ";经理").Draw(r, "positions"),
			Manager:     cell("1", "2", "9").Draw(r, "manager"),
			HiredOn:     cell("2024-01-01", "2024-13-01").Draw(r, "hiredOn"),
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.WithoutCancel(t.Context())
		rows := rapid.SliceOfN(row, 1, 6).Draw(r, "rows")
		first, err := f.Import(ctx, rows, true, true)
		if err != nil {
			r.Fatalf("import: %v", err)
		}
		second, err := f.Import(ctx, rows, true, true)
		if err != nil {
			r.Fatalf("second import: %v", err)
		}
		for i, result := range second.Rows {
			went := first.Rows[i].Outcome != Failed
			if went && result.Outcome != Unchanged {
				r.Fatalf("row %d %+v: first %s, then %s %v %v", i, rows[i], first.Rows[i].Outcome, result.Outcome, result.Changed, result.Problems)
			}
		}
	})
}
