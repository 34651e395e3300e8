// Package alerts tests the alert rules in config/alerts: with the real promtool that
// they fire and are silent, with a running operator and gateway that what they rest
// on is exported, and that each has a runbook whose commands exist.
package alerts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// rule is one alert of the file.
type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// path of a file of the repository.
func path(t testing.TB, parts ...string) string {
	t.Helper()
	root, err := env.Repository()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

func read(t testing.TB, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func rules(t testing.TB) []rule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(read(t, path(t, "config", "alerts", "atrium.yaml"))), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 20 {
		t.Fatalf("%d alerts, want all of them", len(all))
	}
	return all
}

var promtool = sync.OnceValues(func() (string, error) {
	parts, err := env.Parts("promtool")
	return filepath.Join(parts["promtool"], "usr", "bin", "promtool"), err
})

func runPromtool(t *testing.T, args ...string) string {
	t.Helper()
	program, err := promtool()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %s", strings.Join(args, " "), out)
	}
	return string(out)
}

// TestRules lets the rules run over the series in atrium_test.yaml.
func TestRules(t *testing.T) {
	runPromtool(t, "check", "rules", "--lint-fatal", path(t, "config", "alerts", "atrium.yaml"))
	runPromtool(t, "test", "rules", path(t, "config", "alerts", "atrium_test.yaml"))
	runPromtool(t, "check", "config", "--syntax-only", path(t, "charts", "atrium", "files", "demo", "prometheus", "prometheus.yml"))
}

// TestEveryAlertFiresAndIsSilent: a rule that nobody saw fire is a hope, and one
// that nobody saw silent wakes people for nothing.
func TestEveryAlertFiresAndIsSilent(t *testing.T) {
	var file struct {
		Tests []struct {
			Cases []struct {
				Alert    string           `json:"alertname"`
				Expected []map[string]any `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal([]byte(read(t, path(t, "config", "alerts", "atrium_test.yaml"))), &file); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, c := range test.Cases {
			if len(c.Expected) > 0 {
				fires[c.Alert] = true
			} else {
				silent[c.Alert] = true
			}
		}
	}
	for _, r := range rules(t) {
		if !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s: a case that fires: %v, a case that is silent: %v; want both in atrium_test.yaml", r.Alert, fires[r.Alert], silent[r.Alert])
		}
	}
}

// TestEveryAlertExplainsItself holds what somebody sees who is woken by it.
func TestEveryAlertExplainsItself(t *testing.T) {
	label := regexp.MustCompile(`\$labels\.(\w+)`)
	for _, r := range rules(t) {
		if severity := r.Labels["severity"]; !slices.Contains([]string{"page", "ticket"}, severity) {
			t.Errorf("%s has severity %q, want page or ticket", r.Alert, severity)
		}
		if want := "docs/runbooks/" + kebab(r.Alert) + ".md"; r.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %q, want %s", r.Alert, r.Annotations["runbook_url"], want)
		}
		if r.For == "" {
			t.Errorf("%s fires at the first look: one lost measurement is no fault", r.Alert)
		}
		summary, description := r.Annotations["summary"], r.Annotations["description"]
		if summary == "" || len(description) < 60 {
			t.Errorf("%s says too little: %q, %q", r.Alert, summary, description)
		}
		// The object's name, in the words of kubectl.
		if !label.MatchString(description) && !strings.Contains(description, "Deployment ") {
			t.Errorf("%s does not name what it is about: %s", r.Alert, description)
		}
	}
}

// kebab turns AtriumOperatorDown into atrium-operator-down.
func kebab(alert string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(alert, "$1-$2"))
}
