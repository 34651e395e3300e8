package approval_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/form"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// Two programs on one database, as in a rollout: of two decisions on the same
// version exactly one counts, and the other is told so.
func TestOfTwoRacingDecisionsOneCounts(t *testing.T) {
	c := start(t)
	other := officetest.StartIn(t, c.Tenant)
	me, first := c.as(clerk), c.as(head)
	elsewhere := other.Browser(t)
	elsewhere.SignIn("13910000008", officetest.Password).Want(http.StatusSeeOther)
	for round := range 10 {
		d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
		replies := make([]officetest.Reply, 2)
		var all sync.WaitGroup
		all.Go(func() { replies[0] = do(first, d, "approve", nil) })
		all.Go(func() { replies[1] = do(elsewhere, d, "reject", object{"comment": "不行"}) })
		all.Wait()
		got := []int{replies[0].Status, replies[1].Status}
		slices.Sort(got)
		if got[0] != http.StatusOK || got[1] != http.StatusPreconditionFailed && got[1] != http.StatusConflict {
			t.Fatalf("round %d: %d %s, %d %s", round, replies[0].Status, replies[0].Body, replies[1].Status, replies[1].Body)
		}
		want := map[bool]engine.Status{true: engine.Approved, false: engine.Rejected}[replies[0].Status == http.StatusOK]
		if d = get(me, d.ID); d.Status != want || len(d.Timeline) != 2 {
			t.Errorf("round %d: %s with %d entries, want %s", round, d.Status, len(d.Timeline), want)
		}
	}
}

// A hundred decisions at once on two programs: each counts once, every log gives
// the state that is kept, numbers have no gap, and nothing waits any more.
func TestAHundredDecisionsAtOnce(t *testing.T) {
	c := start(t)
	other := officetest.StartIn(t, c.Tenant)
	me, first := c.as(clerk), c.as(head)
	elsewhere := other.Browser(t)
	elsewhere.SignIn("13910000008", officetest.Password).Want(http.StatusSeeOther)
	const n = 100
	made := make([]approval.Detail, n)
	inParallel(10, n, func(i int) { made[i] = submit(me, "leave", leave("2026-11-23", "2026-11-23")) })
	var mu sync.Mutex
	statuses := map[int]int{}
	inParallel(10, 2*n, func(i int) {
		b := []*officetest.Browser{first, elsewhere}[i%2]
		reply := do(b, made[i/2], "approve", nil)
		mu.Lock()
		statuses[reply.Status]++
		mu.Unlock()
	})
	if statuses[http.StatusOK] != n || statuses[http.StatusOK]+statuses[http.StatusPreconditionFailed]+statuses[http.StatusConflict] != 2*n {
		t.Errorf("statuses %v", statuses)
	}
	if box := todo(first); len(box.Items) != 0 || box.Counts["approval"] != 0 {
		t.Errorf("still waiting: %+v", box.Counts)
	}
	numbers := []string{}
	for _, d := range made {
		numbers = append(numbers, d.Number)
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if want := fmt.Sprintf("-%04d", i+1); number[len(number)-5:] != want {
			t.Fatalf("number %d is %s", i+1, number)
		}
	}
	c.replays()
}

// inParallel does it n times; a worker that fails the test ends alone.
func inParallel(workers, n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// replays sees that each log in the database gives the state beside it.
func (c *company) replays() {
	c.t.Helper()
	var rows []struct {
		Form  string          `bun:"form_key"`
		State json.RawMessage `bun:"state,type:json"`
		Log   json.RawMessage `bun:"log,type:json"`
	}
	err := c.DB.Q(c.t.Context()).NewRaw(`SELECT form_key, state, (SELECT json_agg(l.entry ORDER BY l.seq) FROM approval_action l WHERE l.approval_id = a.id) AS log
		FROM approval a`).Scan(c.t.Context(), &rows)
	if err != nil || len(rows) == 0 {
		c.t.Fatal(len(rows), err)
	}
	for _, row := range rows {
		var log []engine.Entry
		var kept engine.State
		if err := errors.Join(json.Unmarshal(row.Log, &log), json.Unmarshal(row.State, &kept)); err != nil {
			c.t.Fatal(err)
		}
		made, err := engine.Replay(flow(c.t, row.Form), log)
		if err != nil {
			c.t.Fatal(err)
		}
		got, _ := json.Marshal(made)
		want, _ := json.Marshal(kept)
		if string(got) != string(want) {
			c.t.Errorf("a log gives %s, kept is %s", got, want)
		}
	}
}

// flow is that of a form that comes with the program.
func flow(t testing.TB, key string) *engine.Flow {
	t.Helper()
	forms, err := form.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range forms {
		var definition engine.Definition
		if d.Key != key {
			continue
		}
		if err := json.Unmarshal(d.Flow, &definition); err != nil {
			t.Fatal(err)
		}
		out, err := engine.Compile(definition)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Fatalf("no form %s", key)
	return nil
}
