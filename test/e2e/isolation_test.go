//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
)

// TestCompaniesAreApart holds three companies against each other and against the
// platform, where only a real cluster can tell: packets between pods, what pods
// carry, ServiceAccounts, and sessions through the gateway. What PostgreSQL, the
// store and the API server refuse by themselves is tried in test/isolation.
func TestCompaniesAreApart(t *testing.T) {
	acme, globex, initech := fresh(t, "acme", "云杉科技有限公司"), fresh(t, "globex", "环球贸易有限公司"), fresh(t, "initech", "启明软件有限公司")
	onboard(t, acme, globex, initech)
	t.Run("packets", func(t *testing.T) { packetsStayInside(t, acme, globex, initech) })
	t.Run("tokens", func(t *testing.T) { podsCarryNoToken(t, acme, globex, initech) })
	t.Run("session", func(t *testing.T) { sessionStaysHome(t, acme, globex) })
}

// podsCarryNoToken looks at pods as they run, after admission, and asks the API
// server what their ServiceAccounts may do.
func podsCarryNoToken(t *testing.T, companies ...company) {
	for _, c := range companies {
		running, err := pods(t.Context(), c.namespace(), v1alpha1.LabelComponent)
		if err != nil {
			t.Fatal(err)
		}
		if len(running) == 0 {
			t.Errorf("no pod of %s runs", c.name)
		}
		for _, p := range running {
			for _, v := range p.Spec.Volumes {
				if v.Projected == nil {
					continue
				}
				for _, source := range v.Projected.Sources {
					if source.ServiceAccountToken != nil {
						t.Errorf("pod %s of %s carries a token of ServiceAccount %s", p.Name, c.name, p.Spec.ServiceAccountName)
					}
				}
			}
		}
	}
	var questions []string
	for _, c := range companies {
		for _, account := range []string{v1alpha1.OfficeName, "default"} {
			for _, namespace := range []string{c.namespace(), companies[0].namespace(), systemNamespace, "kube-system"} {
				for _, what := range []string{
					"verb: get, resource: secrets", "verb: create, resource: pods", "verb: get, resource: pods",
					"verb: patch, group: atrium.dev, resource: tenants", "verb: create, resource: pods, subresource: exec",
				} {
					questions = append(questions, fmt.Sprintf("{apiVersion: authorization.k8s.io/v1, kind: SubjectAccessReview, spec: {user: 'system:serviceaccount:%s:%s', "+
						"groups: ['system:authenticated', 'system:serviceaccounts', 'system:serviceaccounts:%s'], resourceAttributes: {namespace: %s, %s}}}",
						c.namespace(), account, c.namespace(), namespace, what))
				}
			}
		}
	}
	out, err := run(t.Context(), strings.Join(questions, "\n---\n"), "create", "-f", "-", "-o", `jsonpath={.status.allowed} {.spec}{"\n"}`)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "true") {
			t.Errorf("a company's ServiceAccount may %s", line)
		}
	}
	if n := strings.Count(out, "\n"); n != len(questions) {
		t.Errorf("%d answers to %d questions: %s", n, len(questions), out)
	}
	t.Logf("%-12s %5d cells", "accounts", len(questions))
}

// sessionStaysHome carries the session of one company's administrator to the other.
func sessionStaysHome(t *testing.T, home, other company) {
	admin, stranger := home.activate(t), other.activate(t)
	const me = "/api/v1/me"
	if a := admin.get(t, me); a.status != http.StatusOK {
		t.Fatalf("the administrator's own session answers %d: %s", a.status, a.body)
	}
	if a := visitorAt(stranger.origin).get(t, me); a.status != http.StatusUnauthorized {
		t.Errorf("without a session %s answers %d, want 401", me, a.status)
	}
	carried := visitorAt(stranger.origin)
	carried.cookies = admin.cookies
	if a := carried.get(t, me); a.status != http.StatusUnauthorized {
		t.Errorf("a session of %s at %s answers %d, want 401: %s", home.name, other.name, a.status, a.body)
	}
	if a := stranger.get(t, me); a.status != http.StatusOK {
		t.Errorf("the other company's own session answers %d: %s", a.status, a.body)
	}
}
