package controllers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

func TestLifecycle(t *testing.T) {
	r := newRig(t)
	r.operate()
	t.Run("retained data waits for its owner", func(t *testing.T) { retain(t, r) })
	t.Run("a retained name can begin empty", func(t *testing.T) { beginEmpty(t, r) })
	t.Run("an unconfirmed deletion retains", func(t *testing.T) { unconfirmed(t, r) })
	t.Run("a confirmed deletion leaves nothing", func(t *testing.T) { burn(t, r) })
	t.Run("a tenant that never got a place goes at once", func(t *testing.T) { neverPlaced(t, r) })
	t.Run("a deletion waits for its server", func(t *testing.T) { serverAway(t, r) })
	t.Run("a cluster that lost its memory adopts", func(t *testing.T) { forgotten(t, r) })
}

// people puts a table with one row into a tenant's schema.
func people(t *testing.T, r *rig, name string) {
	t.Helper()
	d := file[contract.Database](t, r, "tenant-"+name, "office-migrate", "database.json")
	conn := connect(t, d)
	for _, statement := range []string{`SET ROLE ` + d.Role, `CREATE TABLE people (name text)`, `INSERT INTO people VALUES ('王芳')`} {
		_, err := conn.Exec(t.Context(), statement)
		check(t, err)
	}
}

func (r *rig) remove(name string) {
	r.t.Helper()
	check(r.t, r.client.Delete(r.t.Context(), &v1alpha1.Tenant{ObjectMeta: named(name)}))
	r.gone(name)
}

func (r *rig) gone(name string) {
	r.t.Helper()
	var last v1alpha1.Tenant
	r.eventually(name+" is gone", func() bool {
		return apierrors.IsNotFound(r.client.Get(r.t.Context(), client.ObjectKey{Name: name}, &last))
	}, func() string { return describe(&last) })
	err := r.client.Get(r.t.Context(), client.ObjectKey{Name: "tenant-" + name}, &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		r.t.Errorf("namespace of %s: %v, want it gone", name, err)
	}
}

// left lists what the servers still have of an id.
func (r *rig) left(id string) (left []string) {
	r.t.Helper()
	r.asSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(r.t.Context(), `
			SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE $1 UNION
			SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE $1 UNION
			SELECT 'login ' || rolname FROM pg_roles WHERE rolname LIKE $1 AND rolcanlogin UNION
			SELECT 'row ' || state FROM atrium.tenants WHERE id = $2`, "t\\_"+id+"\\_%", id)
		check(r.t, err)
		left, err = pgx.CollectRows(rows, pgx.RowTo[string])
		check(r.t, err)
	})
	if r.bucketExists(r.installation + "-" + id) {
		left = append(left, "bucket")
	}
	slices.Sort(left)
	return left
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

const kept = "bucket role role role role role schema" // after Retain

