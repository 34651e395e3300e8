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
	"atrium.dev/atrium/test/rig"
)

// A fault shows as a condition with its reason and what to do, and heals without a
// restart once it is mended.
func TestFaults(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("globex"))
	r.Healthy("globex")
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

func suffer(t *testing.T, r *rig.Rig, f fault) {
	t.Helper()
	if f.before != nil {
		f.before()
	}
	change := f.change
	if change == nil {
		change = func(*v1alpha1.Tenant) {}
	}
	r.Create(rig.Company(f.name, change))
	broken := r.Until(f.name, "shows its fault", func(t *v1alpha1.Tenant) bool { return rig.Condition(t, f.step).Reason == f.reason })
	ready := rig.Condition(broken, v1alpha1.ConditionReady)
	if ready.Status != metav1.ConditionFalse || ready.Reason != f.reason || !strings.Contains(ready.Message, f.words) {
		t.Errorf("%s: Ready is %s, %s: %s; want a message with %q", f.name, ready.Status, ready.Reason, ready.Message, f.words)
	}
	if stalled := rig.Condition(broken, v1alpha1.ConditionStalled).Status == metav1.ConditionTrue; stalled != f.stuck {
		t.Errorf("%s: Stalled is %v, want %v", f.name, stalled, f.stuck)
	}
	if reconciling := rig.Condition(broken, v1alpha1.ConditionReconciling).Status == metav1.ConditionTrue; reconciling == f.stuck {
		t.Errorf("%s: Reconciling is %v, want %v", f.name, reconciling, !f.stuck)
	}
	f.mend(f.name)
	healed := r.Ready(f.name)
	for _, gone := range []string{v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling} {
		if rig.Condition(healed, gone).Type != "" {
			t.Errorf("%s: healed, but still %s", f.name, gone)
		}
	}
	if g := r.Ready("globex"); g.Status.Operation.Type != v1alpha1.OperationCreate {
		t.Errorf("globex was touched: %+v", g.Status.Operation)
	}
}

func tenantFaults(t *testing.T, r *rig.Rig) {
	for _, f := range []fault{
		{
			name: "no-plan", change: func(t *v1alpha1.Tenant) { t.Spec.Plan = "golden" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonPlanNotFound, words: "create it, or name one", stuck: true,
			mend: func(string) { r.Create(rig.Plan("golden", 1)) },
		},
		{
			name: "no-release", change: func(t *v1alpha1.Tenant) { t.Spec.Release = "9.9.9" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonReleaseNotFound, words: "create it, or name one", stuck: true,
			mend: func(name string) { r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Release = "0.1.0" }) },
		},
		{
			name:   "squatted",
			before: func() { r.Create(&corev1.Namespace{ObjectMeta: rig.Named("tenant-squatted")}) },
			step:   v1alpha1.ConditionNamespaceReady, reason: v1alpha1.ReasonNamespaceTaken, words: "give the Tenant another name", stuck: true,
			mend: func(name string) {
				rig.Check(t, r.Client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: rig.Named("tenant-squatted")}))
				r.Eventually("the stranger's namespace goes", func() bool {
					return client.IgnoreNotFound(r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-squatted"}, &corev1.Namespace{})) == nil &&
						r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-squatted"}, &corev1.Namespace{}) != nil
				}, func() string { return "" })
				r.Poke(name)
			},
		},
		{
			name: "copycat", change: func(t *v1alpha1.Tenant) { t.Spec.Subdomain = "globex" },
			step: v1alpha1.ConditionAddressReady, reason: v1alpha1.ReasonHostTaken, words: "choose another", stuck: true,
			mend: func(name string) { r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Subdomain = "other" }) },
		},
		{
			name: "greedy", change: func(t *v1alpha1.Tenant) { t.Spec.Hosts = []string{"www.localhost"} },
			step: v1alpha1.ConditionAddressReady, reason: v1alpha1.ReasonHostReserved, words: "kept for the platform", stuck: true,
			mend: func(name string) { r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Hosts = nil }) },
		},
		{
			name: "pretender", change: func(t *v1alpha1.Tenant) { t.Spec.Adopt = "abcdefghij" },
			step: v1alpha1.ConditionPlaced, reason: v1alpha1.ReasonAdoptionRefused, words: "set it to none", stuck: true,
			mend: func(name string) { r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Adopt = "none" }) },
		},
	} {
		suffer(t, r, f)
	}
}

