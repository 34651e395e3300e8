package controllers_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/controllers/tenanthealth"
	"atrium.dev/atrium/internal/placement"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// behind is a client whose cache still shows a Tenant that is gone.
type behind struct {
	client.Client
	old *v1alpha1.Tenant
}

func (b behind) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	if t, ok := into.(*v1alpha1.Tenant); ok {
		b.old.DeepCopyInto(t)
		return nil
	}
	return b.Client.Get(ctx, key, into, opts...)
}

// What was decided about a Tenant that is gone must not be written to a later one
// of the same name: it would open the former company's data.
func TestNamesakeInheritsNothing(t *testing.T) {
	r := rig.New(t)
	old := rig.Company("acme", func(t *v1alpha1.Tenant) {
		t.Spec.Plan = "nowhere"
		t.Finalizers = []string{v1alpha1.Finalizer}
	})
	r.Create(old)
	old.Status = v1alpha1.TenantStatus{ID: "abcdefghij", Namespace: "tenant-acme", Release: "0.1.0"}
	rig.Check(t, r.Client.Status().Update(t.Context(), old))
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Finalizers = nil })
	r.Remove("acme")
	r.Create(rig.Company("acme"))

	stale := behind{r.Client, old}
	request := ctrl.Request{NamespacedName: client.ObjectKey{Name: "acme"}}
	makes := &tenant.Reconciler{
		Client: stale, Live: r.Client, Events: events.NewFakeRecorder(10), Site: placement.Site{BaseDomain: "localhost", Scheme: "http", Port: 80},
		Now: time.Now, Random: rand.Reader,
	}
	measures := &tenanthealth.Reconciler{Client: stale, Now: time.Now, Ask: func(context.Context, string) (contract.Version, error) {
		return contract.Version{}, nil
	}}
	for _, c := range []reconcile.Reconciler{makes, measures} {
		if again, err := c.Reconcile(t.Context(), request); err != nil || again.RequeueAfter == 0 {
			t.Errorf("%T: %+v, %v; want it to look again", c, again, err)
		}
	}
	var now v1alpha1.Tenant
	rig.Check(t, r.Client.Get(t.Context(), request.NamespacedName, &now))
	if now.Status.ID != "" || len(now.Status.Conditions) > 0 {
		t.Errorf("the namesake inherited %s", rig.Describe(&now))
	}
}

// A cache may go on showing a Tenant that was released long ago, when another of its
// name has adopted its data: that one's must not be taken back.
func TestReleasedTenantIsNotTakenBack(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme"))
	acme := r.Healthy("acme")
	r.Stop()
	released := acme.DeepCopy()
	now := metav1.Now()
	released.UID, released.DeletionTimestamp, released.ResourceVersion = "00000000-0000-4000-8000-000000000000", &now, "1"
	undoes := &tenant.Reconciler{
		Client: behind{r.Client, released}, Live: r.Client, Events: events.NewFakeRecorder(10),
		Site: placement.Site{BaseDomain: "localhost", Scheme: "http", Port: 80}, Now: time.Now, Random: rand.Reader,
		// No servers: it must not come so far as to use one.
	}
	if _, err := undoes.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Name: "acme"}}); err != nil {
		t.Errorf("the released Tenant: %v", err)
	}
	var live v1alpha1.Tenant
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "acme"}, &live))
	if live.ResourceVersion != acme.ResourceVersion {
		t.Errorf("the Tenant of today was touched: %s", rig.Describe(&live))
	}
}
