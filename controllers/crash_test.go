package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/test/rig"
)

// Each act of an onboarding fails once, before and after it took effect: the tenant
// becomes ready all the same, with nothing twice and nothing missing.
func TestEveryActMayFail(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("undisturbed"))
	want := r.Inventory(r.Healthy("undisturbed"))
	tallies := map[string]*rig.Tally{"api": r.API, "sql": r.SQL, "s3": r.S3}
	for kind, acts := range map[string]int{"api": onboardingWrites, "sql": onboardingStatements + 8, "s3": onboardingCalls} {
		for _, verdict := range []rig.Verdict{rig.FailedBefore, rig.FailedAfter} {
			if kind == "sql" && verdict == rig.FailedAfter {
				continue // a statement whose answer is lost is rolled back with its transaction
			}
			for n := 1; n <= acts; n++ {
				name := fmt.Sprintf("%s-%d-%d", kind, verdict, n)
				spoiled := spoil(tallies[kind], name, n, verdict)
				r.Create(rig.Company(name))
				got := r.Inventory(r.Ready(name))
				tallies[kind].Spoil(nil)
				if *spoiled == "" {
					t.Errorf("%s: act %d never came", name, n)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: after %q failed there is\n%v\nwant\n%v", name, *spoiled, got, want)
				}
			}
		}
	}
}

// spoil lets the n-th act for a tenant fail once. Acts on servers name no tenant:
// there each counts but those that measure.
func spoil(c *rig.Tally, name string, n int, verdict rig.Verdict) *string {
	var spoiled string
	seen := 0
	c.Spoil(func(act string, _ int) rig.Verdict {
		measures := strings.HasPrefix(act, "HEAD ") || strings.Contains(act, "split_part") || strings.Contains(act, "/* sweep */") || strings.HasPrefix(act, "UPDATE atrium.installations")
		if strings.HasPrefix(act, "PATCH ") && !strings.Contains(act, name) || measures || spoiled != "" {
			return rig.Fine
		}
		if seen++; seen < n {
			return rig.Fine
		}
		spoiled = act
		return verdict
	})
	return &spoiled
}
