package controllers_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

func TestLifecycle(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	t.Run("retained data waits for its owner", func(t *testing.T) { retain(t, r) })
	t.Run("a retained name can begin empty", func(t *testing.T) { beginEmpty(t, r) })
	t.Run("an unconfirmed deletion retains", func(t *testing.T) { unconfirmed(t, r) })
	t.Run("a confirmed deletion leaves nothing", func(t *testing.T) { burn(t, r) })
	t.Run("a tenant that never got a place goes at once", func(t *testing.T) { neverPlaced(t, r) })
	t.Run("a cluster that lost its memory adopts", func(t *testing.T) { forgotten(t, r) })
}

// people puts a table with one row into a tenant's schema.
func people(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	d := rig.File[contract.Database](t, r, "tenant-"+name, "office-migrate", "database.json")
	conn := rig.Connect(t, d)
	for _, statement := range []string{`SET ROLE ` + d.Role, `CREATE TABLE people (name text)`, `INSERT INTO people VALUES ('王芳')`} {
		_, err := conn.Exec(t.Context(), statement)
		rig.Check(t, err)
	}
}

func kinds(left []string) string {
	count := map[string]int{}
	for _, one := range left {
		kind, _, _ := strings.Cut(one, " ")
		count[kind]++
	}
	var all []string
	for _, kind := range []string{"bucket", "login", "role", "schema"} {
		all = append(all, strings.Repeat(kind+" ", count[kind]))
	}
	return strings.TrimSpace(strings.Join(all, ""))
}

const kept = "bucket role role role role role role schema" // after Retain

func retain(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("acme"))
	acme := r.Ready("acme")
	people(t, r, "acme")
	r.Remove("acme")
	if left := r.Left(acme.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("after Retain there is %v", left)
	}
	r.Create(rig.Company("acme"))
	waiting := r.Until("acme", "asks for adoption", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonAdoptionRequired
	})
	if m := rig.Condition(waiting, v1alpha1.ConditionReady).Message; !strings.Contains(m, acme.Status.ID) || waiting.Status.ID != "" {
		t.Errorf("message %q does not name %s, or id %q was taken", m, acme.Status.ID, waiting.Status.ID)
	}
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Adopt = acme.Status.ID })
	back := r.Ready("acme")
	if back.Status.ID != acme.Status.ID || back.Status.Bucket != acme.Status.Bucket {
		t.Errorf("adopted as %s in %s, want %s in %s", back.Status.ID, back.Status.Bucket, acme.Status.ID, acme.Status.Bucket)
	}
	var name string
	rig.Check(t, rig.Connect(t, rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
	if name != "王芳" {
		t.Errorf("the people are %s", name)
	}
}

func beginEmpty(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("globex"))
	former := r.Ready("globex")
	r.Remove("globex")
	r.Create(rig.Company("globex", func(t *v1alpha1.Tenant) { t.Spec.Adopt = v1alpha1.AdoptNone }))
	if now := r.Ready("globex"); now.Status.ID == former.Status.ID {
		t.Error("a name taken again got the former company's data")
	}
	if left := r.Left(former.Status.ID); kinds(left) != kept {
		t.Errorf("the former company has %v left", left)
	}
}

func unconfirmed(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("initech", func(t *v1alpha1.Tenant) {
		t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: "acme"} // another one's name
	}))
	initech := r.Ready("initech")
	r.Remove("initech")
	if left := r.Left(initech.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("an unconfirmed deletion left %v", left)
	}
}

func burn(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("hooli", func(t *v1alpha1.Tenant) {
		t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: "hooli"}
	}))
	hooli := r.Ready("hooli")
	people(t, r, "hooli")
	r.PutObject(hooli.Status.Bucket)
	r.Remove("hooli")
	if left := r.Left(hooli.Status.ID); !slices.Equal(left, []string{"row dropped"}) {
		t.Errorf("a confirmed deletion left %v", left)
	}
	r.Create(rig.Company("hooli"))
	if again := r.Ready("hooli"); again.Status.ID == hooli.Status.ID {
		t.Error("a dropped id was used again")
	}
}

func neverPlaced(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("ghost", func(t *v1alpha1.Tenant) { t.Spec.Plan = "nowhere" }))
	r.Until("ghost", "lacks its plan", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonPlanNotFound
	})
	r.Remove("ghost")
}

// forgotten loses a Tenant as the loss of etcd would: object and namespace go and
// nobody undoes anything; the same files applied again find the same data.
func forgotten(t *testing.T, r *rig.Rig) {
	r.Create(rig.Company("stark"))
	stark := r.Ready("stark")
	people(t, r, "stark")
	r.Stop()
	r.Change("stark", func(t *v1alpha1.Tenant) { t.Finalizers = nil })
	rig.Check(t, r.Client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: rig.Named("stark")}))
	rig.Check(t, r.Client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: rig.Named("tenant-stark")}))
	r.Eventually("the namespace goes", func() bool {
		return apierrors.IsNotFound(r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-stark"}, &corev1.Namespace{}))
	}, func() string { return "" })
	r.Operate()
	r.Create(rig.Company("stark"))
	if back := r.Ready("stark"); back.Status.ID != stark.Status.ID {
		t.Errorf("adopted %s, want %s", back.Status.ID, stark.Status.ID)
	}
	var name string
	rig.Check(t, rig.Connect(t, rig.File[contract.Database](t, r, "tenant-stark", "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
}
