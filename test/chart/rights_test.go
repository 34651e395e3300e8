package chart

import (
	"slices"
	"testing"
)

// strings of a list in a rule.
func words(rule any, key string) []string {
	var found []string
	for _, value := range list(rule, key) {
		if s, ok := value.(string); ok {
			found = append(found, s)
		}
	}
	return found
}

func TestNoWildcardRights(t *testing.T) {
	roles := ofKind(render(t, demoValues(t)...), "Role", "ClusterRole")
	if len(roles) < 4 {
		t.Fatalf("%d roles: those of operator, tenant manager and gateway are missing", len(roles))
	}
	for _, role := range roles {
		for _, rule := range list(role, "rules") {
			for _, key := range []string{"apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"} {
				if slices.Contains(words(rule, key), "*") {
					t.Errorf("%s: %s holds *: name what is needed", title(role), key)
				}
			}
		}
	}
}

// TestClusterWideRights holds the line that keeps one company's secrets from
// whoever takes the operator: nothing that is bound to the whole cluster reads
// Secrets or hands out rights, but for the one fixed role.
func TestClusterWideRights(t *testing.T) {
	objects := render(t, demoValues(t)...)
	bound := map[string]bool{}
	for _, binding := range ofKind(objects, "ClusterRoleBinding") {
		bound[text(binding, "roleRef", "name")] = true
	}
	if bound["atrium-tenant-manager"] || !bound["atrium-operator"] || !bound["atrium-gateway"] {
		t.Fatalf("bound to the whole cluster: %v", bound)
	}
	var binds int
	for _, role := range ofKind(objects, "ClusterRole") {
		if !bound[text(role, "metadata", "name")] {
			continue
		}
		for _, rule := range list(role, "rules") {
			resources, verbs := words(rule, "resources"), words(rule, "verbs")
			for _, never := range []string{"secrets", "pods/exec", "pods/attach", "serviceaccounts/token", "nodes/proxy"} {
				if slices.Contains(resources, never) {
					t.Errorf("%s reaches %s in the whole cluster", title(role), never)
				}
			}
			if slices.Contains(verbs, "escalate") || slices.Contains(verbs, "impersonate") {
				t.Errorf("%s may %v", title(role), verbs)
			}
			if slices.Contains(verbs, "bind") {
				binds++
				if names := words(rule, "resourceNames"); !slices.Equal(names, []string{"atrium-tenant-manager"}) {
					t.Errorf("%s may bind %v, want atrium-tenant-manager alone", title(role), names)
				}
			}
		}
	}
	if binds != 1 {
		t.Errorf("%d rules with the verb bind, want 1", binds)
	}
}

// TestGatewayReadsRoutesAlone: the gateway speaks with the internet.
func TestGatewayReadsRoutesAlone(t *testing.T) {
	for _, role := range ofKind(render(t, required...), "ClusterRole", "Role") {
		if text(role, "metadata", "labels", "app.kubernetes.io/component") != "gateway" {
			continue
		}
		for _, rule := range list(role, "rules") {
			if !slices.Equal(words(rule, "apiGroups"), []string{"atrium.dev"}) || !slices.Equal(words(rule, "resources"), []string{"tenants", "plans"}) ||
				!slices.Equal(words(rule, "verbs"), []string{"get", "list", "watch"}) {
				t.Errorf("%s holds %v", title(role), rule)
			}
		}
	}
}
