//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

const (
	// onboardingLimit is generous: what is measured is measured in scale mode.
	onboardingLimit = 2 * time.Minute
	deletionLimit   = 2 * time.Minute
	// mark labels what these tests made, so that a run can clear away what an
	// interrupted one has left.
	mark = "atrium.dev/e2e"
)

// company is a Tenant that a test has made.
type company struct {
	name        string // of the Tenant; also its subdomain
	displayName string
	plan        string
	release     string
	adopt       string
	restoreFrom string // name of a TenantBackup; empty: it begins empty
}

// manifest is what somebody would apply with kubectl.
func (c company) manifest() string {
	from := ""
	if c.restoreFrom != "" {
		from = fmt.Sprintf("  restoreFrom: {backup: %s}\n", c.restoreFrom)
	}
	return fmt.Sprintf(`apiVersion: atrium.dev/v1alpha1
kind: Tenant
metadata:
  name: %s
  labels: {%s: "true"}
spec:
  displayName: %s
  plan: %s
  release: %q
  adopt: %q
  adminContact: {name: 王芳, phone: "13800000001", mail: it@%s.example}
`, c.name, mark, c.displayName, c.plan, c.release, c.adopt, c.name) + from
}

func (c company) namespace() string { return v1alpha1.NamespacePrefix + c.name }

// fresh names a company that no earlier run can have left data of, on the plan and
// the release of the demo's first company.
func fresh(t testing.TB, stem, displayName string) company {
	t.Helper()
	acme := demoTenant(t, "acme")
	return company{
		name: stem + "-" + strings.ToLower(rand.Text()[:6]), displayName: displayName,
		plan: acme.Spec.Plan, release: acme.Spec.Release,
	}
}

// demoTenant is one of the two companies of config/samples.
func demoTenant(t testing.TB, name string) v1alpha1.Tenant {
	t.Helper()
	tenant, err := object[v1alpha1.Tenant](t.Context(), "tenant", name)
	if err != nil {
		t.Fatalf("%v; these tests need the demo's companies: make demo", err)
	}
	return tenant
}

// onboard makes companies at the same time, waits until people can work in each and
// removes them after the test.
func onboard(t testing.TB, companies ...company) {
	t.Helper()
	began := time.Now()
	for _, c := range companies {
		apply(t, c.manifest())
		t.Cleanup(func() { c.erase(t) })
	}
	for _, c := range companies {
		c.awaitReady(t, onboardingLimit)
		t.Logf("%s was Ready %.1f s after it was applied", c.name, time.Since(began).Seconds())
	}
}

func (c company) tenant(ctx context.Context) (v1alpha1.Tenant, error) {
	return object[v1alpha1.Tenant](ctx, "tenant", c.name)
}

func (c company) awaitReady(t testing.TB, limit time.Duration) v1alpha1.Tenant {
	t.Helper()
	var tenant v1alpha1.Tenant
	eventually(t, limit, "Tenant "+c.name+" to be Ready", func(ctx context.Context) (err error) {
		if tenant, err = c.tenant(ctx); err != nil {
			return err
		}
		return isTrue(tenant, v1alpha1.ConditionReady)
	})
	return tenant
}

// isTrue says why a condition of a tenant is not true, or not of this generation.
func isTrue(tenant v1alpha1.Tenant, condition string) error {
	c := meta.FindStatusCondition(tenant.Status.Conditions, condition)
	switch {
	case c == nil:
		return fmt.Errorf("Tenant %s has no condition %s", tenant.Name, condition)
	case c.Status != metav1.ConditionTrue:
		return fmt.Errorf("Tenant %s: %s is %s, %s: %s", tenant.Name, condition, c.Status, c.Reason, c.Message)
	case tenant.Status.ObservedGeneration != tenant.Generation:
		return fmt.Errorf("Tenant %s: the operator has seen generation %d of %d", tenant.Name, tenant.Status.ObservedGeneration, tenant.Generation)
	}
	return nil
}

// erase asks for the removal of the company with its data. TestMain waits for the
// end of all of them.
func (c company) erase(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := erase(ctx, c.name); err != nil {
		t.Errorf("remove company %s: %v", c.name, err)
	}
}

func erase(ctx context.Context, name string) error {
	_, err := run(ctx, "", "patch", "tenant", name, "--type=merge", "-p",
		fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}},"spec":{"deletionPolicy":"Delete"}}`, v1alpha1.AnnotationConfirmDeletion, name))
	if err != nil && strings.Contains(err.Error(), "NotFound") {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = run(ctx, "", "delete", "tenant", name, "--wait=false", "--ignore-not-found")
	return err
}

// remove confirms the deletion of a Tenant, deletes it as it is and waits until it
// and its namespace are gone.
func remove(ctx context.Context, name string) error {
	_, err := run(ctx, "", "annotate", "tenant", name, "--overwrite", v1alpha1.AnnotationConfirmDeletion+"="+name)
	if err != nil && !strings.Contains(err.Error(), "NotFound") {
		return err
	}
	if _, err := run(ctx, "", "delete", "tenant", name, "--wait=false", "--ignore-not-found"); err != nil {
		return err
	}
	_, err = await(ctx, deletionLimit, "Tenant "+name+" and its namespace to be gone", func(ctx context.Context) error {
		out, err := run(ctx, "", "get", "tenant/"+name, "namespace/"+v1alpha1.NamespacePrefix+name, "--ignore-not-found", "-o", "name")
		if err == nil && strings.TrimSpace(out) != "" {
			err = errors.New("still there: " + strings.Join(strings.Fields(out), ", "))
		}
		return err
	})
	return err
}

// firstLink is the one-time link for the company's first administrator, read as an
// administrator of the platform would read it.
func (c company) firstLink(t testing.TB) string {
	t.Helper()
	secret, err := object[corev1.Secret](t.Context(), "secret", v1alpha1.SecretFirstAdmin, "-n", c.namespace())
	if err != nil {
		t.Fatal(err)
	}
	token, url := string(secret.Data[v1alpha1.FirstAdminToken]), string(secret.Data[v1alpha1.FirstAdminURL])
	if raw, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(raw) != 32 {
		t.Fatalf("the token in Secret %s/%s is not 32 random bytes in base64url", c.namespace(), v1alpha1.SecretFirstAdmin)
	}
	if !strings.HasSuffix(url, token) {
		t.Fatalf("the link in Secret %s/%s does not end with its token", c.namespace(), v1alpha1.SecretFirstAdmin)
	}
	return url
}
