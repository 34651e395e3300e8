package rig

import (
	"fmt"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"atrium.dev/atrium/api/v1alpha1"
)

// Until reads a Tenant again until a test holds for it, and returns it.
func (r *Rig) Until(name, what string, holds func(*v1alpha1.Tenant) bool) *v1alpha1.Tenant {
	r.T.Helper()
	var now v1alpha1.Tenant
	r.Eventually(name+" "+what, func() bool {
		now = v1alpha1.Tenant{}
		err := r.Client.Get(r.T.Context(), client.ObjectKey{Name: name}, &now)
		return client.IgnoreNotFound(err) == nil && holds(&now)
	}, func() string { return Describe(&now) })
	return &now
}

// All waits until a test holds for each of many Tenants. Each of them is worked on
// after all that came before it, so the limit grows with their number.
func (r *Rig) All(names []string, what string, holds func(*v1alpha1.Tenant) bool) {
	r.T.Helper()
	limit := Patient + time.Duration(len(names))*Patient/20
	deadline, tick := time.Now().Add(limit), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for left := slices.Clone(names); ; <-tick.C {
		var list v1alpha1.TenantList
		Check(r.T, r.Client.List(r.T.Context(), &list))
		done := map[string]bool{}
		for i := range list.Items {
			done[list.Items[i].Name] = holds(&list.Items[i])
		}
		if left = slices.DeleteFunc(left, func(name string) bool { return done[name] }); len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.T.Fatalf("%d of %d: not %s within %s: %v", len(left), len(names), what, limit, left)
		}
	}
}

// Eventually waits until something holds; state says what is instead when it does
// not within Patient.
func (r *Rig) Eventually(what string, holds func() bool, state func() string) {
	r.T.Helper()
	deadline := time.After(Patient)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			r.T.Fatalf("%s: not within %s\n%s", what, Patient, state())
		case <-tick.C:
		}
	}
}

// IsReady says whether a Tenant is ready for its present spec.
func IsReady(t *v1alpha1.Tenant) bool {
	return Condition(t, v1alpha1.ConditionReady).Status == metav1.ConditionTrue && t.Status.ObservedGeneration == t.Generation
}

// Ready waits until a Tenant is ready.
func (r *Rig) Ready(name string) *v1alpha1.Tenant {
	r.T.Helper()
	return r.Until(name, "becomes ready", IsReady)
}

// IsHealthy says whether a Tenant is ready and was measured.
func IsHealthy(t *v1alpha1.Tenant) bool {
	return IsReady(t) && Condition(t, v1alpha1.ConditionHealthy).Reason == v1alpha1.ReasonAnswering
}

// Healthy waits until a Tenant is ready and measured.
func (r *Rig) Healthy(name string) *v1alpha1.Tenant {
	r.T.Helper()
	r.Ready(name)
	return r.Until(name, "is healthy", IsHealthy)
}

// Remove deletes a Tenant and waits until it is gone.
func (r *Rig) Remove(name string) {
	r.T.Helper()
	Check(r.T, r.Client.Delete(r.T.Context(), &v1alpha1.Tenant{ObjectMeta: Named(name)}))
	r.Gone(name)
}

// Gone waits until a Tenant is gone, and expects its namespace gone by then.
func (r *Rig) Gone(name string) {
	r.T.Helper()
	var last v1alpha1.Tenant
	r.Eventually(name+" is gone", func() bool {
		return apierrors.IsNotFound(r.Client.Get(r.T.Context(), client.ObjectKey{Name: name}, &last))
	}, func() string { return Describe(&last) })
	err := r.Client.Get(r.T.Context(), client.ObjectKey{Name: "tenant-" + name}, &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		r.T.Errorf("namespace of %s: %v, want it gone", name, err)
	}
}

// metric sums a metric of controller-runtime over the tenant controller's labels.
func (r *Rig) metric(name, label string) (sum float64) {
	r.T.Helper()
	families, err := metrics.Registry.Gather()
	Check(r.T, err)
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

// Passes is how many passes of the tenant controller ended, over all rigs of the
// process.
func (r *Rig) Passes() float64 {
	r.T.Helper()
	return r.metric("controller_runtime_reconcile_total", "controller")
}

// Poke makes the tenant controller look at a Tenant without changing its spec, and
// waits until it has and rests again. It counts the passes of all rigs of the
// process, so no two of them work at that time.
func (r *Rig) Poke(name string) {
	r.T.Helper()
	before := r.Passes()
	r.Change(name, func(t *v1alpha1.Tenant) {
		if t.Annotations == nil {
			t.Annotations = map[string]string{}
		}
		t.Annotations["example.com/poke"] = time.Now().String()
	})
	r.Rests(before)
}

// calm is how many looks in a row must see no pass begin. The queue's own depth
// cannot be asked: it counts what is due minutes later.
const calm = 15

// Rests waits until more than a number of passes have ended and no more follow.
func (r *Rig) Rests(before float64) {
	r.T.Helper()
	last, same := before, 0
	r.Eventually("the tenant controller rests", func() bool {
		now := r.Passes()
		if now != last || r.metric("controller_runtime_active_workers", "controller") > 0 {
			last, same = now, 0
			return false
		}
		same++
		return now > before && same >= calm
	}, func() string { return fmt.Sprintf("%v passes, %v before", last, before) })
}
