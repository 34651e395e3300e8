package controllers_test

import (
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"atrium.dev/atrium/api/v1alpha1"
)

// metric sums a metric of controller-runtime over the tenant controller's labels.
func (r *rig) metric(name, label string) (sum float64) {
	r.t.Helper()
	families, err := metrics.Registry.Gather()
	check(r.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.Metric {
			if labelled(m, label, "tenant") {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func labelled(m *dto.Metric, name, value string) bool {
	for _, l := range m.Label {
		if l.GetName() == name && l.GetValue() == value {
			return true
		}
	}
	return false
}

// poke makes the tenant controller look at a Tenant without changing its spec, and
// waits until it has and rests again.
func (r *rig) poke(name string) {
	r.t.Helper()
	before := r.metric("controller_runtime_reconcile_total", "controller")
	r.change(name, func(t *v1alpha1.Tenant) {
		if t.Annotations == nil {
			t.Annotations = map[string]string{}
		}
		t.Annotations["example.com/poke"] = time.Now().String()
	})
	r.rests(before)
}

// calm is how many looks in a row must see no pass begin. The queue's own depth
// cannot be asked: it counts what is due minutes later.
const calm = 15

// rests waits until more than a number of passes have ended and no more follow.
func (r *rig) rests(before float64) {
	r.t.Helper()
	last, same := before, 0
	r.eventually("the tenant controller rests", func() bool {
		now := r.metric("controller_runtime_reconcile_total", "controller")
		if now != last || r.metric("controller_runtime_active_workers", "controller") > 0 {
			last, same = now, 0
			return false
		}
		same++
		return now > before && same >= calm
	}, func() string { return fmt.Sprintf("%v passes, %v before", last, before) })
}
