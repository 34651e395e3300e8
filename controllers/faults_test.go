package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

// A fault shows as a condition with its reason and what to do, and heals without a
// restart once it is mended.
func TestFaults(t *testing.T) {
	r := newRig(t)
	r.operate()
	r.create(company("globex"))
	r.healthy("globex")
	t.Run("of a tenant", func(t *testing.T) { tenantFaults(t, r) })
	t.Run("of migrations", func(t *testing.T) { migrationFaults(t, r) })
	t.Run("of servers", func(t *testing.T) { serverFaults(t, r) })
	t.Run("of the app", func(t *testing.T) { appFaults(t, r) })
}

// fault is something that breaks a tenant.
type fault struct {
	name   string // of the tenant
	change func(*v1alpha1.Tenant)
	before func()
	step   string // the condition that names it
	reason string
	words  string // of the message: what to do
	stuck  bool   // Stalled rather than Reconciling
	mend   func(name string)
}

func (r *rig) suffer(t *testing.T, f fault) {
	t.Helper()
	if f.before != nil {
		f.before()
	}
	change := f.change
	if change == nil {
		change = func(*v1alpha1.Tenant) {}
	}
	r.create(company(f.name, change))
	broken := r.until(f.name, "shows its fault", func(t *v1alpha1.Tenant) bool { return condition(t, f.step).Reason == f.reason })
	ready := condition(broken, v1alpha1.ConditionReady)
	if ready.Status != metav1.ConditionFalse || ready.Reason != f.reason || !strings.Contains(ready.Message, f.words) {
		t.Errorf("%s: Ready is %s, %s: %s; want a message with %q", f.name, ready.Status, ready.Reason, ready.Message, f.words)
	}
	if stalled := condition(broken, v1alpha1.ConditionStalled).Status == metav1.ConditionTrue; stalled != f.stuck {
		t.Errorf("%s: Stalled is %v, want %v", f.name, stalled, f.stuck)
	}
	if reconciling := condition(broken, v1alpha1.ConditionReconciling).Status == metav1.ConditionTrue; reconciling == f.stuck {
		t.Errorf("%s: Reconciling is %v, want %v", f.name, reconciling, !f.stuck)
	}
	f.mend(f.name)
	healed := r.ready(f.name)
	for _, gone := range []string{v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling} {
		if condition(healed, gone).Type != "" {
			t.Errorf("%s: healed, but still %s", f.name, gone)
		}
	}
	if g := r.ready("globex"); g.Status.Operation.Type != v1alpha1.OperationCreate {
		t.Errorf("globex was touched: %+v", g.Status.Operation)
	}
}

