package controllers_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// What happens to buckets and their credentials while companies work.
func TestBucketsInUse(t *testing.T) {
	r := limited(t, env.MinIO(t))
	r.Create(&v1alpha1.ObjectStore{ObjectMeta: rig.Named("a-vault"), Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: r.Store.Endpoint, IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"}, Purpose: v1alpha1.PurposeBackup,
	}})
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Create(rig.Company("globex"))
	acme := r.Ready("acme")
	if at := r.Ready("globex").Status.Placement.ObjectStore + acme.Status.Placement.ObjectStore; at != "miniominio" {
		t.Errorf("a store of purpose backup took a company: %s", at)
	}
	t.Run("another issuer", func(t *testing.T) { anotherIssuer(t, r) })
	t.Run("revoked credentials", func(t *testing.T) { revoked(t, r) })
	t.Run("a root issuer", func(t *testing.T) { unlimited(t, r) })
	t.Run("a bucket that is somebody else's", func(t *testing.T) { taken(t, r, acme) })
	t.Run("a store that is away", func(t *testing.T) { away(t, r) })
	t.Run("the walk", func(t *testing.T) { walk(t, r, acme) })
}

func bucketFile(t *testing.T, r *rig.Rig, name string) contract.Bucket {
	t.Helper()
	return rig.File[contract.Bucket](t, r, "tenant-"+name, v1alpha1.SecretOfficeBucket, contract.FileBucket)
}

// anotherIssuer gives every company new credentials without anybody touching it.
func anotherIssuer(t *testing.T, r *rig.Rig) {
	before := map[string]contract.Bucket{"acme": bucketFile(t, r, "acme"), "globex": bucketFile(t, r, "globex")}
	access, secret := issuerOf(t, r, "second")
	r.SetSecret("minio-issuer", "accessKey", access)
	r.SetSecret("minio-issuer", "secretKey", secret)
	for name, old := range before {
		r.Eventually(name+" gets new credentials", func() bool { return bucketFile(t, r, name).SessionToken != old.SessionToken }, func() string { return "" })
		r.Ready(name)
		putText(t, app(t, r, name), old.Name, "after", name)
	}
	r.Store.RemoveUser(t, r.Installation+"-issuer") // nothing hangs on the former one
	putText(t, app(t, r, "acme"), before["acme"].Name, "after", "again")
}

func issuerOf(t *testing.T, r *rig.Rig, name string) (access, secret string) {
	t.Helper()
	u := env.User{
		Name: r.Installation + "-" + name, Secret: name + "-issuer-secret",
		Policy: strings.ReplaceAll(env.Manual(t, "issuer"), "INSTALLATION", r.Installation),
	}
	r.Store.SetUser(t, u)
	return u.Name, u.Secret
}

// revoked: the store does not take what it issued any more, as after a change of its
// root password, although the issuer has the same key as before.
func revoked(t *testing.T, r *rig.Rig) {
	var s corev1.Secret
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: v1alpha1.SecretOfficeBucket}, &s))
	unknown := bucketFile(t, r, "acme")
	unknown.SecretKey += "x"
	raw, err := json.Marshal(unknown)
	rig.Check(t, err)
	s.Data[contract.FileBucket] = raw
	rig.Check(t, r.Client.Update(t.Context(), &s))
	verified(r)
	r.Ready("acme")
	if now := bucketFile(t, r, "acme"); now.SessionToken == unknown.SessionToken {
		t.Error("credentials that the store refuses were kept")
	}
	putText(t, app(t, r, "acme"), unknown.Name, "after", "revoked")
}

