//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/objectstore"
)

// inventory lists what there is of a company by its id, in order: in the cluster, on
// the database server, in the store, and its wrapped keys in the backup store.
func inventory(t *testing.T, id string) []string {
	t.Helper()
	acme := demoTenant(t, "acme")
	installation := strings.TrimSuffix(acme.Status.Bucket, "-"+acme.Status.ID)
	found := inDatabase(t, id)
	// What stands outside the company's namespace: it and its root key.
	labelled := kubectl(t, "get", "namespaces,secrets", "-A", "-l", v1alpha1.LabelTenantID+"="+id, "-o",
		`jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\n"}{end}`)
	for line := range strings.Lines(labelled) {
		found = append(found, strings.ToLower(strings.Replace(strings.TrimSpace(line), "Secret "+systemNamespace+"/key-", "key ", 1)))
	}
	buckets, err := storeOf(t, "minio").TenantBuckets(t.Context(), installation)
	if err != nil {
		t.Fatal(err)
	}
	for bucket, of := range buckets {
		if of == id {
			found = append(found, "bucket "+bucket)
		}
	}
	copies, err := storeOf(t, "backup").Vault(installation).List(t.Context(), id+"/")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range copies {
		found = append(found, "wrapped "+name)
	}
	slices.Sort(found)
	return found
}

// inDatabase lists what the demo's database server and its registry have of an id.
// It asks PostgreSQL itself: kubectl exec may lose output and not say so.
func inDatabase(t *testing.T, id string) []string {
	t.Helper()
	conn := registryOf(t)
	rows, err := conn.Query(t.Context(), `
		SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE $1 UNION
		SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE $1 UNION
		SELECT 'login ' || rolname FROM pg_roles WHERE rolname LIKE $1 AND rolcanlogin UNION
		SELECT 'registry row ' || state FROM atrium.tenants WHERE id = $2`, `t\_`+id+`\_%`, id)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// storeOf is one of the demo's stores, seen by its issuer from this machine.
func storeOf(t *testing.T, name string) *objectstore.Store {
	t.Helper()
	declared, err := object[v1alpha1.ObjectStore](t.Context(), "objectstore", name)
	if err != nil {
		t.Fatal(err)
	}
	issuer := secretOf(t, declared.Spec.IssuerSecretRef.Name)
	endpoint, err := url.Parse(declared.Spec.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	endpoint.Host = net.JoinHostPort(addressOf(t, endpoint.Hostname()), cmp.Or(endpoint.Port(), "80"))
	store, err := objectstore.Open(objectstore.Config{
		Name: name, Endpoint: endpoint.String(), Region: declared.Spec.Region, PathStyle: true,
		AccessKey: string(issuer["accessKey"]), SecretKey: string(issuer["secretKey"]),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// addressOf is where this machine, which does not know the cluster's names, finds a
// host.
func addressOf(t *testing.T, host string) string {
	t.Helper()
	service, inside := strings.CutSuffix(host, "."+systemNamespace+".svc")
	if !inside {
		return host
	}
	return kubectl(t, "get", "service", service, "-n", systemNamespace, "-o", "jsonpath={.spec.clusterIP}")
}

// secretOf is what a Secret of the platform's namespace holds.
func secretOf(t *testing.T, name string) map[string][]byte {
	t.Helper()
	secret, err := object[corev1.Secret](t.Context(), "secret", name, "-n", systemNamespace)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Data
}

// askAllAlong fetches a page again and again, each time over a new connection, until
// the returned function is called, which says how often and what failed.
func askAllAlong(t *testing.T, address string) func() (int, []string) {
	t.Helper()
	page, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var asked int
	var failed []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pace := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; <-pace.C {
			v := visitorAt(page.Scheme + "://" + page.Host)
			a, err := v.send(ctx, http.MethodGet, page.Path, "", "", nil)
			v.client.CloseIdleConnections()
			if ctx.Err() != nil {
				return // cut off by the end
			}
			if asked++; err != nil {
				failed = append(failed, err.Error())
			} else if a.status != http.StatusOK {
				failed = append(failed, fmt.Sprint(a.status, " ", a.body))
			}
		}
	}()
	return func() (int, []string) {
		stop()
		<-done
		return asked, failed
	}
}
