package controllers_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// The wrapped keys of a deleted company are destroyed on request, in all versions
// and with a record; those of a company that is there, or may come back, never.
func TestDestroyingKeys(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	ids := map[string]string{"stranger": "zzzzzzzzzz"}
	for name, policy := range map[string]v1alpha1.DeletionPolicy{"active": v1alpha1.DeletionDelete, "retained": v1alpha1.DeletionRetain, "dropped": v1alpha1.DeletionDelete} {
		r.Create(rig.Company(name, func(t *v1alpha1.Tenant) {
			t.Spec.DeletionPolicy = policy
			t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: name}
		}))
		ids[name] = r.Ready(name).Status.ID
	}
	r.Remove("retained")
	r.Remove("dropped")
	bucket := r.Installation + "-keys"
	rig.Check(t, r.Root().EnableVersioning(t.Context(), bucket))
	copies := r.WrappedCopies(ids["dropped"])
	_, err := r.Root().PutObject(t.Context(), bucket, copies[0], strings.NewReader("x"), 1, minio.PutObjectOptions{})
	rig.Check(t, err, r.Root().RemoveObject(t.Context(), bucket, copies[0], minio.RemoveObjectOptions{}))

	ask := func(store string, names ...string) {
		t.Helper()
		rig.Edit(r, store, &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) {
			var asked []string
			for _, name := range names {
				asked = append(asked, ids[name])
			}
			o.Annotations = map[string]string{v1alpha1.AnnotationDestroyKey: strings.Join(asked, ", ")}
		})
		r.Eventually("the annotation of "+store+" is answered", func() bool {
			var o v1alpha1.ObjectStore
			rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: store}, &o))
			return o.Annotations[v1alpha1.AnnotationDestroyKey] == ""
		}, func() string { return strings.Join(names, ", ") })
	}
	ask("minio", "dropped") // not of purpose backup
	if left := versions(r, ids["dropped"]); left != 3 {
		t.Fatalf("%d versions, want 3 before the destruction", left)
	}
	ask("backup", "active", "retained", "dropped", "stranger")
	for name, want := range map[string]int{"active": 1, "retained": 1, "dropped": 0} {
		if left := versions(r, ids[name]); left != want {
			t.Errorf("%s: %d versions of its wrapped key, want %d", name, left, want)
		}
	}
	for name, want := range map[string]bool{"active": true, "retained": true, "dropped": false} {
		if have := keySecret(r, ids[name]) != nil; have != want {
			t.Errorf("%s: it has a Secret: %v", name, have)
		}
	}
	var destroyed []string
	r.AsSuperuser(func(conn *pgx.Conn) {
		rows, err := conn.Query(t.Context(), `SELECT name FROM atrium.tenants WHERE key_destroyed IS NOT NULL`)
		rig.Check(t, err)
		destroyed, err = pgx.CollectRows(rows, pgx.RowTo[string])
		rig.Check(t, err)
	})
	if !slices.Equal(destroyed, []string{"dropped"}) {
		t.Errorf("the registry says that the keys of %v are destroyed", destroyed)
	}
	ask("backup", "dropped") // once more changes nothing
	record, err := r.Root().GetObject(t.Context(), bucket, "destroyed/"+ids["dropped"]+".json", minio.GetObjectOptions{})
	rig.Check(t, err)
	raw, err := io.ReadAll(record)
	rig.Check(t, err)
	var said struct {
		ID, Installation string
		Copies           []string
	}
	rig.Check(t, json.Unmarshal(raw, &said))
	if said.ID != ids["dropped"] || said.Installation != r.Installation || !slices.Equal(said.Copies, copies) {
		t.Errorf("the record says %s", raw)
	}
	answers(t, r, ids)
}

func versions(r *rig.Rig, id string) (n int) {
	r.T.Helper()
	options := minio.ListObjectsOptions{Prefix: id + "/", Recursive: true, WithVersions: true}
	for o := range r.Root().ListObjectsIter(r.T.Context(), r.Installation+"-keys", options) {
		rig.Check(r.T, o.Err)
		n++
	}
	return n
}

// answers: each id has an event that says what became of its key, and why.
func answers(t *testing.T, r *rig.Rig, ids map[string]string) {
	t.Helper()
	for name, words := range map[string]string{
		"active": "tenant active is active; delete it", "retained": "tenant retained is retained; delete it",
		"stranger": "no registry knows", "dropped": "is destroyed (3 versions)",
	} {
		var all eventsv1.EventList
		r.Eventually("an event answers for "+name, func() bool {
			rig.Check(t, r.Client.List(t.Context(), &all))
			return slices.ContainsFunc(all.Items, func(e eventsv1.Event) bool {
				return e.Regarding.Name == "backup" && strings.Contains(e.Note, ids[name]) && strings.Contains(e.Note, words)
			})
		}, func() string {
			var notes []string
			for _, e := range all.Items {
				notes = append(notes, e.Note)
			}
			return strings.Join(notes, "\n")
		})
	}
}