func tenantFaults(t *testing.T, r *rig) {
	for _, f := range []fault{
		{
			name: "no-plan", change: func(t *v1alpha1.Tenant) { t.Spec.Plan = "golden" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonPlanNotFound, words: "create it, or name one", stuck: true,
			mend: func(string) { r.create(plan("golden", 1)) },
		},
		{
			name: "no-release", change: func(t *v1alpha1.Tenant) { t.Spec.Release = "9.9.9" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonReleaseNotFound, words: "create it, or name one", stuck: true,
			mend: func(name string) { r.change(name, func(t *v1alpha1.Tenant) { t.Spec.Release = "0.1.0" }) },
		},
		{
			name:   "squatted",
			before: func() { r.create(&corev1.Namespace{ObjectMeta: named("tenant-squatted")}) },
			step:   v1alpha1.ConditionNamespaceReady, reason: v1alpha1.ReasonNamespaceTaken, words: "give the Tenant another name", stuck: true,
			mend: func(name string) {
				check(t, r.client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: named("tenant-squatted")}))
				r.eventually("the stranger's namespace goes", func() bool {
					return client.IgnoreNotFound(r.client.Get(t.Context(), client.ObjectKey{Name: "tenant-squatted"}, &corev1.Namespace{})) == nil &&
						r.client.Get(t.Context(), client.ObjectKey{Name: "tenant-squatted"}, &corev1.Namespace{}) != nil
				}, func() string { return "" })
				r.poke(name)
			},
		},
		{
			name: "copycat", change: func(t *v1alpha1.Tenant) { t.Spec.Subdomain = "globex" },
			step: v1alpha1.ConditionAddressReady, reason: v1alpha1.ReasonHostTaken, words: "choose another", stuck: true,
			mend: func(name string) { r.change(name, func(t *v1alpha1.Tenant) { t.Spec.Subdomain = "other" }) },
		},
		{
			name: "greedy", change: func(t *v1alpha1.Tenant) { t.Spec.Hosts = []string{"www.localhost"} },
			step: v1alpha1.ConditionAddressReady, reason: v1alpha1.ReasonHostReserved, words: "kept for the platform", stuck: true,
			mend: func(name string) { r.change(name, func(t *v1alpha1.Tenant) { t.Spec.Hosts = nil }) },
		},
		{
			name: "pretender", change: func(t *v1alpha1.Tenant) { t.Spec.Adopt = "abcdefghij" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonAdoptionRefused, words: "set it to none", stuck: true,
			mend: func(name string) { r.change(name, func(t *v1alpha1.Tenant) { t.Spec.Adopt = "none" }) },
		},
	} {
		r.suffer(t, f)
	}
}

func migrationFaults(t *testing.T, r *rig) {
	mend := func(wait time.Duration) func(string) {
		return func(name string) {
			r.hands.migrationsExit(contract.ExitOK)
			r.now.forward(wait)
			r.poke(name)
		}
	}
	for exit, f := range map[int32]fault{
		contract.ExitFailure:     {reason: v1alpha1.ReasonMigrationFailed, words: "kubectl logs -n tenant-", stuck: true, mend: mend(3 * time.Minute)},
		contract.ExitUsage:       {reason: v1alpha1.ReasonSettingsInvalid, words: "keeps the contract", stuck: true, mend: mend(3 * time.Minute)},
		contract.ExitUnavailable: {reason: v1alpha1.ReasonMigrationUnavailable, words: "see whether postgres and minio answer", mend: mend(11 * time.Second)},
		contract.ExitSchema:      {reason: v1alpha1.ReasonSchemaTooNew, words: "set spec.release to", stuck: true, mend: mend(3 * time.Minute)},
	} {
		f.name, f.step = fmt.Sprintf("exit-%d", exit), v1alpha1.ConditionMigrated
		f.before = func() { r.hands.migrationsExit(exit) }
		r.suffer(t, f)
	}
}

// serverFaults break a server under a tenant that works.
func serverFaults(t *testing.T, r *rig) {
	for _, f := range []struct{ secret, key, right, step, reason, words string }{
		{"postgres-admin", "password", r.database.Password, v1alpha1.ConditionPlaced, v1alpha1.ReasonSecretMissing, "has no key password"},
		{"postgres-admin", "password", r.database.Password, v1alpha1.ConditionDatabaseReady, v1alpha1.ReasonDatabaseRefused, "correct username and password"},
		{"minio-issuer", "secretKey", r.store.SecretKey, v1alpha1.ConditionBucketReady, v1alpha1.ReasonStoreRefused, "correct accessKey and secretKey"},
	} {
		wrong := "wrong"
		if f.reason == v1alpha1.ReasonSecretMissing {
			wrong = ""
		}
		r.setSecret(f.secret, f.key, wrong)
		broken := r.until("globex", f.reason, func(t *v1alpha1.Tenant) bool { return condition(t, f.step).Reason == f.reason })
		if m := condition(broken, v1alpha1.ConditionReady).Message; !strings.Contains(m, f.words) || strings.Contains(m, f.right) {
			t.Errorf("%s: message %q, want it to say %q and no secret", f.reason, m, f.words)
		}
		if c := condition(broken, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue {
			t.Errorf("%s: the pods still run, but WorkloadReady is %s", f.reason, c.Status)
		}
		r.setSecret(f.secret, f.key, f.right)
		r.ready("globex")
	}
	// While a registry is away nothing is decided about new tenants.
	r.setSecret("postgres-admin", "password", "wrong")
	r.create(company("newcomer"))
	waiting := r.until("newcomer", "waits for the registry", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonRegistryUnreachable
	})
	if waiting.Status.ID != "" {
		t.Errorf("an id (%s) was given without the registry", waiting.Status.ID)
	}
	r.setSecret("postgres-admin", "password", r.database.Password)
	r.ready("newcomer")
}

func (r *rig) setSecret(name, key, value string) {
	r.t.Helper()
	var s corev1.Secret
	check(r.t, r.client.Get(r.t.Context(), client.ObjectKey{Namespace: system, Name: name}, &s))
	s.Data[key] = []byte(value)
	check(r.t, r.client.Update(r.t.Context(), &s))
}

func appFaults(t *testing.T, r *rig) {
	r.hands.givePods(false)
	r.create(company("slow"))
	starting := r.until("slow", "starts", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionWorkloadReady).Reason == v1alpha1.ReasonStarting
	})
	if c := condition(starting, v1alpha1.ConditionReconciling); c.Status != metav1.ConditionTrue || starting.Status.Operation.Step != "Workload" {
		t.Errorf("starting: Reconciling %s, step %s", c.Status, starting.Status.Operation.Step)
	}
	r.hands.givePods(true)
	r.healthy("slow")

	// Health is measured apart: a dead app starts no work of the tenant controller.
	r.ails(fmt.Errorf("connection refused"))
	dead := r.until("slow", "is found dead", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionHealthy).Reason == v1alpha1.ReasonUnresponsive
	})
	if condition(dead, v1alpha1.ConditionReady).Status != metav1.ConditionTrue {
		t.Error("Healthy has another writer than tenanthealth")
	}
	r.ails(nil)
	r.healthy("slow")
}
