//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
)

// TestRetainedCompanyComesBack deletes a Tenant as it is, which keeps its data, and
// follows what kubectl says in order to get the company back with its people.
func TestRetainedCompanyComesBack(t *testing.T) {
	c := fresh(t, "retained", "留存咨询有限公司")
	onboard(t, c)
	admin := c.activate(t)
	if err := admin.addPerson(t.Context(), "陆归来"); err != nil {
		t.Fatal(err)
	}
	want, err := admin.people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := c.awaitReady(t, onboardingLimit).Status.ID
	if err := remove(t.Context(), c.name); err != nil {
		t.Fatal(err)
	}
	if left := kubectl(t, "get", "namespaces", "-l", v1alpha1.LabelTenantID+"="+id, "-o", "name"); left != "" {
		t.Fatalf("the deleted tenant left %s", left)
	}

	// Applied again it must not open the former company's data by itself.
	apply(t, c.manifest())
	eventually(t, onboardingLimit, "Tenant "+c.name+" to ask about the former data", func(ctx context.Context) error {
		tenant, err := c.tenant(ctx)
		if err != nil {
			return err
		}
		ready := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != v1alpha1.ReasonAdoptionRequired {
			return fmt.Errorf("condition Ready is %+v, want reason %s", ready, v1alpha1.ReasonAdoptionRequired)
		}
		if !strings.Contains(ready.Message, id) || !strings.Contains(ready.Message, "adopt") {
			return fmt.Errorf("the message does not say what to do: %s", ready.Message)
		}
		return nil
	})
	c.adopt = id
	apply(t, c.manifest())
	if back := c.awaitReady(t, onboardingLimit); back.Status.ID != id {
		t.Fatalf("the company came back with id %s, want %s", back.Status.ID, id)
	}
	again := c.signIn(t)
	now, err := again.people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(now, want) {
		t.Errorf("people after the adoption %v, want %v", now, want)
	}
}
