//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"atrium.dev/atrium/api/v1alpha1"
)

// backupLimit bounds one backup of a small company, its image's start included.
const backupLimit = 3 * time.Minute

// TestBackUpACompany lets the real agent work in the real cluster: with the company's
// quota, its network policies, the store's session credentials and a login that is
// open for that time alone.
func TestBackUpACompany(t *testing.T) {
	c := fresh(t, "saved", "备份科技有限公司")
	onboard(t, c)
	full := backUp(t, c, v1alpha1.BackupFull) // its plan may have asked for one already
	if got := full.Status.Contents; got == nil || got.Tables < 50 || got.Rows == 0 || got.Objects == 0 {
		t.Errorf("it holds %+v", got)
	}
	next := backUp(t, c, v1alpha1.BackupIncremental)
	if next.Status.Type != v1alpha1.BackupIncremental || next.Status.Previous != full.Name || next.Status.Generation != full.Status.Generation {
		t.Errorf("the second backup is %+v after %s", next.Status, full.Name)
	}
	if added, whole := next.Status.Contents.StoredBytes, full.Status.Contents.StoredBytes; added*2 > whole {
		t.Errorf("the second backup added %d bytes where the first has %d", added, whole)
	}
	left := kubectl(t, "get", "secrets,networkpolicies", "-n", c.namespace(), "-o", "name")
	for _, b := range []string{full.Name, next.Name} {
		if strings.Contains(left, b) {
			t.Errorf("what backup %s worked with is still there:\n%s", b, left)
		}
	}
}

// backUp makes one backup and waits until it is complete.
func backUp(t testing.TB, c company, kind v1alpha1.BackupType) v1alpha1.TenantBackup {
	t.Helper()
	name := fmt.Sprintf("%s-%d", c.name, time.Now().UnixMilli())
	apply(t, fmt.Sprintf("apiVersion: atrium.dev/v1alpha1\nkind: TenantBackup\nmetadata: {name: %s, labels: {%s: \"true\"}}\nspec: {tenant: %s, type: %s}\n", name, mark, c.name, kind))
	var b v1alpha1.TenantBackup
	took := eventually(t, backupLimit, "TenantBackup "+name+" to be Complete", func(ctx context.Context) (err error) {
		if b, err = object[v1alpha1.TenantBackup](ctx, "tenantbackup", name); err != nil {
			return err
		}
		complete := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionComplete)
		if complete == nil || complete.Status != "True" {
			return fmt.Errorf("its conditions are %+v", b.Status.Conditions)
		}
		return nil
	})
	t.Logf("%s backup took %.1f s: %+v", b.Status.Type, took.Seconds(), *b.Status.Contents)
	return b
}
