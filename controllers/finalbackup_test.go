package controllers_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// A company that goes under FinalBackup leaves one last backup, and nothing of it goes
// before that is complete.
func TestFinalBackup(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	leaver := func(name string, confirmed bool) *v1alpha1.Tenant {
		return rig.Company(name, func(t *v1alpha1.Tenant) {
			t.Spec.DeletionPolicy = v1alpha1.DeletionFinalBackup
			if confirmed {
				t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: name}
			}
		})
	}
	r.Create(leaver("acme", true))
	r.Create(leaver("globex", false))
	acme, globex := r.Healthy("acme"), r.Healthy("globex")
	people(t, r, "acme")
	r.PutObject(acme.Status.Bucket)
	name := "acme-final-" + acme.Status.ID
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named("acme")}))

	t.Run("one that fails keeps everything", func(t *testing.T) { finalFails(t, r, acme, name) })
	t.Run("one that is complete lets it go", func(t *testing.T) { finalLetsGo(t, r, acme, name) })
	t.Run("nobody confirmed it", func(t *testing.T) {
		r.Remove("globex")
		if left := r.Left(globex.Status.ID); kinds(left) != kept {
			t.Errorf("an unconfirmed deletion left %v", left)
		}
		if err := r.Client.Get(t.Context(), client.ObjectKey{Name: "globex-final-" + globex.Status.ID}, &v1alpha1.TenantBackup{}); !apierrors.IsNotFound(err) {
			t.Errorf("its final backup: %v, want none", err)
		}
	})
}

// keepsAll waits until the deletion says something, and expects that nothing was removed.
func keepsAll(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, says ...string) {
	t.Helper()
	r.Until("acme", "says "+strings.Join(says, ", "), func(t *v1alpha1.Tenant) bool {
		message := rig.Condition(t, v1alpha1.ConditionReady).Message
		for _, one := range says {
			if !strings.Contains(message, one) {
				return false
			}
		}
		return true
	})
	if left := kinds(r.Left(acme.Status.ID)); !strings.Contains(left, "bucket") || !strings.Contains(left, "schema") {
		t.Errorf("before its final backup there is left of the company %s", left)
	}
	if keySecret(r, acme.Status.ID) == nil {
		t.Error("its root key is gone")
	}
}

func finalFails(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, name string) {
	a := atWork(t, r, name, 1)
	if !a.task.Full {
		t.Error("the final backup is not full")
	}
	if err := r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "office"}, &appsv1.Deployment{}); !apierrors.IsNotFound(err) {
		t.Errorf("the app is backed up while it runs: %v", err)
	}
	keepsAll(t, r, acme, "nothing is removed before the final backup "+name)
	r.Hands.EndJob(t, &a.job, contract.ExitUsage, "")
	untilBackup(t, r, name, v1alpha1.ConditionFailed, v1alpha1.ReasonSettingsInvalid)
	keepsAll(t, r, acme, "the final backup "+name+" failed", "kubectl delete tenantbackup "+name, "what is left: ")
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.TenantBackup{ObjectMeta: rig.Named(name)}))
}

func finalLetsGo(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant, name string) {
	// The Job of the one that failed is gone: it would be judged once more.
	r.Eventually("another one is made", func() bool {
		return r.Client.Get(t.Context(), client.ObjectKey{Name: name}, &v1alpha1.TenantBackup{}) == nil
	}, func() string { return "" })
	untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonRunning)
	r.Stop() // another operator goes on with it
	r.Operate()
	atWork(t, r, name, 1).finish()
	r.Gone("acme")
	if left := r.Left(acme.Status.ID); kinds(left) != "" {
		t.Errorf("there is left of the company %v", left)
	}
	untilBackup(t, r, name, v1alpha1.ConditionComplete, v1alpha1.ReasonDone)
	if keySecret(r, acme.Status.ID) == nil {
		t.Error("the root key that opens the final backup is gone")
	}
}
