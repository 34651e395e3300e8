package tenant

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A fault is tried again a few times at once and then at most once a second, but
// never so seldom that its repair goes unseen.
func TestRetriesGrowApart(t *testing.T) {
	const atOnce, seen = 5, 10 * time.Second
	delays := retries()
	var after time.Duration
	for n := 1; n <= 100; n++ {
		delay := delays.When(reconcile.Request{})
		if after += delay; float64(n) > after.Seconds()+atOnce {
			t.Fatalf("%d attempts within %s", n, after)
		}
		if delay > seen {
			t.Fatalf("attempt %d comes %s after the one before", n, delay)
		}
	}
}
