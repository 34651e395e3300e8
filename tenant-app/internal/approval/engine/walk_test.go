package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	steps       = 100_000
	leastShare  = 0.6
	leastOfEach = 50
)

// walk is one approval under way, watched from outside: what the effects said is
// held against what the state says.
type walk struct {
	t     *testing.T
	m     *maker
	flow  *engine.Flow
	state engine.State
	log   []engine.Entry
	now   time.Time

	holders map[kernel.ID]int // item that each person holds, by the effects
	mending bool
	ended   int
	voided  int
}

// The rules hold for random definitions and actions: 100,000 of them, most of which
// are accepted.
func TestRulesHoldOnRandomWalks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := newMaker(seed)
	counts := map[engine.Verb]map[string]int{}
	tried, accepted := 0, 0
	for tried < steps {
		w := newWalk(t, m)
		for after := 0; after < 5 && len(w.log) < 60; { // a little beyond the end too
			verb, kinds, ok := w.step()
			tried++
			if w.ended > 0 {
				after++
			}
			if ok {
				accepted++
				for _, kind := range kinds {
					if counts[verb] == nil {
						counts[verb] = map[string]int{}
					}
					counts[verb][kind]++
				}
			}
			if t.Failed() {
				t.Fatalf("after %d steps, seed %d", tried, seed)
			}
		}
		w.replay()
	}
	share := float64(accepted) / float64(tried)
	t.Logf("%d steps, %.0f %% accepted\n%s", tried, share*100, table(counts))
	if share < leastShare {
		t.Errorf("only %.0f %% of the steps were accepted", share*100)
	}
	for _, verb := range engine.Verbs {
		for _, kind := range kindsOfNode {
			if counts[verb][kind] < leastOfEach {
				t.Errorf("%s happened %d times with a node of kind %s", verb, counts[verb][kind], kind)
			}
		}
	}
}

var kindsOfNode = []string{"one", "all", "any", "order", "cc", "branch"}

func table(counts map[engine.Verb]map[string]int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s", "")
	for _, kind := range kindsOfNode {
		fmt.Fprintf(&b, "%8s", kind)
	}
	for _, verb := range engine.Verbs {
		fmt.Fprintf(&b, "\n%-10s", verb)
		for _, kind := range kindsOfNode {
			fmt.Fprintf(&b, "%8d", counts[verb][kind])
		}
	}
	return b.String()
}

