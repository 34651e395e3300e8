package engine_test

import (
	"errors"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// desk is an approval on which tests act by hand.
type desk struct {
	t     *testing.T
	flow  *engine.Flow
	state engine.State
	facts map[string]engine.NodeFact
	now   time.Time
	last  []engine.Effect
}

var me, ann, bob, cat, dan = who(1), who(2), who(3), who(4), who(5)

// node makes an approve node; its people are a fact.
func node(id string, mode engine.Mode) engine.Node {
	return engine.Node{ID: id, Kind: engine.Approve, Mode: mode, Who: &engine.Who{By: engine.ByHead, Level: 1}}
}

func newDesk(t *testing.T, policy engine.Policy, nodes ...engine.Node) *desk {
	t.Helper()
	flow, err := engine.Compile(engine.Definition{V: 1, Vars: map[string]string{"days": "number"}, Policy: policy, Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, flow: flow, facts: map[string]engine.NodeFact{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

var strict = engine.Policy{Nobody: engine.Fallback, Self: engine.Fallback, Repeat: engine.Keep}

func (d *desk) found(node string, people ...kernel.ID) {
	fact := d.facts[node]
	fact.People = nil
	for _, p := range people {
		fact.People = append(fact.People, engine.Candidate{Person: p})
	}
	d.facts[node] = fact
}

// try acts and gives the refusal's code; empty if it was accepted.
func (d *desk) try(a engine.Action) string {
	d.t.Helper()
	a.ID = kernel.NewID()
	d.now = d.now.Add(time.Minute)
	next, effects, err := engine.Apply(d.flow, d.state, a, engine.Facts{Nodes: d.facts}, d.now)
	var refusal *kernel.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.state, d.last = next, effects
	return ""
}

func (d *desk) does(by kernel.ID, verb engine.Verb) {
	d.t.Helper()
	if code := d.try(engine.Action{Verb: verb, By: by, Comment: "because", Vars: map[string]any{"days": 1.0}}); code != "" {
		d.t.Fatalf("%s: %s", verb, code)
	}
}

func (d *desk) refused(by kernel.ID, verb engine.Verb, code string) {
	d.t.Helper()
	if got := d.try(engine.Action{Verb: verb, By: by, Comment: "because"}); got != code {
		d.t.Errorf("%s: %q, want %q", verb, got, code)
	}
}

func (d *desk) asks(people ...kernel.ID) {
	d.t.Helper()
	open := 0
	if step := d.state.Current(); step != nil {
		for _, item := range step.Items {
			if item.State == engine.ItemOpen {
				open++
			}
		}
	}
	for _, p := range people {
		if d.state.Open(p) == nil {
			d.t.Errorf("%s is not asked", p)
		}
	}
	if open != len(people) {
		d.t.Errorf("%d people are asked, want %d", open, len(people))
	}
}

func (d *desk) is(status engine.Status) {
	d.t.Helper()
	if d.state.Status != status {
		d.t.Errorf("status %s, want %s", d.state.Status, status)
	}
}

func TestAllMustAgreeWhenTheyCountersign(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.All))
	d.found("a", ann, bob)
	d.does(me, engine.Submit)
	d.asks(ann, bob)
	d.does(ann, engine.Agree)
	d.asks(bob)
	d.refused(ann, engine.Agree, "approval_not_waiting")
	d.refused(cat, engine.Agree, "approval_not_yours")
	d.does(bob, engine.Agree)
	d.is(engine.Approved)
}

func TestOneOfSeveralSuffices(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.Any))
	d.found("a", ann, bob)
	d.does(me, engine.Submit)
	d.does(bob, engine.Agree)
	d.is(engine.Approved)
	d.refused(ann, engine.Agree, "approval_not_running")
}

func TestPeopleDecideInTurn(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.Order))
	d.found("a", ann, bob, cat)
	d.does(me, engine.Submit)
	d.asks(ann)
	d.refused(bob, engine.Agree, "approval_not_yours")
	d.does(ann, engine.Agree)
	d.asks(bob)
	if code := d.try(engine.Action{Verb: engine.Transfer, By: bob, To: []kernel.ID{dan}}); code != "" {
		t.Fatal(code)
	}
	d.asks(dan) // in bob's place, before cat
	d.does(dan, engine.Agree)
	d.asks(cat)
	d.does(cat, engine.Reject)
	d.is(engine.Rejected)
}

