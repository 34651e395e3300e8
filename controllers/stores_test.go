package controllers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/env"
	"atrium.dev/atrium/test/rig"
)

// A company is made, works, is apart from others and goes, on MinIO with STS and on
// Versity's gateway with users that its administrator makes; the issuer has the
// rights of the manual on both.
func TestEveryStoreCarriesCompanies(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *env.Store{"minio": env.MinIO, "versitygw": env.Versity} {
		t.Run(name, func(t *testing.T) {
			r := limited(t, start(t))
			r.Operate()
			r.Create(rig.Company("acme", func(t *v1alpha1.Tenant) {
				t.Spec.DeletionPolicy = v1alpha1.DeletionDelete
				t.Annotations = map[string]string{v1alpha1.AnnotationConfirmDeletion: "acme"}
			}))
			r.Create(rig.Company("globex"))
			acme, globex := credentialed(t, r, "acme"), credentialed(t, r, "globex")
			r.Eventually("the issuer is known to be limited", func() bool { return rootIssuer(t, r) == v1alpha1.ReasonLimited }, func() string { return rootIssuer(t, r) })

			for one, other := range map[*v1alpha1.Tenant]*v1alpha1.Tenant{acme: globex, globex: acme} {
				c := app(t, r, one.Name)
				putText(t, c, one.Status.Bucket, "王芳.txt", one.Name)
				if got, err := c.StatObject(t.Context(), one.Status.Bucket, "王芳.txt", minio.StatObjectOptions{}); err != nil || got.Size != int64(len(one.Name)) {
					t.Errorf("%s reads %d bytes, %v", one.Name, got.Size, err)
				}
				if _, err := c.StatObject(t.Context(), other.Status.Bucket, "王芳.txt", minio.StatObjectOptions{}); minio.ToErrorResponse(err).StatusCode != http.StatusForbidden {
					t.Errorf("%s reads the file of %s: %v", one.Name, other.Name, err)
				}
			}
			if !r.Store.STS {
				t.Run("static credentials", func(t *testing.T) { staticFaults(t, r, globex) })
			}
			r.Remove("acme")
			if r.BucketExists(acme.Status.Bucket) || !r.BucketExists(globex.Status.Bucket) {
				t.Error("acme's bucket is left, or that of globex is gone")
			}
			if _, err := app(t, r, "globex").StatObject(t.Context(), globex.Status.Bucket, "王芳.txt", minio.StatObjectOptions{}); err != nil {
				t.Errorf("globex after acme went: %v", err)
			}
		})
	}
}

// limited is a rig whose store has an issuer with the rights of the manual.
func limited(t *testing.T, store *env.Store) *rig.Rig {
	t.Helper()
	r := rig.On(t, rig.Servers{Database: env.Postgres(t), Store: store})
	access, secret := store.Issuer(t, r.Installation)
	r.SetSecret("minio-issuer", "accessKey", access)
	r.SetSecret("minio-issuer", "secretKey", secret)
	if !store.STS {
		rig.Edit(r, "minio", &v1alpha1.ObjectStore{}, func(o *v1alpha1.ObjectStore) { o.Spec.Credentials = v1alpha1.CredentialsStatic })
	}
	return r
}

// credentialed waits for a Tenant to be ready. Where credentials are static it does
// what the condition asks the store's administrator for.
func credentialed(t *testing.T, r *rig.Rig, name string) *v1alpha1.Tenant {
	t.Helper()
	if r.Store.STS {
		return r.Ready(name)
	}
	waiting := r.Until(name, "asks for its Secret", func(t *v1alpha1.Tenant) bool {
		return rig.Condition(t, v1alpha1.ConditionCredentialsReady).Reason == v1alpha1.ReasonStaticMissing
	})
	file := "minio-" + waiting.Status.ID
	if m := rig.Condition(waiting, v1alpha1.ConditionCredentialsReady).Message; !strings.Contains(m, "Secret "+file) || !strings.Contains(m, "bucket "+waiting.Status.Bucket) {
		t.Errorf("%s: the condition says %q", name, m)
	}
	access, secret := r.Store.Grant(t, waiting.Status.Bucket, waiting.Status.Bucket, r.Installation+"-issuer")
	r.Create(rig.Secret(file, map[string]string{"accessKey": access, "secretKey": secret}))
	r.Poke(name)
	return r.Ready(name)
}

// staticFaults puts keys into a company's Secret that must not reach its pods.
func staticFaults(t *testing.T, r *rig.Rig, globex *v1alpha1.Tenant) {
	file := "minio-" + globex.Status.ID
	good := rig.File[contract.Bucket](t, r, "tenant-globex", v1alpha1.SecretOfficeBucket, contract.FileBucket)
	for reason, c := range map[string]struct{ access, secret, words string }{
		v1alpha1.ReasonStaticMissing: {good.AccessKey, "", "lacks accessKey or secretKey"},
		v1alpha1.ReasonStaticRefused: {good.AccessKey, "nonsense", "do not reach bucket"},
		v1alpha1.ReasonStaticTooWide: {r.Store.AccessKey, r.Store.SecretKey, "may list bucket " + r.Installation + "-probe"},
	} {
		r.SetSecret(file, "accessKey", c.access)
		r.SetSecret(file, "secretKey", c.secret)
		r.Poke("globex")
		broken := r.Until("globex", reason, func(t *v1alpha1.Tenant) bool {
			return rig.Condition(t, v1alpha1.ConditionCredentialsReady).Reason == reason
		})
		if ready := rig.Condition(broken, v1alpha1.ConditionReady); ready.Reason != reason || !strings.Contains(ready.Message, c.words) {
			t.Errorf("%s: Ready says %s: %s", reason, ready.Reason, ready.Message)
		}
		if now := rig.File[contract.Bucket](t, r, "tenant-globex", v1alpha1.SecretOfficeBucket, contract.FileBucket); now != good {
			t.Errorf("%s: the pods got other credentials", reason)
		}
	}
	r.SetSecret(file, "accessKey", good.AccessKey)
	r.SetSecret(file, "secretKey", good.SecretKey)
	r.Poke("globex")
	r.Ready("globex")
}

// app is a client with the credentials that a company's pods have.
func app(t *testing.T, r *rig.Rig, name string) *minio.Client {
	t.Helper()
	b := rig.File[contract.Bucket](t, r, "tenant-"+name, v1alpha1.SecretOfficeBucket, contract.FileBucket)
	rig.Check(t, b.Check())
	return r.Store.Client(t, b.AccessKey, b.SecretKey, b.SessionToken)
}

func putText(t *testing.T, c *minio.Client, bucket, key, content string) {
	t.Helper()
	_, err := c.PutObject(t.Context(), bucket, key, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	rig.Check(t, err)
}

func store(t *testing.T, r *rig.Rig) *v1alpha1.ObjectStore {
	t.Helper()
	var o v1alpha1.ObjectStore
	rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Name: "minio"}, &o))
	return &o
}

// rootIssuer is the reason of the store's condition RootIssuer.
func rootIssuer(t *testing.T, r *rig.Rig) string {
	t.Helper()
	c := meta.FindStatusCondition(store(t, r).Status.Conditions, v1alpha1.ConditionRootIssuer)
	if c == nil || (c.Status == metav1.ConditionTrue) != (c.Reason == v1alpha1.ReasonUnlimited) {
		return ""
	}
	return c.Reason
}