func newWalk(t *testing.T, m *maker) *walk {
	d := m.definition()
	flow, err := engine.Compile(d)
	if err != nil {
		t.Fatalf("%v: %+v", err, d)
	}
	return &walk{t: t, m: m, flow: flow, holders: map[kernel.ID]int{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

// step tries one action and looks at what became of it. kinds are the nodes that it
// had to do with: the present one, and whether a copy or a branch came before.
func (w *walk) step() (verb engine.Verb, kinds []string, ok bool) {
	w.now = w.now.Add(time.Duration(1+w.m.IntN(30)) * time.Minute)
	a := w.m.action(w.flow, w.state)
	before := w.state
	var frozen []byte
	if w.m.IntN(16) == 0 {
		frozen, _ = json.Marshal(before)
	}
	facts := engine.Facts{Manager: w.m.IntN(10) == 0, Nodes: map[string]engine.NodeFact{}}
	var next engine.State
	var effects []engine.Effect
	for {
		var err error
		next, effects, err = engine.Apply(w.flow, before, a, facts, w.now)
		var need *engine.NeedFacts
		if errors.As(err, &need) {
			facts.Nodes[need.Node] = w.m.fact(w.now)
			continue
		}
		var refusal *kernel.Error
		if err != nil && !errors.As(err, &refusal) {
			w.t.Errorf("%s: %v is no refusal", a.Verb, err)
		}
		if err != nil {
			return a.Verb, nil, false
		}
		break
	}
	if frozen != nil {
		if thawed, _ := json.Marshal(before); string(thawed) != string(frozen) {
			w.t.Errorf("%s has changed the state that it was given", a.Verb)
		}
	}
	w.mayDo(a, facts.Manager)
	w.state = next
	w.log = append(w.log, engine.Entry{V: engine.Version, Action: a, Facts: facts, At: w.now})
	w.follow(effects)
	w.holds()
	again, more, err := engine.Apply(w.flow, next, a, facts, w.now)
	if err != nil || len(more) > 0 || !reflect.DeepEqual(again, next) {
		w.t.Errorf("%s twice is not once: %v, %v", a.Verb, more, err)
	}
	return a.Verb, w.kinds(before), true
}

func (w *walk) kinds(before engine.State) []string {
	var out []string
	for _, s := range []engine.State{before, w.state} {
		if n := len(s.Steps); n > 0 {
			node, _ := w.flow.Node(s.Steps[n-1].Node)
			out = append(out, string(node.Mode))
		}
	}
	if slices.ContainsFunc(w.state.Copies, func(c engine.Copied) bool { return c.Node != "" }) {
		out = append(out, "cc")
	}
	if slices.ContainsFunc(w.flow.Definition().Nodes, func(n engine.Node) bool { return n.Kind == engine.Branch }) {
		out = append(out, "branch")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// mayDo sees that nobody did what they may not, by what the effects had told.
func (w *walk) mayDo(a engine.Action, manager bool) {
	_, holds := w.holders[a.By]
	fine := true
	switch a.Verb {
	case engine.Agree, engine.Reject, engine.Return:
		fine = holds && (a.By != w.state.Submitter || w.flow.Definition().Policy.Self == engine.Keep)
	case engine.Transfer:
		if a.Of != nil {
			_, others := w.holders[*a.Of]
			holds = others && (manager || *a.Of == a.By)
		}
		fine = holds && len(a.To) == 1 && (a.To[0] != w.state.Submitter || w.flow.Definition().Policy.Self == engine.Keep)
	case engine.Withdraw, engine.Nudge:
		fine = a.By == w.state.Submitter
	case engine.Submit:
		fine = w.state.Status == "" || a.By == w.state.Submitter && w.mending
	case engine.Cancel:
		fine = w.ended == 1 && w.voided == 0 && (a.By == w.state.Submitter || manager)
	case engine.RemindHold:
		fine = a.By == kernel.NoID
	}
	if !fine {
		w.t.Errorf("%s was allowed to somebody who may not", a.Verb)
	}
}

// follow takes in what the effects say.
func (w *walk) follow(effects []engine.Effect) {
	for _, e := range effects {
		switch e.Kind {
		case engine.Assigned:
			if _, twice := w.holders[e.Person]; twice {
				w.t.Error("somebody was asked twice at once")
			}
			w.holders[e.Person] = e.Item
		case engine.Released:
			if w.holders[e.Person] != e.Item {
				w.t.Errorf("item %d was released by somebody who did not hold it", e.Item)
			}
			delete(w.holders, e.Person)
		case engine.ToMend:
			w.mending = true
		case engine.Mended:
			w.mending = false
		case engine.EndReached:
			w.ended++
		case engine.Voided:
			w.voided++
		case engine.NudgedHold, engine.Reminded:
			if w.holders[e.Person] != e.Item {
				w.t.Errorf("%s told somebody who does not hold it", e.Kind)
			}
		}
	}
}

// holds are the rules that hold after every action.
func (w *walk) holds() {
	s := w.state
	open := map[kernel.ID]int{}
	for i, step := range s.Steps {
		for _, item := range step.Items {
			if item.State == engine.ItemOpen || item.State == engine.ItemWaiting {
				if i < len(s.Steps)-1 || step.State != engine.StepOpen {
					w.t.Errorf("item %d is open in a step that is not", item.N)
				}
			}
			if item.State == engine.ItemOpen {
				open[item.Person] = item.N
			}
		}
		w.passed(step)
	}
	if step := s.Current(); step != nil && len(open) > 1 {
		if node, _ := w.flow.Node(step.Node); node.Mode == engine.Order || node.Mode == engine.One {
			w.t.Errorf("%d people are asked at once by a node of mode %s", len(open), node.Mode)
		}
	}
	if !reflect.DeepEqual(open, w.holders) {
		w.t.Errorf("open items %v, told were %v", open, w.holders)
	}
	if running := s.Status == engine.Running; running != (len(open) > 0) || running != (s.Current() != nil) {
		w.t.Errorf("status %s with %d holders", s.Status, len(open))
	}
	if w.mending != (s.Status == engine.Returned) {
		w.t.Errorf("status %s, to be mended: %v", s.Status, w.mending)
	}
	if over := s.Status.Ended(); over != (w.ended == 1) || w.ended > 1 || w.voided > 1 || (s.Status == engine.Cancelled) != (w.voided == 1) {
		w.t.Errorf("status %s after %d ends and %d times made void", s.Status, w.ended, w.voided)
	}
}

// passed sees that a step passed by its mode, or by a policy that says so.
func (w *walk) passed(step engine.Step) {
	if step.State != engine.StepPassed {
		return
	}
	node, _ := w.flow.Node(step.Node)
	approved, undecided := 0, 0
	for _, item := range step.Items {
		switch item.State {
		case engine.ItemApproved:
			approved++
		case engine.ItemDropped, engine.ItemHeld, engine.ItemWaiting, engine.ItemOpen:
			undecided++
		}
	}
	switch {
	case approved == 0 && step.Reason == "":
		w.t.Errorf("%s passed and nobody approved", step.Node)
	case (node.Mode == engine.All || node.Mode == engine.Order) && undecided > 0:
		w.t.Errorf("%s, %s, passed with %d undecided", step.Node, node.Mode, undecided)
	case node.Mode == engine.One && approved > 1:
		w.t.Errorf("%s passed by %d people", step.Node, approved)
	}
}

// replay sees that the log, written and read, makes the same state.
func (w *walk) replay() {
	raw, err := json.Marshal(w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	var log []engine.Entry
	if err := json.Unmarshal(raw, &log); err != nil {
		w.t.Fatal(err)
	}
	again, err := engine.Replay(w.flow, log)
	if err != nil {
		w.t.Fatal(err)
	}
	got, _ := json.Marshal(again)
	want, _ := json.Marshal(w.state)
	if string(got) != string(want) {
		w.t.Fatalf("the log gives\n%s\nthe state is\n%s", got, want)
	}
}