func TestAReturnGoesOnAtWhoReturned(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One), node("b", engine.All), node("c", engine.One))
	d.found("a", ann)
	d.found("b", bob, cat, dan)
	d.found("c", ann)
	d.does(me, engine.Submit)
	d.does(ann, engine.Agree)
	d.does(bob, engine.Agree)
	if code := d.try(engine.Action{Verb: engine.Return, By: cat, Comment: "mend it", Resume: true}); code != "" {
		t.Fatal(code)
	}
	d.is(engine.Returned)
	d.refused(dan, engine.Agree, "approval_not_running")
	d.does(me, engine.Submit)
	d.asks(cat, dan) // bob has agreed already
	d.does(dan, engine.Agree)
	d.does(cat, engine.Agree)
	d.asks(ann)
	d.does(ann, engine.Agree)
	d.is(engine.Approved)
}

func TestAReturnWithoutResumeBeginsAnew(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One), node("b", engine.One))
	d.found("a", ann)
	d.found("b", bob)
	d.does(me, engine.Submit)
	d.does(ann, engine.Agree)
	d.does(bob, engine.Return)
	d.does(me, engine.Submit)
	d.asks(ann)
}

func TestAReturnToAnEarlierNode(t *testing.T) {
	for _, resume := range []bool{false, true} {
		d := newDesk(t, strict, node("a", engine.One), node("b", engine.One), node("c", engine.One))
		d.found("a", ann)
		d.found("b", bob)
		d.found("c", cat)
		d.does(me, engine.Submit)
		d.does(ann, engine.Agree)
		d.does(bob, engine.Agree)
		if code := d.try(engine.Action{Verb: engine.Return, By: cat, Comment: "look again", Node: "nowhere"}); code != "return_target_unknown" {
			t.Error(code)
		}
		if code := d.try(engine.Action{Verb: engine.Return, By: cat, Comment: "look again", Node: "a", Resume: resume}); code != "" {
			t.Fatal(code)
		}
		d.asks(ann)
		d.does(ann, engine.Agree)
		if resume {
			d.asks(cat)
		} else {
			d.asks(bob)
		}
	}
}

// Whoever mends values so that others would be asked before the returner does not
// get around those.
func TestMendingOntoAnotherPathBeginsAnew(t *testing.T) {
	long := engine.Node{ID: "long", Kind: engine.Branch, Branches: []engine.Path{{When: "days > 3", Nodes: []engine.Node{node("b", engine.One)}}, {}}}
	d := newDesk(t, strict, node("a", engine.One), long, node("c", engine.One))
	d.found("a", ann)
	d.found("b", bob)
	d.found("c", cat)
	d.does(me, engine.Submit) // one day
	d.does(ann, engine.Agree)
	d.asks(cat)
	if code := d.try(engine.Action{Verb: engine.Return, By: cat, Comment: "mend it", Resume: true}); code != "" {
		t.Fatal(code)
	}
	if code := d.try(engine.Action{Verb: engine.Submit, By: me, Vars: map[string]any{"days": 9.0}}); code != "" {
		t.Fatal(code)
	}
	d.asks(ann)
	d.does(ann, engine.Agree)
	d.asks(bob)
}

func TestPoliciesDecideWhereNobodyShould(t *testing.T) {
	pass := engine.Policy{Nobody: engine.Pass, Self: engine.Pass, Repeat: engine.Pass}
	d := newDesk(t, pass, node("a", engine.One), node("b", engine.One), node("c", engine.One), node("e", engine.One))
	d.found("a")      // nobody
	d.found("b", me)  // the submitter
	d.found("c", ann) //
	d.found("e", ann) // twice in a row
	d.does(me, engine.Submit)
	d.asks(ann)
	d.does(ann, engine.Agree)
	d.is(engine.Approved)
	reasons := []engine.Reason{d.state.Steps[0].Reason, d.state.Steps[1].Reason, d.state.Steps[3].Items[0].Auto}
	if reasons[0] != engine.NobodyFound || reasons[1] != engine.SelfFound || reasons[2] != engine.JustDecided {
		t.Errorf("reasons %v", reasons)
	}
}

func TestManagersDecideWhereNobodyElseCan(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One))
	d.facts["a"] = engine.NodeFact{People: []engine.Candidate{{Person: me}}, Fallback: []engine.Candidate{{Person: me}, {Person: dan}}}
	d.does(me, engine.Submit)
	d.asks(dan)
	alone := newDesk(t, strict, node("a", engine.One))
	alone.facts["a"] = engine.NodeFact{Fallback: []engine.Candidate{{Person: me}}}
	alone.does(me, engine.Submit)
	alone.is(engine.Returned)
}

