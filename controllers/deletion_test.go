package controllers_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// Whatever goes away below or around a tenant, and whenever: nothing is lost that
// nobody gave up, nothing is stuck without words, and all heals by itself.
func TestDeletion(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	t.Run("of a namespace by a stranger", func(t *testing.T) { namespaceLost(t, r) })
	t.Run("cascading", func(t *testing.T) { cascading(t, r) })
	t.Run("while the store is away", func(t *testing.T) { storeAway(t, r) })
	t.Run("while the database is away", func(t *testing.T) { databaseAway(t, r) })
	t.Run("while creating", func(t *testing.T) { whileCreating(t, r) })
	t.Run("while suspended", func(t *testing.T) { whileSuspended(t, r) })
	t.Run("and the same name again at once", func(t *testing.T) { again(t, r) })
	t.Run("of a Tenant that owns nothing", func(t *testing.T) { ownsNothing(t, r) })
	t.Run("of a namespace that does not end", func(t *testing.T) { namespaceStays(t, r) })
	t.Run("of the definition", func(t *testing.T) { definition(t, r) })
}

// burnt is a company whose deletion destroys its data.
func burnt(name string) *v1alpha1.Tenant {
	return rig.Company(name, func(t *v1alpha1.Tenant) {
		t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: name}
	})
}

// greets says that the table of people is there, for the app's own login.
func greets(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	var who string
	rig.Check(t, rig.Connect(t, rig.File[contract.Database](t, r, "tenant-"+name, "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&who))
	if who != "王芳" {
		t.Errorf("the people of %s are %s", name, who)
	}
}

func namespaceLost(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("acme"))
	acme := r.Ready("acme")
	people(t, r, "acme")
	r.PutObject(acme.Status.Bucket)
	var before corev1.Namespace
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-acme"}, &before), r.Client.Delete(t.Context(), before.DeepCopy()))
	r.Eventually("the namespace is made anew", func() bool {
		var now corev1.Namespace
		return r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-acme"}, &now) == nil && now.UID != before.UID
	}, func() string { return "" })
	r.Eventually("its Secrets are there again", func() bool {
		return r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "office-database"}, &corev1.Secret{}) == nil
	}, func() string { return "" })
	if back := r.Ready("acme"); back.Status.ID != acme.Status.ID {
		t.Errorf("it is %s now, and was %s", back.Status.ID, acme.Status.ID)
	}
	greets(t, r, "acme")
}

func cascading(t *testing.T, r *rig.Rig) {
	for policy, finalizer := range map[metav1.DeletionPropagation]string{
		metav1.DeletePropagationForeground: metav1.FinalizerDeleteDependents,
		metav1.DeletePropagationOrphan:     metav1.FinalizerOrphanDependents,
	} {
		name := strings.ToLower(string(policy))
		r.Create(rig.Company(name))
		id := r.Ready(name).Status.ID
		rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named(name)}, client.PropagationPolicy(policy)))
		r.Until(name, "waits for the garbage collector alone", func(t *v1alpha1.Tenant) bool { return slices.Equal(t.Finalizers, []string{finalizer}) })
		r.Change(name, func(t *v1alpha1.Tenant) { t.Finalizers = nil }) // as the garbage collector does
		r.Gone(name)
		if left := r.Left(id); kinds(left) != kept {
			t.Errorf("%s left %v", policy, left)
		}
	}
}

func storeAway(t *testing.T, r *rig.Rig) {
	r.Create(burnt("hooli"))
	hooli := r.Ready("hooli")
	r.PutObject(hooli.Status.Bucket)
	r.SetSecret("minio-issuer", "secretKey", "wrong")
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named("hooli")}))
	waitsFor(r, "hooli", v1alpha1.ReasonStoreRefused, "bucket "+hooli.Status.Bucket, "schema "+hooli.Status.Schema, "namespace tenant-hooli")
	r.SetSecret("minio-issuer", "secretKey", r.Store.SecretKey)
	r.Gone("hooli")
	if left := r.Left(hooli.Status.ID); !slices.Equal(left, []string{"row dropped"}) {
		t.Errorf("there is %v", left)
	}
}

