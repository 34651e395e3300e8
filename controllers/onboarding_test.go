package controllers_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// The cost of one onboarding, exactly. docs/performance.md quotes these figures.
const (
	onboardingWrites     = 23
	onboardingStatements = 14 // beside BEGIN and COMMIT of four transactions
	onboardingCalls      = 6
)

func TestOnboarding(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("warm"))
	r.Healthy("warm")
	r.Rests(0)
	r.API.Take()
	r.SQL.Take()
	r.S3.Take()
	r.Create(rig.Company("acme"))
	acme := r.Healthy("acme")

	t.Run("costs exactly", func(t *testing.T) { costs(t, r) })
	t.Run("says where", func(t *testing.T) { says(t, r, acme) })
	t.Run("logins and bucket work", func(t *testing.T) { works(t, r, acme) })
	t.Run("a steady pass writes nothing", func(t *testing.T) { steady(t, r) })
	t.Run("drift is mended", func(t *testing.T) { drift(t, r, acme) })
	t.Run("credentials are renewed at half their life", func(t *testing.T) { renewal(t, r, acme) })
	t.Run("a changed spec reaches the pods", func(t *testing.T) { changed(t, r) })
}

func costs(t *testing.T, r *rig.Rig) {
	want := map[string]int{
		"PATCH tenants/acme":                             1, // the finalizer
		"POST atrium-system/secrets":                     1, // the root key
		"PATCH tenants/acme/status":                      4, // migrating, starting, ready; healthy
		"PATCH namespaces/tenant-acme":                   1,
		"PATCH tenant-acme/rolebindings/atrium-operator": 1,
		"PATCH tenant-acme/serviceaccounts/office":       1,
		"PATCH tenant-acme/resourcequotas/tenant":        1,
		"PATCH tenant-acme/limitranges/tenant":           1,
		"PATCH tenant-acme/networkpolicies/tenant":       1,
		"PATCH tenant-acme/networkpolicies/office":       1,
		"POST tenant-acme/secrets":                       5,
		"PATCH tenant-acme/configmaps/office":            1,
		"PATCH tenant-acme/jobs/migrate-0-1-0-1":         1,
		"PATCH tenant-acme/services/office":              1,
		"POST tenant-acme/controllerrevisions":           1,
		"PATCH tenant-acme/deployments/office":           1,
	}
	got := map[string]int{}
	for _, act := range r.API.Take() {
		if strings.Contains(act, "acme") || strings.HasPrefix(act, "POST ") {
			got[short(act)]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("API writes (-want +got):\n%s", diff)
	}
	total := 0
	for n := range maps.Values(got) {
		total += n
	}
	if total != onboardingWrites {
		t.Errorf("%d API writes, want %d", total, onboardingWrites)
	}
	statements := slices.DeleteFunc(r.SQL.Take(), func(act string) bool {
		return act == "begin" || act == "commit" || strings.Contains(act, "split_part") || strings.Contains(act, "/* sweep */") || strings.HasPrefix(act, "UPDATE atrium.installations")
	})
	if len(statements) != onboardingStatements {
		t.Errorf("%d SQL statements, want %d:\n%s", len(statements), onboardingStatements, strings.Join(statements, "\n"))
	}
	calls := slices.DeleteFunc(r.S3.Take(), func(act string) bool { return strings.HasPrefix(act, "HEAD ") })
	if len(calls) != onboardingCalls {
		t.Errorf("%d S3 calls, want %d:\n%s", len(calls), onboardingCalls, strings.Join(calls, "\n"))
	}
}

// short leaves the API group and "namespaces" of namespaced objects out.
func short(act string) string {
	verb, path, _ := strings.Cut(act, " ")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	parts = parts[min(len(parts), map[string]int{"api": 2, "apis": 3}[parts[0]]):]
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[1:]
	}
	return verb + " " + strings.Join(parts, "/")
}