func retain(t *testing.T, r *rig) {
	r.create(company("acme"))
	acme := r.ready("acme")
	people(t, r, "acme")
	r.remove("acme")
	if left := r.left(acme.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("after Retain there is %v", left)
	}
	r.create(company("acme"))
	waiting := r.until("acme", "asks for adoption", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonAdoptionRequired
	})
	if m := condition(waiting, v1alpha1.ConditionReady).Message; !strings.Contains(m, acme.Status.ID) || waiting.Status.ID != "" {
		t.Errorf("message %q does not name %s, or id %q was taken", m, acme.Status.ID, waiting.Status.ID)
	}
	r.change("acme", func(t *v1alpha1.Tenant) { t.Spec.Adopt = acme.Status.ID })
	back := r.ready("acme")
	if back.Status.ID != acme.Status.ID || back.Status.Bucket != acme.Status.Bucket {
		t.Errorf("adopted as %s in %s, want %s in %s", back.Status.ID, back.Status.Bucket, acme.Status.ID, acme.Status.Bucket)
	}
	var name string
	check(t, connect(t, file[contract.Database](t, r, "tenant-acme", "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
	if name != "王芳" {
		t.Errorf("the people are %s", name)
	}
}

func beginEmpty(t *testing.T, r *rig) {
	r.create(company("globex"))
	former := r.ready("globex")
	r.remove("globex")
	r.create(company("globex", func(t *v1alpha1.Tenant) { t.Spec.Adopt = v1alpha1.AdoptNone }))
	if now := r.ready("globex"); now.Status.ID == former.Status.ID {
		t.Error("a name taken again got the former company's data")
	}
	if left := r.left(former.Status.ID); kinds(left) != kept {
		t.Errorf("the former company has %v left", left)
	}
}

func unconfirmed(t *testing.T, r *rig) {
	r.create(company("initech", func(t *v1alpha1.Tenant) {
		t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: "acme"} // another one's name
	}))
	initech := r.ready("initech")
	r.remove("initech")
	if left := r.left(initech.Status.ID); kinds(left) != kept || !slices.Contains(left, "row retained") {
		t.Errorf("an unconfirmed deletion left %v", left)
	}
}

func burn(t *testing.T, r *rig) {
	r.create(company("hooli", func(t *v1alpha1.Tenant) {
		t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: "hooli"}
	}))
	hooli := r.ready("hooli")
	people(t, r, "hooli")
	r.putObject(hooli.Status.Bucket)
	r.remove("hooli")
	if left := r.left(hooli.Status.ID); !slices.Equal(left, []string{"row dropped"}) {
		t.Errorf("a confirmed deletion left %v", left)
	}
	r.create(company("hooli"))
	if again := r.ready("hooli"); again.Status.ID == hooli.Status.ID {
		t.Error("a dropped id was used again")
	}
}

func neverPlaced(t *testing.T, r *rig) {
	r.create(company("ghost", func(t *v1alpha1.Tenant) { t.Spec.Plan = "nowhere" }))
	r.until("ghost", "lacks its plan", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionPlaced).Reason == v1alpha1.ReasonPlanNotFound
	})
	r.remove("ghost")
}

func serverAway(t *testing.T, r *rig) {
	r.create(company("umbrella"))
	umbrella := r.ready("umbrella")
	r.setSecret("postgres-admin", "password", "wrong")
	check(t, r.client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: named("umbrella")}))
	stuck := r.until("umbrella", "names what it waits for", func(t *v1alpha1.Tenant) bool {
		return condition(t, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonDatabaseRefused
	})
	if stuck.Status.Operation.Type != v1alpha1.OperationDelete {
		t.Errorf("operation %+v", stuck.Status.Operation)
	}
	r.setSecret("postgres-admin", "password", r.database.Password)
	r.gone("umbrella")
	if left := r.left(umbrella.Status.ID); kinds(left) != kept {
		t.Errorf("there is %v", left)
	}
}

// forgotten loses a Tenant as the loss of etcd would: object and namespace go and
// nobody undoes anything; the same files applied again find the same data.
func forgotten(t *testing.T, r *rig) {
	r.create(company("stark"))
	stark := r.ready("stark")
	people(t, r, "stark")
	r.stop()
	r.change("stark", func(t *v1alpha1.Tenant) { t.Finalizers = nil })
	check(t, r.client.Delete(t.Context(), &v1alpha1.Tenant{ObjectMeta: named("stark")}))
	check(t, r.client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: named("tenant-stark")}))
	r.eventually("the namespace goes", func() bool {
		return apierrors.IsNotFound(r.client.Get(t.Context(), client.ObjectKey{Name: "tenant-stark"}, &corev1.Namespace{}))
	}, func() string { return "" })
	r.operate()
	r.create(company("stark"))
	if back := r.ready("stark"); back.Status.ID != stark.Status.ID {
		t.Errorf("adopted %s, want %s", back.Status.ID, stark.Status.ID)
	}
	var name string
	check(t, connect(t, file[contract.Database](t, r, "tenant-stark", "office-database", "database.json")).
		QueryRow(t.Context(), `SELECT name FROM people`).Scan(&name))
}