// waitsFor waits until a Tenant's condition Ready has a reason and holds all the words.
func waitsFor(r *rig.Rig, name, reason string, words ...string) *v1alpha1.Tenant {
	r.T.Helper()
	return r.Until(name, "says "+strings.Join(words, ", "), func(t *v1alpha1.Tenant) bool {
		ready := rig.Condition(t, v1alpha1.ConditionReady)
		return ready.Reason == reason && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(ready.Message, w) })
	})
}

func databaseAway(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("umbrella"))
	umbrella := r.Ready("umbrella")
	r.SetSecret("postgres-admin", "password", "wrong")
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named("umbrella")}))
	stuck := waitsFor(r, "umbrella", v1alpha1.ReasonDatabaseRefused, "open logins of schema "+umbrella.Status.Schema, "namespace tenant-umbrella")
	if stuck.Status.Operation.Type != v1alpha1.OperationDelete {
		t.Errorf("operation %+v", stuck.Status.Operation)
	}
	r.SetSecret("postgres-admin", "password", r.Database.Password)
	r.Gone("umbrella")
	if left := r.Left(umbrella.Status.ID); kinds(left) != kept {
		t.Errorf("there is %v", left)
	}
}

func whileCreating(t *testing.T, r *rig.Rig) {
	r.Hands.MigrationsExit(-1) // Jobs never end
	for name, makes := range map[string]func(string) *v1alpha1.Tenant{
		"kept":   func(name string) *v1alpha1.Tenant { return rig.Company(name) },
		"burned": burnt,
	} {
		r.Create(makes(name))
		id := r.Until(name, "migrates", func(t *v1alpha1.Tenant) bool {
			return rig.Condition(t, v1alpha1.ConditionMigrated).Reason == v1alpha1.ReasonMigrating
		}).Status.ID
		r.Remove(name)
		left := r.Left(id)
		if name == "kept" && kinds(left) != kept || name == "burned" && !slices.Equal(left, []string{"row dropped"}) {
			t.Errorf("%s left %v", name, left)
		}
	}
	r.Hands.MigrationsExit(contract.ExitOK)
}

func whileSuspended(t *testing.T, r *rig.Rig) {
	for name, makes := range map[string]func(string) *v1alpha1.Tenant{
		"resting": func(name string) *v1alpha1.Tenant { return rig.Company(name) },
		"ceasing": burnt,
	} {
		r.Create(makes(name))
		id := r.Ready(name).Status.ID
		r.Change(name, func(t *v1alpha1.Tenant) { t.Spec.Suspended = true })
		r.Until(name, "is suspended", func(t *v1alpha1.Tenant) bool {
			return t.Status.ObservedGeneration == t.Generation && rig.Condition(t, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonSuspended
		})
		r.Remove(name)
		left := r.Left(id)
		if name == "resting" && kinds(left) != kept || name == "ceasing" && !slices.Equal(left, []string{"row dropped"}) {
			t.Errorf("%s left %v", name, left)
		}
	}
}

// again deletes and applies as fast as the API server takes it.
func again(t *testing.T, r *rig.Rig) {
	for name, makes := range map[string]func(string) *v1alpha1.Tenant{
		"wayne":  func(name string) *v1alpha1.Tenant { return rig.Company(name) },
		"oscorp": burnt,
	} {
		r.Create(makes(name))
		former := r.Ready(name).Status.ID
		rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named(name)}))
		var err error
		r.Eventually(name+" is applied again", func() bool {
			err = r.Client.Create(t.Context(), makes(name))
			return err == nil || !apierrors.IsAlreadyExists(err)
		}, func() string { return "" })
		rig.Check(t, err)
		if name == "wayne" {
			waitsFor(r, name, v1alpha1.ReasonAdoptionRequired, former)
			continue
		}
		if now := r.Ready(name).Status.ID; now == former {
			t.Errorf("%s has the id %s of the company before", name, now)
		}
		if left := r.Left(former); !slices.Equal(left, []string{"row dropped"}) {
			t.Errorf("the company before left %v", left)
		}
	}
}