func unlimited(t *testing.T, r *rig.Rig) {
	says := func(want string) {
		r.Eventually("RootIssuer says "+want, func() bool { return rootIssuer(t, r) == want }, func() string { return rootIssuer(t, r) })
	}
	says(v1alpha1.ReasonLimited)
	r.SetSecret("minio-issuer", "accessKey", r.Store.AccessKey)
	r.SetSecret("minio-issuer", "secretKey", r.Store.SecretKey)
	says(v1alpha1.ReasonUnlimited)
	access, secret := issuerOf(t, r, "third")
	r.SetSecret("minio-issuer", "accessKey", access)
	r.SetSecret("minio-issuer", "secretKey", secret)
	says(v1alpha1.ReasonLimited)
	r.Ready("acme")
}

// taken: somebody marks acme's bucket as their own. Nothing of it is touched, globex
// works on, and the mark put right heals.
func taken(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	r.Rests(0)
	root := r.Root()
	ours, err := root.GetBucketTagging(t.Context(), acme.Status.Bucket)
	rig.Check(t, err)
	theirs, err := tags.MapToBucketTags(map[string]string{"atrium-installation": r.Installation, "atrium-tenant-id": "zzzzzzzzzz"})
	rig.Check(t, err, root.SetBucketTagging(t.Context(), acme.Status.Bucket, theirs))
	verified(r)
	broken := r.Until("acme", "says that its bucket is taken", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionBucketReady).Reason == v1alpha1.ReasonBucketTaken
	})
	if c := rig.Condition(broken, v1alpha1.ConditionStalled); c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, "belongs to somebody else") {
		t.Errorf("Stalled is %s: %s", c.Status, c.Message)
	}
	r.Ready("globex")
	rig.Check(t, root.SetBucketTagging(t.Context(), acme.Status.Bucket, ours))
	r.Poke("acme")
	r.Ready("acme")
}

func away(t *testing.T, r *rig.Rig) {
	point := func(to string) {
		rig.Edit(r, "minio", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Spec.Endpoint = to })
	}
	point("http://127.0.0.1:1")
	broken := r.Until("acme", "says that the store is away", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionBucketReady).Reason == v1alpha1.ReasonStoreUnreachable
	})
	if c := rig.Condition(broken, v1alpha1.ConditionWorkloadReady); c.Status != metav1.ConditionTrue {
		t.Errorf("the pods still run, but WorkloadReady is %s", c.Status)
	}
	point(r.Store.Endpoint)
	r.Ready("acme")
	r.Ready("globex")
}

// walk: bytes show in steps and versions go by age, by the operator's clock.
func walk(t *testing.T, r *rig.Rig, acme *v1alpha1.Tenant) {
	bucket := acme.Status.Bucket
	putText(t, app(t, r, "acme"), bucket, "walked", strings.Repeat("x", 5000))
	putText(t, app(t, r, "acme"), bucket, "walked", strings.Repeat("y", 5000))
	limit := resource.MustParse("100k")
	rig.Edit(r, "minio", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Spec.Capacity.Bytes = &limit })
	shows := func(want int32) {
		r.Eventually("the store's use is shown", func() bool {
			used := store(t, r).Status.UsedPercent
			return used != nil && *used == want
		}, func() string { return rig.Describe(acme) })
	}
	r.Now.Forward(7 * time.Hour)
	shows(10) // 10,000 bytes and a few
	if n := versionsOf(t, r, bucket, "walked"); n != 2 {
		t.Errorf("%d versions, want the former one as well", n)
	}
	r.Now.Forward(31 * 24 * time.Hour)
	shows(5)
	if n := versionsOf(t, r, bucket, "walked"); n != 1 {
		t.Errorf("%d versions after 31 days", n)
	}
	r.Ready("acme")
	r.Ready("globex")
}

func versionsOf(t *testing.T, r *rig.Rig, bucket, key string) (n int) {
	t.Helper()
	for o := range r.Root().ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: key, WithVersions: true}) {
		rig.Check(t, o.Err)
		n++
	}
	return n
}

// verified makes the operator look at acme's servers anew. A pass that is under way
// must end before the clock moves: it would trust for minutes what it saw before.
func verified(r *rig.Rig) {
	r.Rests(0)
	r.Now.Forward(6 * time.Minute)
	r.Poke("acme")
}
