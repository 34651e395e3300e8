package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// stray is an id that no registry knows.
const stray = "zyxwvutsrq"

// Whatever belongs to nobody is found after its grace and goes when somebody names
// it; whatever belongs to a tenant, active or retained, or to somebody else, stays
// though it is named.
func TestOrphans(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("active"))
	active := r.Ready("active").Status
	r.Create(rig.Company("retained"))
	retained := r.Ready("retained").Status
	r.Remove("retained")
	lose(t, r)
	postgres, minioStore := &v1alpha1.DatabaseServer{ObjectMeta: rig.Named("postgres")}, &v1alpha1.ObjectStore{ObjectMeta: rig.Named("minio")}
	before := append(r.Left(active.ID), r.Left(retained.ID)...)

	// Found, and not yet reported: it may belong to somebody in a moment.
	sweep(r, postgres, "", metav1.ConditionFalse)
	sweep(r, minioStore, "", metav1.ConditionFalse)
	r.Now.Forward(11 * time.Minute)
	inDatabase := []string{
		"namespace/tenant-lost/" + stray, "role/t_" + stray + "_app_a", "role/t_" + stray + "_owner", "schema/t_" + stray + "_1", "secret/key-" + stray + "/" + stray,
		"unclaimed/nobody (nobodyaaaa)",
	}
	inStore := []string{"bucket/" + r.Installation + "-" + stray}
	everything := strings.Join(append(append(inDatabase, inStore...),
		"bucket/"+active.Bucket, "bucket/"+retained.Bucket, "bucket/"+r.Installation+"-strangersb", "schema/"+active.Schema, "schema/"+retained.Schema,
		"namespace/tenant-active/"+active.ID, "role/t_othersothe_owner"), ",")
	sweep(r, postgres, "", metav1.ConditionTrue, inDatabase...)
	sweep(r, minioStore, "", metav1.ConditionTrue, inStore...)
	sweep(r, postgres, everything, metav1.ConditionTrue, "unclaimed/nobody (nobodyaaaa)")
	sweep(r, minioStore, everything, metav1.ConditionFalse)

	if diff := cmp.Diff(before, append(r.Left(active.ID), r.Left(retained.ID)...)); diff != "" {
		t.Errorf("tenants lost something (-before +after):\n%s", diff)
	}
	if left := r.Left(stray); len(left) > 0 {
		t.Errorf("of the orphans there is %v", left)
	}
	if !r.BucketExists(r.Installation+"-strangersb") || len(r.Left("othersothe")) == 0 {
		t.Error("what is somebody else's was removed")
	}
	r.Eventually("the orphaned namespace goes", func() bool {
		return client.IgnoreNotFound(r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-lost"}, &corev1.Namespace{})) == nil &&
			r.Client.Get(t.Context(), client.ObjectKey{Name: "tenant-lost"}, &corev1.Namespace{}) != nil
	}, func() string { return "" })

	// While another installation uses the database, nothing tells whose a schema is.
	r.AsSuperuser(func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), `CREATE SCHEMA t_`+stray+`_2; INSERT INTO atrium.installations (installation, cluster, heartbeat, epoch) VALUES ('other', 'c', now(), 1)`)
		rig.Check(t, err)
	})
	sweep(r, postgres, "", metav1.ConditionTrue, "unclaimed/nobody (nobodyaaaa)")
	r.Now.Forward(11 * time.Minute)
	sweep(r, postgres, "", metav1.ConditionTrue, "unclaimed/nobody (nobodyaaaa)")
	// While a registry is away, nothing is decided.
	r.SetSecret("postgres-admin", "password", "wrong")
	sweep(r, minioStore, "", metav1.ConditionUnknown)
}

// lose leaves things behind that no tenant has, and some of strangers.
func lose(t *testing.T, r *rig.Rig) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.Database.DSN())
	rig.Check(t, err)
	defer func() { rig.Check(t, conn.Close(t.Context())) }()
	for _, statement := range []string{
		`CREATE ROLE t_ID_owner`, `CREATE ROLE t_ID_app_a LOGIN`, `GRANT "DATABASE_tenants" TO t_ID_app_a`, `CREATE SCHEMA t_ID_1`,
		`GRANT USAGE, CREATE ON SCHEMA t_ID_1 TO t_ID_owner`, `GRANT t_ID_owner TO CURRENT_USER WITH SET TRUE`,
		`SET ROLE t_ID_owner`, `CREATE TABLE t_ID_1.people (name text)`, `RESET ROLE`,
		`INSERT INTO atrium.tenants (id, installation, name, state, store, bucket, fence) SELECT 'nobodyaaaa', installation, 'nobody', 'active', 'minio', 'b', 1 FROM atrium.installations`,
	} {
		_, err := conn.Exec(t.Context(), strings.NewReplacer("ID", stray, "DATABASE", r.Database.Name).Replace(statement))
		rig.Check(t, err)
	}
	rig.Check(t, env.PostgresServer(t).Exec("postgres", `CREATE ROLE t_othersothe_owner`)) // tied to no database
	for bucket, id := range map[string]string{r.Installation + "-" + stray: stray, r.Installation + "-strangersb": "somebodyelse"} {
		rig.Check(t, r.Root().MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
		mark, err := tags.MapToBucketTags(map[string]string{"atrium-installation": r.Installation, "atrium-tenant-id": id})
		rig.Check(t, err, r.Root().SetBucketTagging(t.Context(), bucket, mark))
		r.PutObject(bucket)
	}
	labels := map[string]string{v1alpha1.LabelTenantID: stray, v1alpha1.LabelTenant: "lost", v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
	r.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant-lost", Labels: labels}})
	key := rig.Secret("key-"+stray, map[string]string{"key": "x"})
	key.Labels = labels
	r.Create(key)
}

// sweep orders a removal and waits until the server reports what is wanted. A word
// that names no orphan comes back in the message: so it is known that this very
// order was read.
func sweep(r *rig.Rig, server client.Object, order string, status metav1.ConditionStatus, want ...string) {
	r.T.Helper()
	name, token := server.GetName(), "token/"+time.Now().Format("150405.000000")
	rig.Edit(r, name, server, func(o client.Object) {
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationRemoveOrphans: order + "," + token})
	})
	var now v1alpha1.ServerStatus
	r.Eventually(name+" reports "+strings.Join(want, ", "), func() bool {
		if r.Client.Get(r.T.Context(), client.ObjectKey{Name: name}, server) != nil {
			return false
		}
		switch o := server.(type) {
		case *v1alpha1.DatabaseServer:
			now = o.Status.ServerStatus
		case *v1alpha1.ObjectStore:
			now = o.Status.ServerStatus
		}
		c := meta.FindStatusCondition(now.Conditions, v1alpha1.ConditionOrphaned)
		read := c != nil && (strings.Contains(c.Message, token) || status == metav1.ConditionUnknown)
		return read && c.Status == status && slices.Equal(now.Orphans, want)
	}, func() string { return fmt.Sprintf("%v, %+v", now.Orphans, now.Conditions) })
}
