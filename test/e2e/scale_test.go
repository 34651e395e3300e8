//go:build e2e && scale

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestScale onboards TENANTS companies one after another, as a salesperson's list
// would, and writes down how long each took from kubectl apply until it was Ready.
func TestScale(t *testing.T) {
	count := number(t, "TENANTS", 10)
	var took []time.Duration
	for i := range count {
		c := fresh(t, fmt.Sprintf("scale-%03d", i+1), fmt.Sprintf("第%d号有限公司", i+1))
		t.Cleanup(func() { c.erase(t) })
		began := time.Now()
		apply(t, c.manifest())
		kubectl(t, "wait", "--for=condition=Ready", "tenant/"+c.name, "--timeout=25s")
		took = append(took, time.Since(began))
		t.Logf("%d of %d: %s Ready after %.1f s", i+1, count, c.name, took[i].Seconds())
	}
	sorted := slices.Sorted(slices.Values(took))
	slowest, median := sorted[len(sorted)-1], sorted[len(sorted)/2]
	t.Logf("slowest of %d: %.1f s, median %.1f s", count, slowest.Seconds(), median.Seconds())

	var b strings.Builder
	fmt.Fprintf(&b, "# Onboarding %d companies one after another\n\n", count)
	fmt.Fprintf(&b, "Commit %s, %s, %s. Command: `make scale TENANTS=%d`.\n", commit(t), time.Now().UTC().Format(time.DateOnly), machine(), count)
	fmt.Fprintf(&b, "Time is from the start of `kubectl apply` to the return of `kubectl wait --for=condition=Ready`; images are on the node.\n\n")
	fmt.Fprintf(&b, "| company | seconds |\n|---|---|\n")
	for i, d := range took {
		fmt.Fprintf(&b, "| %d | %.1f |\n", i+1, d.Seconds())
	}
	fmt.Fprintf(&b, "| **median** | %.1f |\n| **slowest** | %.1f |\n", median.Seconds(), slowest.Seconds())
	publish(t, fmt.Sprintf("scale-%s-%d", time.Now().UTC().Format(time.DateOnly), count), b.String())
}
