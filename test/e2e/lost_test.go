//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
)

const (
	exportLimit     = 10 * time.Minute // twice what the operator lets pass between two exports
	newClusterLimit = 10 * time.Minute // images and parts are there already
)

// mayEnd is set by a run that made the cluster for itself (hack/e2e): it may take it away.
const mayEnd = "ATRIUM_E2E_MAY_END"

// TestTheClusterIsLost takes the cluster away with all that is in it: etcd, the database
// server, the data stores, keys. Only the store of backups and the recovery identity are
// left. A new cluster is made as the first was, and the manual's way ("The cluster is
// lost") brings two companies back with their people and their backups.
func TestTheClusterIsLost(t *testing.T) {
	if os.Getenv(mayEnd) == "" {
		t.Skip("the cluster is somebody's: make e2e takes away the one that it made itself")
	}
	both := []company{fresh(t, "lost", "失而复得有限公司"), fresh(t, "found", "完璧归赵有限公司")}
	onboard(t, both...)
	people, ids := map[string]map[string]int{}, map[string]string{}
	saved := map[string]string{}
	for _, c := range both {
		admin := c.activate(t)
		if err := admin.addPerson(t.Context(), "陆归来"); err != nil {
			t.Fatal(err)
		}
		var err error
		if people[c.name], err = admin.people(t.Context()); err != nil {
			t.Fatal(err)
		}
		saved[c.name] = backUp(t, c, v1alpha1.BackupFull).Name
		ids[c.name] = c.awaitReady(t, onboardingLimit).Status.ID
	}
	documents := exported(t, both, saved)
	newCluster(t)
	for _, c := range both {
		left := slices.DeleteFunc(inventory(t, ids[c.name]), func(thing string) bool { return strings.HasPrefix(thing, "wrapped ") })
		if _, err := c.tenant(t.Context()); err == nil || len(left) > 0 {
			t.Fatalf("the new cluster knows %s: %v %s", c.name, err, strings.Join(left, ", "))
		}
		apply(t, documents[c.name])
	}
	supplyIdentity(t)
	for _, c := range both {
		back := c.awaitReady(t, restoreLimit)
		if back.Status.ID == ids[c.name] {
			t.Errorf("%s has its former id %s: it was not lost", c.name, back.Status.ID)
		}
		c.has(t, people[c.name])
		if _, err := object[v1alpha1.TenantBackup](t.Context(), "tenantbackup", saved[c.name]); err != nil {
			t.Error(err)
		}
		kubectl(t, "delete", "secret", "key-"+ids[c.name], "-n", systemNamespace)
	}
}

// newCluster takes the cluster and its disks away and makes another one.
func newCluster(t *testing.T) {
	t.Helper()
	began := time.Now()
	for _, command := range [][]string{{"go", "run", "-C", "../../hack/cluster", ".", "down"}, {"../../hack/demo/demo", "up"}} {
		ctx, cancel := context.WithTimeout(t.Context(), newClusterLimit)
		defer cancel()
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	t.Logf("the cluster was taken away, and a new one was there after %.0f s", time.Since(began).Seconds())
}

// identityFile is where the demo keeps the recovery identity.
func identityFile() string {
	return filepath.Join(filepath.Dir(os.Getenv("KUBECONFIG")), "recovery-identity.txt")
}

// exported waits for an export that names the companies' backups, and returns the
// Tenants in it. A new leader looks at once.
func exported(t *testing.T, companies []company, saved map[string]string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(identityFile())
	if err != nil {
		t.Fatal(err)
	}
	identities, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s holds no recovery identity", identityFile())
	}
	acme := demoTenant(t, "acme")
	vault := storeOf(t, "backup").Vault(strings.TrimSuffix(acme.Status.Bucket, "-"+acme.Status.ID))
	pod, _ := mustLeader(t)
	if err := kill(pod); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	took := eventually(t, exportLimit, "an export with both backups", func(ctx context.Context) error {
		clear(found)
		names, err := vault.List(ctx, "control/")
		if err != nil || len(names) == 0 {
			return errors.Join(err, errors.New("there is no export"))
		}
		sealed, err := vault.Get(ctx, names[len(names)-1], 16<<20)
		if err != nil {
			return err
		}
		plain, err := age.Decrypt(bytes.NewReader(sealed), identities...)
		if err != nil {
			return fmt.Errorf("decrypt %s: %w", names[len(names)-1], err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			return err
		}
		for part := range strings.SplitSeq(string(text), "---\n") {
			for _, c := range companies {
				if strings.Contains(part, "kind: Tenant\n") && strings.Contains(part, "backup: "+saved[c.name]+"\n") {
					found[c.name] = part
				}
			}
		}
		if len(found) != len(companies) {
			return fmt.Errorf("the latest export names %d of %d backups", len(found), len(companies))
		}
		return nil
	})
	t.Logf("the export was there %.1f s after the operator was killed", took.Seconds())
	return found
}

// registryOf connects to the demo's database server, where the registry is.
func registryOf(t *testing.T) *pgx.Conn {
	t.Helper()
	declared, err := object[v1alpha1.DatabaseServer](t.Context(), "databaseserver", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	admin := secretOf(t, declared.Spec.AdminSecretRef.Name)
	config, err := pgx.ParseConfig("sslmode=disable connect_timeout=10")
	if err != nil {
		t.Fatal(err)
	}
	config.Host, config.Port, config.Database = addressOf(t, declared.Spec.Host), uint16(declared.Spec.Port), declared.Spec.Database
	config.User, config.Password = string(admin["username"]), string(admin["password"])
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// supplyIdentity does what the manual says, until the test ends.
func supplyIdentity(t *testing.T) {
	t.Helper()
	kubectl(t, "create", "secret", "generic", "recovery-identity", "-n", systemNamespace, "--from-file=identity="+identityFile())
	t.Cleanup(func() {
		if _, err := run(context.WithoutCancel(t.Context()), "", "delete", "secret", "recovery-identity", "-n", systemNamespace, "--ignore-not-found"); err != nil {
			t.Error(err)
		}
	})
}
