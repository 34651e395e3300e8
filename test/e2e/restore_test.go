//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

// restoreLimit bounds one restore of a small company, until its app has started.
const restoreLimit = 5 * time.Minute

// TestRestoreACompany destroys a company's rows and files, and brings them back in place
// while another company answers all the time; then a new company begins with the backup.
func TestRestoreACompany(t *testing.T) {
	c := fresh(t, "ruined", "复原贸易有限公司")
	onboard(t, c)
	admin := c.activate(t)
	if err := admin.addPerson(t.Context(), "陆归来"); err != nil {
		t.Fatal(err)
	}
	people, err := admin.people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := filesOf(t, c)
	saved := backUp(t, c, v1alpha1.BackupFull)
	drill := restore(t, c.name+"-drill", c.name, saved.Name, v1alpha1.RestoreDrill)
	if drill.Status.Proof == nil {
		t.Errorf("the drill proves nothing: %+v", drill.Status)
	}
	if left := kubectl(t, "get", "secrets,configmaps,networkpolicies", "-n", c.namespace(), "-o", "name"); strings.Contains(left, drill.Name) {
		t.Errorf("what the drill worked with is still there:\n%s", left)
	}
	if err := admin.addPerson(t.Context(), "后来者"); err != nil {
		t.Fatal(err)
	}
	destroy(t, c)
	if left := filesOf(t, c); len(left) > 0 || len(files) == 0 {
		t.Fatalf("%d of %d files are left", len(left), len(files))
	}

	asked := askAllAlong(t, demoTenant(t, "globex").Status.URL+"/login")
	done := restore(t, c.name+"-back", c.name, saved.Name, v1alpha1.RestoreInPlace)
	n, failed := asked()
	t.Logf("globex was asked %d times meanwhile, %d failed; %s was away for %s", n, len(failed), c.name, done.Status.Downtime)
	if n == 0 || len(failed) > 0 {
		t.Errorf("globex was asked %d times meanwhile, failed: %s", n, strings.Join(failed, "; "))
	}
	c.awaitReady(t, onboardingLimit)
	c.has(t, people)
	if back := filesOf(t, c); !maps.Equal(back, files) {
		t.Errorf("%d files came back, want %d as they were", len(back), len(files))
	}

	second := fresh(t, "twin", "复原二号有限公司")
	second.restoreFrom = saved.Name
	apply(t, second.manifest())
	t.Cleanup(func() { second.erase(t) })
	second.awaitReady(t, restoreLimit)
	second.has(t, people)
}

// has expects people to be in a company, after its administrator signed in.
func (c company) has(t *testing.T, want map[string]int) {
	t.Helper()
	now, err := c.signIn(t).people(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(now, want) {
		t.Errorf("people of %s are %v, want %v", c.name, now, want)
	}
}

// restore makes a TenantRestore and waits until it is complete.
func restore(t *testing.T, name, tenant, backup string, mode v1alpha1.RestoreMode) v1alpha1.TenantRestore {
	t.Helper()
	apply(t, fmt.Sprintf("apiVersion: atrium.dev/v1alpha1\nkind: TenantRestore\nmetadata: {name: %s, labels: {%s: \"true\"}}\nspec: {tenant: %s, backup: %s, mode: %s}\n", name, mark, tenant, backup, mode))
	var tr v1alpha1.TenantRestore
	took := eventually(t, restoreLimit, "TenantRestore "+name+" to be Complete", func(ctx context.Context) (err error) {
		if tr, err = object[v1alpha1.TenantRestore](ctx, "tenantrestore", name); err != nil {
			return err
		}
		complete := meta.FindStatusCondition(tr.Status.Conditions, v1alpha1.ConditionComplete)
		if complete == nil || complete.Status != "True" {
			return fmt.Errorf("its conditions are %+v", tr.Status.Conditions)
		}
		return nil
	})
	t.Logf("restore %s took %.1f s: compared %+v", mode, took.Seconds(), *tr.Status.Compared)
	return tr
}

// destroy does what somebody does who has stolen the login that migrates and the store's
// issuer.
func destroy(t *testing.T, c company) {
	t.Helper()
	secret, err := object[corev1.Secret](t.Context(), "secret", v1alpha1.SecretOfficeMigrate, "-n", c.namespace())
	if err != nil {
		t.Fatal(err)
	}
	var d contract.Database
	if err := json.Unmarshal(secret.Data[contract.FileDatabase], &d); err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig("sslmode=disable connect_timeout=10")
	if err != nil {
		t.Fatal(err)
	}
	config.Host, config.Port, config.Database, config.User, config.Password = addressOf(t, d.Host), uint16(d.Port), d.Name, d.User, d.Password
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range []string{"SET ROLE " + pgx.Identifier{d.Role}.Sanitize(), "TRUNCATE " + pgx.Identifier{d.Schema, "person"}.Sanitize() + " CASCADE"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	client, bucket := bucketOf(t, c)
	for key := range filesOf(t, c) {
		if err := client.RemoveObject(t.Context(), bucket, key, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// filesOf are the objects of a company's bucket with their digests.
func filesOf(t *testing.T, c company) map[string]string {
	t.Helper()
	client, bucket := bucketOf(t, c)
	found := map[string]string{}
	for o := range client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		found[o.Key] = o.ETag
	}
	return found
}

// bucketOf a company, seen by the store's issuer.
func bucketOf(t *testing.T, c company) (*minio.Client, string) {
	t.Helper()
	tenant, err := c.tenant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	declared, err := object[v1alpha1.ObjectStore](t.Context(), "objectstore", tenant.Status.Placement.ObjectStore)
	if err != nil {
		t.Fatal(err)
	}
	issuer := secretOf(t, declared.Spec.IssuerSecretRef.Name)
	endpoint, err := url.Parse(declared.Spec.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(net.JoinHostPort(addressOf(t, endpoint.Hostname()), cmp.Or(endpoint.Port(), "80")), &minio.Options{
		Creds: credentials.NewStaticV4(string(issuer["accessKey"]), string(issuer["secretKey"]), ""), BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, tenant.Status.Bucket
}