// ownsNothing deletes Tenants that wait for a choice: the data that they could have
// chosen is not theirs.
func ownsNothing(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("stark"))
	stark := r.Ready("stark")
	r.Remove("stark")
	for _, adopt := range []string{"", "abcdefghij"} {
		waiting := burnt("stark")
		waiting.Spec.Adopt = adopt
		r.Create(waiting)
		reason := map[string]string{"": v1alpha1.ReasonAdoptionRequired, "abcdefghij": v1alpha1.ReasonAdoptionRefused}[adopt]
		waitsFor(r, "stark", reason, stark.Status.ID)
		r.Remove("stark")
	}
	if left := r.Left(stark.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("of the retained company there is %v", left)
	}
}

// namespaceStays deletes a tenant whose namespace cannot end.
func namespaceStays(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("cyberdyne"))
	r.Ready("cyberdyne")
	stuck := func(finalizers ...string) {
		rig.Edit(r, "tenant-cyberdyne", &corev1.Namespace{}, func(n *corev1.Namespace) { n.Finalizers = finalizers })
	}
	stuck("example.com/stuck")
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named("cyberdyne")}))
	waitsFor(r, "cyberdyne", v1alpha1.ReasonDeleting, "is going away")
	var n corev1.Namespace
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-cyberdyne"}, &n))
	n.Status.Conditions = []corev1.NamespaceCondition{{
		Type: corev1.NamespaceFinalizersRemaining, Status: corev1.ConditionTrue, Reason: "SomeFinalizersRemain",
		Message: "some content has finalizers: example.com/stuck in 1 pods", LastTransitionTime: metav1.Now(),
	}}
	rig.Check(t, r.Client.Status().Update(t.Context(), &n))
	r.Now.Forward(3 * time.Minute)
	waitsFor(r, "cyberdyne", v1alpha1.ReasonNamespaceTerminating, "example.com/stuck in 1 pods", "what is left: namespace tenant-cyberdyne")
	stuck()
	r.Gone("cyberdyne")
}

// definition deletes that of Tenants, and with it every Tenant, also one whose
// deletion would destroy its data and was confirmed: nobody meant that company. A
// definition that comes back finds all of it.
func definition(t *testing.T, r *rig.Rig) {
	r.Create(burnt("massive"))
	massive := r.Ready("massive")
	people(t, r, "massive")
	r.PutObject(massive.Status.Bucket)
	root, err := env.Repository()
	rig.Check(t, err)
	raw, err := os.ReadFile(filepath.Join(root, "config/crd/atrium.dev_tenants.yaml"))
	crd, fresh := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	rig.Check(t, err, yaml.Unmarshal(raw, &crd.Object), yaml.Unmarshal(raw, &fresh.Object))
	rig.Check(t, r.Client.Delete(t.Context(), crd))
	r.Eventually("the definition is gone", func() bool {
		return apierrors.IsNotFound(r.Client.Get(t.Context(), client.ObjectKeyFromObject(crd), crd))
	}, func() string { return "it is still there" })
	if left := r.Left(massive.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("of a company whose definition was deleted there is %v", left)
	}
	r.Create(fresh)
	r.Eventually("the definition is back", func() bool {
		return r.Client.Create(t.Context(), rig.Company("massive", func(c *v1alpha1.Tenant) { c.Spec.Adopt = massive.Status.ID })) == nil
	}, func() string { return "it takes no Tenant yet" })
	if back := r.Ready("massive"); back.Status.ID != massive.Status.ID {
		t.Errorf("it came back as %s", back.Status.ID)
	}
	greets(t, r, "massive")
	objects := 0
	for range r.Root().ListObjects(t.Context(), massive.Status.Bucket, minio.ListObjectsOptions{Recursive: true}) {
		objects++
	}
	if objects != 1 {
		t.Errorf("%d objects in the bucket, want 1", objects)
	}
}