func says(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	s := acme.Status
	want := v1alpha1.TenantStatus{
		ID: s.ID, ObservedGeneration: 1, Operation: s.Operation, Conditions: s.Conditions,
		Placement: &v1alpha1.Placement{DatabaseServer: "postgres", ObjectStore: "minio"},
		Namespace: "tenant-acme", Schema: "t_" + s.ID + "_1", Bucket: r.Installation + "-" + s.ID,
		URL: "http://acme.localhost:8080", Hosts: []string{"acme.localhost"}, Release: "0.1.0", Plan: "standard",
		Credentials: s.Credentials,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if c := s.Credentials; c == nil || c.DatabaseSince == nil || c.BucketUntil == nil || !c.BucketUntil.After(c.DatabaseSince.Time) {
		t.Errorf("credentials %+v", c)
	}
	if o := s.Operation; o == nil || o.Type != v1alpha1.OperationCreate || o.Step != "Done" || o.Percent != 100 {
		t.Errorf("operation %+v, want a finished Create", o)
	}
	var row struct{ State, Store, Release, Target string }
	r.AsSuperuser(func(conn *pgx.Conn) {
		rig.Check(t, conn.QueryRow(t.Context(), `SELECT state, store, release, target FROM atrium.tenants WHERE id = $1 AND name = 'acme' AND installation = $2`,
			s.ID, r.Installation).Scan(&row.State, &row.Store, &row.Release, &row.Target))
	})
	if row.State != "active" || row.Store != "minio" || row.Release != "0.1.0" || row.Target != "0.1.0" {
		t.Errorf("registry row %+v", row)
	}
	var events eventsv1.EventList
	r.Eventually("an event tells that acme is ready", func() bool {
		return r.Client.List(t.Context(), &events) == nil && slices.ContainsFunc(events.Items, func(e eventsv1.Event) bool {
			return e.Regarding.Name == "acme" && e.Reason == v1alpha1.ReasonReady && e.Type == corev1.EventTypeNormal
		})
	}, func() string { return fmt.Sprint(len(events.Items), " events") })
	var d v1alpha1.DatabaseServer
	r.Eventually("the servers count two tenants", func() bool {
		return r.Client.Get(t.Context(), client.ObjectKey{Name: "postgres"}, &d) == nil && d.Status.Tenants == 2 && strings.HasPrefix(d.Status.Version, "17.")
	}, func() string { return d.Status.Version })
}

func works(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	migrate := rig.File[contract.Database](t, r, "tenant-acme", "office-migrate", "database.json")
	app := rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json")
	rig.Check(t, migrate.Check(), app.Check())
	if app.MaxConns != 10 || migrate.Role != "t_"+acme.Status.ID+"_owner" {
		t.Errorf("maxConns %d, role %s", app.MaxConns, migrate.Role)
	}
	sealing := rig.File[contract.Keys](t, r, "tenant-acme", v1alpha1.SecretOfficeKeys, contract.FileKeys)
	rig.Check(t, sealing.Check())
	if root := rootKey(r, acme.Status.ID); len(sealing.Seal) != 1 || sealing.Seal[0].ID != root.ID() || !bytes.Equal(sealing.Seal[0].Key, root.Derive(keys.Seal)) {
		t.Errorf("the app seals with %d keys that are not derived from root key %s", len(sealing.Seal), root.ID())
	}
	m := rig.Connect(t, migrate)
	for _, statement := range []string{`SET ROLE ` + migrate.Role, `CREATE TABLE people (name text)`} {
		_, err := m.Exec(t.Context(), statement)
		rig.Check(t, err)
	}
	_, err := rig.Connect(t, app).Exec(t.Context(), `INSERT INTO people VALUES ('王芳')`)
	rig.Check(t, err)
	b := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json")
	rig.Check(t, b.Check())
	store, err := minio.New(strings.TrimPrefix(b.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, b.SessionToken), Region: b.Region})
	rig.Check(t, err)
	_, err = store.PutObject(t.Context(), b.Name, "a/b", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	rig.Check(t, err)
	var warm v1alpha1.Tenant
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "warm"}, &warm))
	for name, err := range map[string]error{
		"put into another bucket": func() error {
			_, err := store.PutObject(t.Context(), warm.Status.Bucket, "x", strings.NewReader("x"), 1, minio.PutObjectOptions{})
			return err
		}(),
		"list another bucket": func() error {
			for o := range store.ListObjectsIter(t.Context(), warm.Status.Bucket, minio.ListObjectsOptions{}) {
				return o.Err
			}
			return nil
		}(),
		"tag its own bucket":    store.RemoveBucketTagging(t.Context(), b.Name),
		"remove its own bucket": store.RemoveBucket(t.Context(), b.Name),
		"set a policy":          store.SetBucketPolicy(t.Context(), b.Name, `{"Version":"2012-10-17","Statement":[]}`),
		"make a bucket":         store.MakeBucket(t.Context(), r.Installation+"-stranger", minio.MakeBucketOptions{}),
	} {
		if minio.ToErrorResponse(err).Code != "AccessDenied" {
			t.Errorf("the app may %s: %v", name, err)
		}
	}
}

