package alerts

import (
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/gateway"
	"atrium.dev/atrium/internal/gateway/routes"
	"atrium.dev/atrium/test/rig"
)

// TestWhatAlertsRestOn starts an operator and a gateway with one company and finds
// every metric that a rule names, with the labels that the rule asks for. The same
// company serves for the commands of the runbooks.
func TestWhatAlertsRestOn(t *testing.T) {
	r := rig.New(t)
	capacity := rig.Quantity("1Ti")
	rig.Edit(r, "postgres", &v1alpha1.DatabaseServer{}, func(d *v1alpha1.DatabaseServer) { d.Spec.Capacity.Bytes = &capacity })
	operator := prometheus.NewRegistry()
	backups := finished(r)
	r.Operate(func(w *rig.Wiring) { w.Options.Metrics, w.Options.LeaderElect = operator, true })
	policy := &v1alpha1.BackupPolicy{Window: v1alpha1.BackupWindow{Start: "01:00", Hours: 1}, Retention: v1alpha1.BackupRetention{Daily: 9}, DrillDays: 30}
	r.Create(rig.Company("acme", func(c *v1alpha1.Tenant) { c.Spec.Backup = policy }))
	id := r.Healthy("acme").Status.ID
	for _, b := range backups {
		b.Status.TenantID = id
		rig.Check(t, r.Client.Status().Update(t.Context(), b))
	}

	t.Run("commands of runbooks", func(t *testing.T) { runbookCommandsExist(t, r) })

	sources := prometheus.Gatherers{operator, metrics.Registry, gatewayMetrics(t, r.Healthy("acme"))}
	var missing map[string]bool
	r.Eventually("all metrics are exported", func() bool {
		missing = map[string]bool{}
		exported := gather(t, sources)
		for _, rule := range rules(t) {
			for name, labels := range named(t, rule.Expr) {
				has, ok := exported[name]
				if !ok {
					missing[name] = true
				}
				for _, label := range labels {
					if ok && !slices.Contains(has, label) {
						missing[name+"{"+label+"}"] = true
					}
				}
			}
		}
		return len(missing) == 0
	}, func() string {
		return "nothing exports " + strings.Join(slices.Sorted(maps.Keys(missing)), ", ") + ", which rules name"
	})
}

// finished are two complete backups, made before an operator could begin them.
func finished(r *rig.Rig) (backups []*v1alpha1.TenantBackup) {
	now := metav1.NewTime(r.Now.Now().Add(-24 * time.Hour)).Rfc3339Copy() // too old for a drill
	for _, name := range []string{"one", "two"} {
		b := &v1alpha1.TenantBackup{ObjectMeta: rig.Named(name), Spec: v1alpha1.TenantBackupSpec{Tenant: "acme"}}
		r.Create(b)
		b.Status = v1alpha1.TenantBackupStatus{
			Conditions: []metav1.Condition{{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDone, LastTransitionTime: now}},
			Started:    &now, Moment: &now, Finished: &now, Contents: &v1alpha1.BackupContents{Release: "0.1.0"},
		}
		rig.Check(r.T, r.Client.Status().Update(r.T.Context(), b))
		backups = append(backups, b)
	}
	return backups
}

// gatewayMetrics are those of a gateway that leads to a company.
func gatewayMetrics(t *testing.T, company *v1alpha1.Tenant) prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	g := gateway.New(gateway.Config{Listen: "127.0.0.1:0", Now: time.Now}, registry, slog.New(slog.DiscardHandler))
	g.SetRoutes(routes.Build([]*v1alpha1.Tenant{company}, nil, routes.Service))
	return registry
}

// ofPrometheus are the series that Prometheus makes itself, and the labels that the
// scrape puts on all others.
var (
	ofPrometheus = map[string]bool{"up": true}
	ofTheScrape  = []string{"component", "pod", "instance", "job", "namespace"}
)

// gather lists metrics with their labels.
func gather(t *testing.T, sources prometheus.Gatherer) map[string][]string {
	t.Helper()
	families, err := sources.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, family := range families {
		for _, label := range family.GetMetric()[0].GetLabel() {
			found[family.GetName()] = append(found[family.GetName()], label.GetName())
		}
		found[family.GetName()] = append(found[family.GetName()], ofTheScrape...)
	}
	return found
}

var (
	literals  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	clauses   = regexp.MustCompile(`\b(?:by|on|without|ignoring)\s*\([^)]*\)`)
	selectors = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{([^}]*)\})?`)
	durations = regexp.MustCompile(`\[[^\]]*\]`)
	operators = []string{"and", "or", "unless"}
)

// named finds the metrics of an expression and the labels by which it selects them:
// identifiers that are no function, operator, label or number.
func named(t *testing.T, expression string) map[string][]string {
	t.Helper()
	bare := durations.ReplaceAllString(clauses.ReplaceAllString(literals.ReplaceAllString(expression, `""`), ""), "")
	found := map[string][]string{}
	for _, at := range selectors.FindAllStringSubmatchIndex(bare, -1) {
		name := bare[at[2]:at[3]]
		if slices.Contains(operators, name) || ofPrometheus[name] || strings.HasPrefix(strings.TrimSpace(bare[at[3]:]), "(") {
			continue
		}
		labels := []string{}
		if at[4] >= 0 {
			for _, matcher := range strings.Split(bare[at[4]:at[5]], ",") {
				labels = append(labels, regexp.MustCompile(`^\s*\w+`).FindString(matcher))
			}
		}
		for i := range labels {
			labels[i] = strings.TrimSpace(labels[i])
		}
		found[name] = append(found[name], labels...)
	}
	return found
}

func TestNamed(t *testing.T) {
	expression := `max by (kind) (last_over_time(used_bytes{kind=~"a|b", server="x"}[30m])) / capacity > 0.8 * 86400
		and on () sum(increase(requests_total{code="5xx"}[5m])) > 20 or absent(up{component="office"}) unless on (tenant) ready`
	got := named(t, expression)
	want := map[string][]string{"used_bytes": {"kind", "server"}, "capacity": {}, "requests_total": {"code"}, "ready": {}}
	if !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("named: %v, want %v", got, want)
	}
}

// TestComponentsAreThoseOfTheScrape: a rule that asks for a component which no
// scrape labels would be blind.
func TestComponentsAreThoseOfTheScrape(t *testing.T) {
	scrape := read(t, path(t, "charts", "atrium", "files", "demo", "prometheus", "prometheus.yml"))
	for _, component := range []string{"operator", "gateway", v1alpha1.OfficeName} {
		if !regexp.MustCompile(`in \([^)]*\b` + component + `\b`).MatchString(scrape) {
			t.Errorf("the demo's Prometheus does not scrape component %s", component)
		}
	}
	asked := regexp.MustCompile(`component=~?"([^"]*)"`)
	for _, r := range rules(t) {
		for _, match := range asked.FindAllStringSubmatch(strings.ReplaceAll(r.Expr, `\"`, `"`), -1) {
			for component := range strings.SplitSeq(match[1], "|") {
				if !slices.Contains([]string{"operator", "gateway", "office"}, strings.Trim(component, `\`)) {
					t.Errorf("%s asks for component %q", r.Alert, component)
				}
			}
		}
	}
}
