//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// demoLimit bounds a second `make demo`, which builds nothing.
const demoLimit = 4 * time.Minute

// TestTwoOfEach looks for the second replica of what must never be alone.
func TestTwoOfEach(t *testing.T) {
	for _, component := range []string{"operator", "gateway"} {
		eventually(t, healLimit, "two ready pods of the "+component, func(ctx context.Context) error {
			found, err := pods(ctx, systemNamespace, v1alpha1.LabelComponent+"="+component)
			if err != nil {
				return err
			}
			ready := 0
			for _, p := range found {
				if len(p.Status.ContainerStatuses) > 0 && p.Status.ContainerStatuses[0].Ready {
					ready++
				}
			}
			if ready < 2 {
				return fmt.Errorf("%d of %d are ready", ready, len(found))
			}
			return nil
		})
	}
}

// TestUnknownHost asks for a company that is not there.
func TestUnknownHost(t *testing.T) {
	origin := demoTenant(t, "acme").Status.URL
	a := visitorAt(strings.Replace(origin, "//acme.", "//nobody-here.", 1)).get(t, "/login")
	if a.status != http.StatusNotFound || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("an unknown host answers %d %s, want a page with 404", a.status, a.header.Get("Content-Type"))
	}
	if strings.Contains(a.body, "云杉") || strings.Contains(a.body, "acme") {
		t.Error("the page for an unknown host names a company")
	}
}

// TestOperationsStayInside asks the gateway for what only Prometheus and the
// operator may see.
func TestOperationsStayInside(t *testing.T) {
	acme := visitorAt(demoTenant(t, "acme").Status.URL)
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/version"} {
		a := acme.get(t, path)
		for _, secret := range []string{"# HELP", "schemaVersion", "go_goroutines"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s through the gateway answers %d and shows %q", path, a.status, secret)
			}
		}
	}
}

// TestDemoAgainOnlyReconciles brings up what is up: nothing may start anew.
func TestDemoAgainOnlyReconciles(t *testing.T) {
	if os.Getenv("CLUSTER") == "existing" {
		t.Skip("make demo on somebody else's cluster may find images that changed")
	}
	before := everyPod(t)
	tenants := kubectl(t, "get", "tenants", "acme", "globex", "-o", generations)
	ctx, cancel := context.WithTimeout(t.Context(), demoLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join("..", "..", "hack", "demo", "demo"), "up")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make demo again: %v\n%s", errors.Join(err, ctx.Err()), out)
	}
	t.Logf("make demo again took %s", time.Since(began).Round(time.Second))
	if after := everyPod(t); !maps.Equal(before, after) {
		t.Errorf("make demo again changed pods\nfrom %v\nto   %v", before, after)
	}
	if after := kubectl(t, "get", "tenants", "acme", "globex", "-o", generations); after != tenants {
		t.Errorf("make demo again changed tenants from\n%s\nto\n%s", tenants, after)
	}
	for _, want := range []string{"http://acme.", "http://globex."} {
		if !strings.Contains(string(out), want) {
			t.Errorf("make demo does not name the address %s…:\n%s", want, out)
		}
	}
}

const generations = `jsonpath={range .items[*]}{.metadata.uid} {.metadata.generation} {.status.id} {.status.operation}{"\n"}{end}`

// everyPod is how often each running pod of platform and demo has been restarted, by its UID.
func everyPod(t *testing.T) map[string]int32 {
	t.Helper()
	found := map[string]int32{}
	for _, namespace := range []string{systemNamespace, "kube-system", v1alpha1.NamespacePrefix + "acme", v1alpha1.NamespacePrefix + "globex"} {
		list, err := object[corev1.PodList](t.Context(), "pods", "-n", namespace)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list.Items {
			if p.Status.Phase != corev1.PodRunning {
				continue
			}
			key := p.Namespace + "/" + p.Name + " " + string(p.UID)
			found[key] = 0
			for _, s := range p.Status.ContainerStatuses {
				found[key] += s.RestartCount
			}
		}
	}
	return found
}