func TestADelegateDecidesInstead(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One))
	d.facts["a"] = engine.NodeFact{People: []engine.Candidate{{Person: ann, Delegate: &bob}}}
	d.does(me, engine.Submit)
	d.asks(bob)
	d.refused(ann, engine.Agree, "approval_not_waiting")
	if item := d.state.Open(bob); *item.For != ann || !d.state.Takes(ann) {
		t.Errorf("bob decides for %v", item.For)
	}
	mine := newDesk(t, strict, node("a", engine.One))
	mine.facts["a"] = engine.NodeFact{People: []engine.Candidate{{Person: ann, Delegate: &me}}}
	mine.does(me, engine.Submit)
	mine.asks(ann) // the submitter is nobody's delegate about their own
}

func TestNobodyHandsTheirOwnBackToThemselves(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.All))
	d.found("a", ann, bob)
	d.does(me, engine.Submit)
	for to, want := range map[kernel.ID]string{me: "approver_is_submitter", ann: "transfer_to_yourself", bob: "person_asked_already"} {
		if code := d.try(engine.Action{Verb: engine.Transfer, By: ann, To: []kernel.ID{to}}); code != want {
			t.Errorf("%q, want %q", code, want)
		}
	}
	of := ann
	if code := d.try(engine.Action{Verb: engine.Transfer, By: dan, Of: &of, To: []kernel.ID{cat}}); code != "approval_not_yours" {
		t.Errorf("%q", code)
	}
}

func TestAnEndIsAnEnd(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One))
	d.found("a", ann)
	d.does(me, engine.Submit)
	d.refused(me, engine.Cancel, "approval_not_passed")
	d.does(me, engine.Nudge)
	d.refused(me, engine.Nudge, "nudged_already")
	d.does(ann, engine.Agree)
	for _, verb := range []engine.Verb{engine.Withdraw, engine.Submit, engine.Nudge} {
		if code := d.try(engine.Action{Verb: verb, By: me}); code == "" {
			t.Errorf("%s after the end", verb)
		}
	}
	d.does(me, engine.Cancel)
	d.is(engine.Cancelled)
	d.refused(me, engine.Cancel, "approval_not_passed")
}

func TestAStateOfNewerRulesIsLeftAlone(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One))
	d.state.V = engine.Version + 1
	if code := d.try(engine.Action{Verb: engine.Submit, By: me}); code != "approval_newer" {
		t.Errorf("%q", code)
	}
}

func TestAFieldShowsByTheBestPartThatOneTakes(t *testing.T) {
	first, second := node("a", engine.One), node("b", engine.One)
	first.Hide = []string{"reason", "files"}
	second.Hide = []string{"files"}
	d := newDesk(t, strict, first, second)
	d.found("a", ann)
	d.found("b", bob, ann)
	d.does(me, engine.Submit)
	d.does(ann, engine.Agree)
	for person, want := range map[kernel.ID]int{me: 0, ann: 2, bob: 1, dan: 2} {
		if hidden := engine.Hidden(d.flow, d.state, person, false); len(hidden) != want {
			t.Errorf("%s does not see %v", person, hidden)
		}
	}
	if hidden := engine.Hidden(d.flow, d.state, dan, true); len(hidden) != 0 {
		t.Errorf("who may read all does not see %v", hidden)
	}
}

func TestARuleRemindsOnce(t *testing.T) {
	d := newDesk(t, strict, node("a", engine.One))
	d.found("a", ann)
	due := d.now.Add(5 * time.Minute)
	d.facts["a"] = engine.NodeFact{People: d.facts["a"].People, Due: &due}
	d.does(me, engine.Submit)
	reminds := engine.Action{Verb: engine.RemindHold, Item: 1}
	if code := d.try(reminds); code != "nothing_due" {
		t.Errorf("before the time: %q", code)
	}
	d.now = due
	if code := d.try(reminds); code != "" || len(d.last) != 1 || d.last[0].Person != ann {
		t.Errorf("once it has run out: %q, %v", code, d.last)
	}
	if code := d.try(reminds); code != "nothing_due" {
		t.Errorf("once more: %q", code)
	}
}
