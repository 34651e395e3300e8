//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
)

// TestDeletion deletes companies with kubectl as a person would, following what the
// refusals say, while another company answers all the time.
func TestDeletion(t *testing.T) {
	kept, burnt := fresh(t, "kept", "留存咨询有限公司"), fresh(t, "burnt", "清算贸易有限公司")
	onboard(t, kept, burnt)
	asked := askAllAlong(t, demoTenant(t, "globex").Status.URL+"/login")
	t.Run("of", func(t *testing.T) {
		t.Run("a company whose data is kept", func(t *testing.T) {
			t.Parallel()
			keptCompanyComesBack(t, kept)
		})
		t.Run("a company with its data", func(t *testing.T) {
			t.Parallel()
			burntCompanyLeavesNothing(t, burnt)
		})
		t.Run("the definition", func(t *testing.T) {
			t.Parallel()
			// Tried dry: where nothing refused it, it would take everybody away.
			refused(t, "tenants.atrium.dev defines what this platform works on; with it goes every Tenant of all companies.",
				"crd", "tenants.atrium.dev", "--dry-run=server")
		})
	})
	n, failed := asked()
	t.Logf("globex was asked %d times meanwhile, %d failed", n, len(failed))
	if n == 0 || len(failed) > 0 {
		t.Errorf("globex was asked %d times meanwhile, failed: %s", n, strings.Join(failed, "; "))
	}
}

// keptCompanyComesBack deletes a Tenant as it is, which keeps its data, and follows
// what kubectl says in order to get the company back with its people.
func keptCompanyComesBack(t *testing.T, c company) {
	admin := c.activate(t)
	if err := admin.addPerson(t.Context(), "陆归来"); err != nil {
		t.Fatal(err)
	}
	people, err := admin.people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := c.awaitReady(t, onboardingLimit).Status.ID
	all := inventory(t, id)
	confirm(t, refused(t, "Its app stops and its data is kept.", "tenant", c.name))
	if err := remove(t.Context(), c.name); err != nil {
		t.Fatal(err)
	}
	want := []string{"registry row retained"}
	for _, thing := range all {
		kind, _, _ := strings.Cut(thing, " ")
		if slices.Contains([]string{"schema", "role", "bucket", "key", "wrapped"}, kind) {
			want = append(want, thing)
		}
	}
	slices.Sort(want)
	left := inventory(t, id)
	t.Logf("%d things before, afterwards: %s", len(all), strings.Join(left, ", "))
	if !slices.Equal(left, want) {
		t.Fatalf("the deleted tenant left\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
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
	now, err := c.signIn(t).people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(now, people) {
		t.Errorf("people after the adoption %v, want %v", now, people)
	}
}

// burntCompanyLeavesNothing deletes a Tenant whose data is to go with it.
func burntCompanyLeavesNothing(t *testing.T, c company) {
	if err := c.activate(t).addPerson(t.Context(), "陆不归"); err != nil {
		t.Fatal(err)
	}
	id := c.awaitReady(t, onboardingLimit).Status.ID
	want := []string{"registry row dropped"}
	all := inventory(t, id)
	for _, kind := range []string{"bucket", "key", "login", "namespace", "registry row active", "role", "schema", "secret", "wrapped"} {
		i := slices.IndexFunc(all, func(thing string) bool { return strings.HasPrefix(thing, kind+" ") || thing == kind })
		if i < 0 {
			t.Errorf("the company has no %s, so its absence would say nothing: it has\n%s", kind, strings.Join(all, "\n"))
		} else if kind == "wrapped" {
			want = append(want, all[i]) // goes by an order of its own
		}
	}
	kubectl(t, "patch", "tenant", c.name, "--type=merge", "-p", `{"spec":{"deletionPolicy":"Delete"}}`)
	confirm(t, refused(t, "Its deletionPolicy is Delete: ALL ITS DATA WILL BE DESTROYED.", "tenant", c.name))
	if err := remove(t.Context(), c.name); err != nil {
		t.Fatal(err)
	}
	left := inventory(t, id)
	t.Logf("%d things before, afterwards: %s", len(all), strings.Join(left, ", "))
	if !slices.Equal(left, want) {
		t.Errorf("the deleted tenant left\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
}

// refused tries to delete an object that nobody has confirmed. It returns the
// command that confirms, as the refusal has it.
func refused(t *testing.T, why, kind, name string, flags ...string) string {
	t.Helper()
	_, err := run(t.Context(), "", append([]string{"delete", kind, name, "--wait=false"}, flags...)...)
	if err == nil {
		t.Fatalf("kubectl delete %s %s was not refused", kind, name)
	}
	command := regexp.MustCompile(`To confirm: kubectl (.+) and delete it again`).FindStringSubmatch(err.Error())
	want := fmt.Sprintf("annotate %s %s --overwrite %s=%s", kind, name, v1alpha1.AnnotationConfirmDeletion, name)
	if !strings.Contains(err.Error(), why) || command == nil || command[1] != want {
		t.Fatalf("the refusal does not say %q and how to confirm: %v", why, err)
	}
	if at := kubectl(t, "get", kind, name, "-o", "jsonpath={.metadata.deletionTimestamp}"); at != "" {
		t.Fatalf("%s %s is being deleted since %s in spite of the refusal", kind, name, at)
	}
	return command[1]
}

// confirm does as the refusal says.
func confirm(t *testing.T, command string) {
	t.Helper()
	kubectl(t, strings.Fields(command)...)
}
