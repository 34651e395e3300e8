package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// companies that are made in one round, and how many acts that takes at least.
const (
	companies = 3
	atWork    = companies * 30
)

// A leader is stopped in the middle of its work, past its lease; another one takes
// over and ends the work; then the first goes on where it was. Nothing that it still
// sends changes anything but, for a moment, what is told of a company's health, and it
// ends.
func TestTwoOperators(t *testing.T) {
	r := rig.New(t)
	random := rand.New(rand.NewPCG(uint64(seed(t)), 0)) //nolint:gosec // not for secrets
	var stop atomic.Int64                               // how many acts the leader may do yet; negative: any number
	stop.Store(-1)
	leader := elect(r, &stop)
	late, n := 0, rounds(t, 5)
	for round := range n {
		names := newcomers(round)
		stop.Store(int64(1 + random.IntN(atWork)))
		for _, name := range names {
			r.Create(rig.Company(name))
		}
		r.Eventually("the leader is stopped", leader.Frozen, func() string { return fmt.Sprint(stop.Load(), " acts are left") })
		former := leader
		leader = elect(r, &stop)
		// What 20 s would do: the lease of 15 s ends.
		r.Now.Forward(20 * time.Second)
		rig.Check(t, r.Client.Delete(t.Context(), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: rig.System, Name: "atrium-operator"}}))
		ids := map[string]string{}
		for _, name := range names {
			ids[name] = r.Healthy(name).Status.ID
		}
		before := settled(t, r, ids)
		r.API.Take()
		r.SQL.Take()
		r.S3.Take()
		former.Thaw()
		if err := former.Wait(); err != nil && !strings.Contains(err.Error(), "leader election lost") {
			t.Errorf("round %d: the former leader ended with %v", round, err)
		}
		sent := lateActs(r, former)
		late += len(sent)
		after, _ := r.Census(ids)
		for name := range ids {
			for _, difference := range after[name].Differ(before[name], health(before[name])) {
				t.Errorf("round %d: after another took over, the former leader changed %s: %s\nit had sent\n%s", round, name, difference, strings.Join(sent, "\n"))
			}
		}
		r.Eventually("the new leader tells of each company's health as before", func() bool {
			now, _ := r.Census(ids)
			return !slices.ContainsFunc(names, func(name string) bool { return len(now[name].Differ(before[name], nil)) > 0 })
		}, func() string { return "a condition that the former leader wrote stays" })
	}
	t.Logf("two operators: %d rounds, %d acts sent too late, none changed anything", n, late)
}

// elect starts an operator that works while it has the lease, and stops it when the
// acts that it may do are used up.
func elect(r *rig.Rig, left *atomic.Int64) *rig.Operator {
	var o atomic.Pointer[rig.Operator]
	started := r.Operate(func(w *rig.Wiring) {
		w.Options.LeaderElect = true
		w.Gate = func(act rig.Act) rig.Verdict {
			if act.Controller == "tenant" && left.Load() > 0 && left.Add(-1) == 0 {
				left.Store(-1)
				if leading := o.Load(); leading != nil {
					leading.Freeze()
				}
			}
			return rig.Fine
		}
	})
	o.Store(started)
	return started
}

func newcomers(round int) (names []string) {
	for i := range companies {
		names = append(names, fmt.Sprintf("round-%d-%d", round, i))
	}
	return names
}

// settled is what exists once nothing is done any more.
func settled(t *testing.T, r *rig.Rig, ids map[string]string) map[string]rig.Facts {
	t.Helper()
	var last map[string]rig.Facts
	same := 0
	r.Eventually("the new leader is done", func() bool {
		now, _ := r.Census(ids)
		for name := range ids {
			if last == nil || len(now[name].Differ(last[name], nil)) > 0 {
				same = 0
			}
		}
		last = now
		same++
		return same > 2
	}, func() string { return "it goes on changing things" })
	return last
}

// health are the facts that tell how a company is. A former leader can see the company
// as it is now and its pods as they were, and say so until the new leader does.
func health(facts rig.Facts) map[string]bool {
	told := map[string]bool{}
	for path := range facts {
		if strings.Contains(path, ".status.conditions["+v1alpha1.ConditionHealthy+"]") {
			told[path] = true
		}
	}
	return told
}

func lateActs(r *rig.Rig, former *rig.Operator) (sent []string) {
	for _, act := range slices.Concat(r.API.TakeActs(), r.SQL.TakeActs(), r.S3.TakeActs()) {
		if act.Operator == former.Number {
			sent = append(sent, string(act.Kind)+" "+act.Name)
		}
	}
	return sent
}
