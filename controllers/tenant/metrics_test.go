package tenant

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// TestClassesAreThoseOfTheReasons holds who is woken to the groups in which the
// reasons stand: a user's mistake wakes nobody, a fault of the platform always does.
func TestClassesAreThoseOfTheReasons(t *testing.T) {
	groups := reasons(t)
	want := map[string]string{
		"author of a spec":          classUser,
		"operator of the platform":  classPlatform,
		"because of nothing wrong.": "",
	}
	for about, needed := range want {
		group, ok := groups[about]
		if !ok || len(group) < 5 {
			t.Fatalf("conditions.go has no group of reasons that speaks of %q: %v", about, slices.Collect(maps.Keys(groups)))
		}
		for _, reason := range group {
			got := class(reason)
			if needed != "" && got != needed {
				t.Errorf("reason %s is of class %s, want %s as its group in conditions.go says", reason, got, needed)
			}
			if needed == "" && got == classUser {
				t.Errorf("reason %s makes a ticket although nothing is wrong", reason)
			}
		}
	}
	if got := class(v1alpha1.ReasonRestoring); got != classProgress {
		t.Errorf("a restore makes its company %s: it would wake somebody", got)
	}
	if got := class("ReasonThatNobodyKnows"); got != classPlatform {
		t.Errorf("a reason that nobody knows is of class %s, want %s", got, classPlatform)
	}
}

// reasons reads the constants Reason… of conditions.go by the end of the comment of
// their group.
func reasons(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string][]string{}
	for _, declared := range file.Decls {
		constants, ok := declared.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, about := range []string{"author of a spec", "operator of the platform", "because of nothing wrong."} {
			if !strings.Contains(constants.Doc.Text(), about) {
				continue
			}
			for _, spec := range constants.Specs {
				literal, ok := spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
				if !ok {
					t.Fatalf("%v in conditions.go is no literal", spec)
				}
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				groups[about] = append(groups[about], value)
			}
		}
	}
	return groups
}

func TestSeriesOfATenant(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	hourAgo, inTwoHours := metav1.NewTime(now.Add(-time.Hour)), metav1.NewTime(now.Add(2*time.Hour))
	condition := func(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason}
	}
	credentials := &v1alpha1.Credentials{DatabaseSince: &hourAgo, BucketUntil: &inTwoHours}
	healthy := condition(v1alpha1.ConditionHealthy, metav1.ConditionTrue, v1alpha1.ReasonAnswering)
	cases := map[string]struct {
		deleted    bool
		conditions []metav1.Condition
		want       map[string]float64
	}{
		"new": {want: map[string]float64{
			"ready{class=progress,reason=Waiting,tenant=acme}": 0, "credentials_age_seconds{kind=database,tenant=acme}": 3600,
			"bucket_credentials_remaining_seconds{tenant=acme}": 7200,
		}},
		"ready": {
			conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady), healthy},
			want: map[string]float64{
				"ready{class=ready,reason=Ready,tenant=acme}": 1, "healthy{tenant=acme}": 1,
				"credentials_age_seconds{kind=database,tenant=acme}": 3600, "bucket_credentials_remaining_seconds{tenant=acme}": 7200,
			},
		},
		"of no use": {
			conditions: []metav1.Condition{
				condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonDatabaseUnreachable),
				condition(v1alpha1.ConditionHealthy, metav1.ConditionFalse, v1alpha1.ReasonUnavailable),
			},
			want: map[string]float64{
				"ready{class=platform,reason=DatabaseUnreachable,tenant=acme}": 0, "healthy{tenant=acme}": 0,
				"credentials_age_seconds{kind=database,tenant=acme}": 3600, "bucket_credentials_remaining_seconds{tenant=acme}": 7200,
			},
		},
		"suspended": {
			conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSuspended), healthy},
			want:       map[string]float64{"ready{class=suspended,reason=Suspended,tenant=acme}": 0},
		},
		"being deleted": {
			deleted:    true,
			conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonDeleting), healthy},
			want:       map[string]float64{"ready{class=progress,reason=Deleting,tenant=acme}": 0},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tenant := &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
			tenant.Status.Conditions, tenant.Status.Credentials = c.conditions, credentials
			if c.deleted {
				tenant.DeletionTimestamp = &hourAgo
			}
			collector := &Collector{now: func() time.Time { return now }}
			out := make(chan prometheus.Metric, 10)
			collector.one(out, tenant)
			close(out)
			if got := series(t, out); !maps.Equal(got, c.want) {
				t.Errorf("series are %v\nwant %v", got, c.want)
			}
		})
	}
}

// series are the values by name, without what all have in common, and labels.
func series(t *testing.T, out <-chan prometheus.Metric) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for metric := range out {
		var written dto.Metric
		if err := metric.Write(&written); err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(metric.Desc().String(), `fqName: "atrium_tenant_`)
		name, _, _ = strings.Cut(name, `"`)
		var labels []string
		for _, label := range written.GetLabel() {
			labels = append(labels, label.GetName()+"="+label.GetValue())
		}
		found[name+"{"+strings.Join(labels, ",")+"}"] = written.GetGauge().GetValue()
	}
	return found
}

func TestWhoMayReadMetrics(t *testing.T) {
	r := &Reconciler{Namespace: "atrium-system"}
	if from := r.metrics().From; len(from) != 1 || from[0].PodSelector == nil {
		t.Fatalf("without monitoring of the cluster's own, metrics may be read by %v", from)
	}
	r.Monitoring = map[string]string{"kubernetes.io/metadata.name": "monitoring"}
	from := r.metrics().From
	if len(from) != 2 || !maps.Equal(from[1].NamespaceSelector.MatchLabels, r.Monitoring) {
		t.Fatalf("metrics may be read by %v, want pods of namespace monitoring among them", from)
	}
}
