package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"atrium.dev/atrium/test/rig"
)

// Each act of an onboarding fails once, before and after it took effect: the tenant
// becomes ready all the same, with nothing twice and nothing missing.
func TestEveryActMayFail(t *testing.T) {
	r, acts := rig.New(t), &spoiled{at: map[string]*spoiledAct{}}
	r.Operate(func(w *rig.Wiring) { w.Gate = acts.gate })
	r.Create(rig.Company("undisturbed"))
	want := r.Inventory(r.Healthy("undisturbed"))
	for _, all := range []struct {
		kind    rig.Kind
		verdict rig.Verdict
		acts    int
	}{
		{rig.API, rig.FailedBefore, onboardingWrites},
		{rig.API, rig.FailedAfter, onboardingWrites},
		// A statement whose answer is lost is rolled back with its transaction.
		{rig.SQL, rig.FailedBefore, onboardingStatements + 8},
		{rig.S3, rig.FailedBefore, onboardingCalls},
		{rig.S3, rig.FailedAfter, onboardingCalls},
	} {
		name := func(n int) string {
			return fmt.Sprintf("%s-%d-%d", strings.ToLower(string(all.kind)), all.verdict, n)
		}
		for n := range all.acts {
			acts.spoil(name(n), &spoiledAct{kind: all.kind, verdict: all.verdict, before: n})
			r.Create(rig.Company(name(n)))
		}
		for n := range all.acts {
			got := r.Inventory(r.Healthy(name(n)))
			if act := acts.of(name(n)); act == "" {
				t.Errorf("%s: the act never came", name(n))
			} else if !slices.Equal(got, want) {
				t.Errorf("%s: after %q failed there is\n%v\nwant\n%v", name(n), act, got, want)
			}
		}
	}
}

// spoiledAct is one that fails once.
type spoiledAct struct {
	kind    rig.Kind
	verdict rig.Verdict
	before  int    // how many acts of its kind come before it
	act     string // its name, once it failed
}

// spoiled are acts of many tenants, one for each.
type spoiled struct {
	mu sync.Mutex
	at map[string]*spoiledAct // by tenant
}

func (s *spoiled) spoil(tenant string, act *spoiledAct) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[tenant] = act
}

func (s *spoiled) of(tenant string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[tenant].act
}

// gate judges an act by the tenant in whose pass it is done.
func (s *spoiled) gate(act rig.Act) rig.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.at[act.Object]
	if one == nil || one.act != "" || act.Kind != one.kind || strings.HasPrefix(act.Name, "HEAD ") {
		return rig.Fine
	}
	if one.before--; one.before >= 0 {
		return rig.Fine
	}
	one.act = act.Name
	return one.verdict
}
