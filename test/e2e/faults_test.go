//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
)

// TestFaultsHeal kills one thing after the other below a company that has people,
// and finds the people again each time.
func TestFaultsHeal(t *testing.T) {
	c := fresh(t, "faults", "长青制造有限公司")
	onboard(t, c)
	admin := c.activate(t)
	for _, name := range []string{"李秋实", "欧阳思远"} {
		if err := admin.addPerson(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	// While somebody goes on writing: what was acknowledged is there, once.
	acknowledged := map[string]bool{}
	for n, harm := range []fault{
		{"PostgreSQL killed", system("postgres", kill)},
		{"app killed", office(kill)},
		{"PostgreSQL and app killed together", both},
	} {
		r := runRound(t, c, admin, harm, n, acknowledged)
		t.Logf("%s: healed after %.1f s, %d people added, %d lost, %d twice", r.Fault, r.Healed, r.Added, r.Lost, r.Twice)
		if r.Added == 0 {
			t.Errorf("%s: nobody was added meanwhile, so nothing can be said", r.Fault)
		}
		if r.Lost > 0 || r.Twice > 0 {
			t.Errorf("%s: %d acknowledged people are lost and %d are there twice", r.Fault, r.Lost, r.Twice)
		}
	}
	before, err := admin.people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("operator in the middle of an onboarding", func(t *testing.T) {
		pod, identity := mustLeader(t)
		next := fresh(t, "midway", "半途科技有限公司")
		apply(t, next.manifest())
		t.Cleanup(func() { next.erase(t) })
		if err := kill(pod); err != nil {
			t.Fatal(err)
		}
		eventually(t, healLimit, "another operator to lead", func(ctx context.Context) error {
			_, now, err := leader(ctx)
			if err == nil && now == identity {
				err = fmt.Errorf("%s still holds the Lease", identity)
			}
			return err
		})
		next.awaitReady(t, onboardingLimit)
		c.works(t, admin, before)
	})
}

// works waits until the company answers through the gateway with the people that
// it had, to somebody who has stayed signed in.
func (c company) works(t testing.TB, admin *visitor, want map[string]int) {
	t.Helper()
	took := eventually(t, healLimit, "the people of "+c.name+" to be there again", func(ctx context.Context) error {
		now, err := admin.people(ctx)
		if err == nil && !maps.Equal(now, want) {
			err = fmt.Errorf("people are %v, want %v", now, want)
		}
		return err
	})
	t.Logf("%s answers with its people after %s", c.name, took.Round(100_000_000))
	eventually(t, healLimit, "Tenant "+c.name+" to be Ready and Healthy", func(ctx context.Context) error {
		tenant, err := c.tenant(ctx)
		if err != nil {
			return err
		}
		for _, condition := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionHealthy} {
			if err := isTrue(tenant, condition); err != nil {
				return err
			}
		}
		return nil
	})
	if a := visitorAt(admin.origin).get(t, "/login"); a.status != http.StatusOK {
		t.Errorf("the sign-in page of %s answers %d", c.name, a.status)
	}
}
