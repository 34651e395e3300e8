package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// Each act of an onboarding fails once, before and after it took effect: the tenant
// becomes ready all the same, with nothing twice and nothing missing.
func TestEveryActMayFail(t *testing.T) {
	r := newRig(t)
	r.operate()
	r.create(company("undisturbed"))
	want := r.inventory(r.healthy("undisturbed"))
	tallies := map[string]*tally{"api": r.api, "sql": r.sql, "s3": r.s3}
	for kind, acts := range map[string]int{"api": onboardingWrites, "sql": onboardingStatements + 6, "s3": onboardingCalls} {
		for _, verdict := range []spoiling{failedBefore, failedAfter} {
			if kind == "sql" && verdict == failedAfter {
				continue // a statement whose answer is lost is rolled back with its transaction
			}
			for n := 1; n <= acts; n++ {
				name := fmt.Sprintf("%s-%d-%d", kind, verdict, n)
				spoiled := spoil(tallies[kind], name, n, verdict)
				r.create(company(name))
				got := r.inventory(r.ready(name))
				tallies[kind].spoiler(nil)
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
func spoil(c *tally, name string, n int, verdict spoiling) *string {
	var spoiled string
	seen := 0
	c.spoiler(func(act string, _ int) spoiling {
		measures := strings.HasPrefix(act, "HEAD ") || strings.Contains(act, "split_part") || strings.HasPrefix(act, "UPDATE atrium.installations")
		if strings.HasPrefix(act, "PATCH ") && !strings.Contains(act, name) || measures || spoiled != "" {
			return fine
		}
		if seen++; seen < n {
			return fine
		}
		spoiled = act
		return verdict
	})
	return &spoiled
}

// inventory is all that exists for a tenant, with its name and id taken out.
func (r *rig) inventory(t *v1alpha1.Tenant) []string {
	r.t.Helper()
	all := r.left(t.Status.ID)
	for _, list := range children() {
		check(r.t, r.client.List(r.t.Context(), list, client.MatchingLabels{v1alpha1.LabelTenantID: t.Status.ID}))
		all = append(all, namesOf(r.t, list)...)
	}
	r.asSuperuser(func(conn *pgx.Conn) {
		var rows int
		check(r.t, conn.QueryRow(r.t.Context(), `SELECT count(*) FROM atrium.tenants WHERE name = $1`, t.Name).Scan(&rows))
		all = append(all, fmt.Sprintf("registry rows %d", rows))
	})
	for i := range all {
		all[i] = strings.NewReplacer(t.Name, "<name>", t.Status.ID, "<id>").Replace(all[i])
	}
	slices.Sort(all)
	return all
}