func steady(t *testing.T, r *rig.Rig) {
	r.Rests(0)
	r.API.Take()
	for range 3 {
		r.Poke("acme")
	}
	if writes := ours(r.API.Take()); len(writes) > 0 {
		t.Errorf("steady passes wrote %v", writes)
	}
	r.Now.Forward(6 * time.Minute) // servers are verified anew
	r.SQL.Take()
	r.Poke("acme")
	if writes := ours(r.API.Take()); len(writes) > 0 {
		t.Errorf("a verifying pass wrote %v", writes)
	}
	for _, statement := range r.SQL.Take() {
		if !slices.Contains([]string{"SELECT", "begin", "commit"}, strings.Fields(statement)[0]) && !strings.HasPrefix(statement, "UPDATE atrium.installations") {
			t.Errorf("a verifying pass wrote %s", statement)
		}
	}
}

// ours are the writes for acme.
func ours(acts []string) []string {
	return slices.DeleteFunc(acts, func(act string) bool { return !strings.Contains(act, "acme") })
}

func drift(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	var d appsv1.Deployment
	key := client.ObjectKey{Namespace: "tenant-acme", Name: "office"}
	rig.Check(t, r.Client.Get(t.Context(), key, &d))
	d.Spec.Template.Spec.Containers[0].Image = "example.com/other:1"
	rig.Check(t, r.Client.Update(t.Context(), &d))
	r.Eventually("the image is ours again", func() bool {
		return r.Client.Get(t.Context(), key, &d) == nil && d.Spec.Template.Spec.Containers[0].Image == rig.Image
	}, func() string { return d.Spec.Template.Spec.Containers[0].Image })
	rig.Check(t, r.Client.Delete(t.Context(), &corev1.Service{ObjectMeta: d.ObjectMeta}))
	r.Eventually("the Service is there again", func() bool { return r.Client.Get(t.Context(), key, &corev1.Service{}) == nil }, func() string { return "" })
	before := rig.File[contract.Keys](t, r, "tenant-acme", v1alpha1.SecretOfficeKeys, contract.FileKeys)
	rig.Check(t, r.Client.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "tenant-acme", Name: v1alpha1.SecretOfficeKeys}}))
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `ALTER ROLE "t_`+acme.Status.ID+`_app_a" NOLOGIN`)
		rig.Check(t, err)
	})
	r.Now.Forward(6 * time.Minute)
	r.Poke("acme")
	rig.Connect(t, rig.File[contract.Database](t, r, "tenant-acme", "office-database", "database.json"))
	if after := rig.File[contract.Keys](t, r, "tenant-acme", v1alpha1.SecretOfficeKeys, contract.FileKeys); !cmp.Equal(before, after) {
		t.Error("what the app seals with is another key than before")
	}
}

func renewal(t *testing.T, r *rig.Rig, _ *v1alpha1.Tenant) {
	before := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json")
	r.Rests(0)
	r.API.Take()
	r.Now.Forward(13 * time.Hour)
	r.Poke("acme")
	after := rig.File[contract.Bucket](t, r, "tenant-acme", "office-bucket", "bucket.json")
	if before.SessionToken == after.SessionToken {
		t.Error("credentials past half their life were not renewed")
	}
	for _, write := range ours(r.API.Take()) {
		if !slices.Contains([]string{"PATCH tenant-acme/secrets/office-bucket", "PATCH tenants/acme/status"}, short(write)) {
			t.Errorf("the renewal wrote %s", write)
		}
	}
}

func changed(t *testing.T, r *rig.Rig) {
	r.Create(rig.Plan("large", 2))
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Plan, t.Spec.DisplayName = "large", "新名字" })
	acme := r.Ready("acme")
	if o := acme.Status.Operation; o.Type != v1alpha1.OperationChange || o.Step != "Done" || acme.Status.Plan != "large" {
		t.Errorf("operation %+v, plan %s", o, acme.Status.Plan)
	}
	var d appsv1.Deployment
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "office"}, &d))
	if *d.Spec.Replicas != 2 {
		t.Errorf("%d replicas, want 2", *d.Spec.Replicas)
	}
	var c corev1.ConfigMap
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "office"}, &c))
	if !strings.Contains(c.Data["settings.json"], "新名字") {
		t.Errorf("settings %s", c.Data["settings.json"])
	}
}