func migrationFaults(t *testing.T, r *rig.Rig) {
	mend := func(wait time.Duration) func(string) {
		return func(name string) {
			r.Hands.MigrationsExit(contract.ExitOK)
			r.Now.Forward(wait)
			r.Poke(name)
		}
	}
	for exit, f := range map[int32]fault{
		contract.ExitFailure:     {reason: v1alpha1.ReasonMigrationFailed, words: "kubectl logs -n tenant-", stuck: true, mend: mend(3 * time.Minute)},
		contract.ExitUsage:       {reason: v1alpha1.ReasonSettingsInvalid, words: "keeps the contract", stuck: true, mend: mend(3 * time.Minute)},
		contract.ExitUnavailable: {reason: v1alpha1.ReasonMigrationUnavailable, words: "see whether postgres and minio answer", mend: mend(11 * time.Second)},
		contract.ExitSchema:      {reason: v1alpha1.ReasonSchemaTooNew, words: "set spec.release to", stuck: true, mend: mend(3 * time.Minute)},
	} {
		f.name, f.step = fmt.Sprintf("exit-%d", exit), v1alpha1.ConditionMigrated
		f.before = func() { r.Hands.MigrationsExit(exit) }
		suffer(t, r, f)
	}
}

// serverFaults break a server under a tenant that works.
func serverFaults(t *testing.T, r *rig.Rig) {
	for _, f := range []struct{ secret, key, right, step, reason, words string }{
		{"postgres-admin", "password", r.Database.Password, v1alpha1.ConditionPlaced, v1alpha1.ReasonSecretMissing, "has no key password"},
		{"postgres-admin", "password", r.Database.Password, v1alpha1.ConditionDatabaseReady, v1alpha1.ReasonDatabaseRefused, "correct username and password"},
		{"minio-issuer", "secretKey", r.Store.SecretKey, v1alpha1.ConditionBucketReady, v1alpha1.ReasonStoreRefused, "correct accessKey and secretKey"},
	} {
		wrong := "wrong"
		if f.reason == v1alpha1.ReasonSecretMissing {
			wrong = ""
		}
		r.SetSecret(f.secret, f.key, wrong)
		broken := r.Until("globex", f.reason, func(t *v1alpha1.Tenant) bool { return rig.Condition(t, f.step).Reason == f.reason })
		if m := rig.Condition(broken, v1alpha1.ConditionReady).Message; !strings.Contains(m, f.words) || strings.Contains(m, f.right) {
			t.Errorf("%s: message %q, want it to say %q and no secret", f.reason, m, f.words)
		}
		if c := rig.Condition(broken, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue {
			t.Errorf("%s: the pods still run, but WorkloadReady is %s", f.reason, c.Status)
		}
		r.SetSecret(f.secret, f.key, f.right)
		r.Ready("globex")
	}
	// A server that was never measured well between two faults is not trusted.
	for _, word := range []string{"wrong", r.Database.Password, "wrong"} {
		r.SetSecret("postgres-admin", "password", word)
		r.Poke("globex")
		r.Until("globex", "says what is", func(t *v1alpha1.Tenant) bool {
			return rig.IsReady(t) == (word != "wrong")
		})
	}
	r.SetSecret("postgres-admin", "password", r.Database.Password)
	r.Ready("globex")
	// While a registry is away nothing is decided about new tenants.
	r.SetSecret("postgres-admin", "password", "wrong")
	r.Create(rig.Company("newcomer"))
	waiting := r.Until("newcomer", "waits for the registry", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonRegistryUnreachable
	})
	if waiting.Status.ID != "" {
		t.Errorf("an id (%s) was given without the registry", waiting.Status.ID)
	}
	r.SetSecret("postgres-admin", "password", r.Database.Password)
	r.Ready("newcomer")
}

func appFaults(t *testing.T, r *rig.Rig) {
	r.Hands.GivePods(false)
	r.Create(rig.Company("slow"))
	starting := r.Until("slow", "starts", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionWorkloadReady).Reason == v1alpha1.ReasonStarting
	})
	if c := rig.Condition(starting, v1alpha1.ConditionReconciling); c.Status != metav1.ConditionTrue || starting.Status.Operation.Step != "Workload" {
		t.Errorf("starting: Reconciling %s, step %s", c.Status, starting.Status.Operation.Step)
	}
	r.Hands.GivePods(true)
	r.Healthy("slow")

	// Health is measured apart: a dead app starts no work of the tenant controller.
	r.Ails(fmt.Errorf("connection refused"))
	dead := r.Until("slow", "is found dead", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionHealthy).Reason == v1alpha1.ReasonUnresponsive
	})
	if rig.Condition(dead, v1alpha1.ConditionReady).Status != metav1.ConditionTrue {
		t.Error("Healthy has another writer than tenanthealth")
	}
	r.Ails(nil)
	r.Healthy("slow")
}
