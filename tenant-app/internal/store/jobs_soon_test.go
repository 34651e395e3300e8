package store_test

import (
	"context"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/store"
)

// Many that ask at once, each in a transaction of its own, get one job and do not wait
// for each other.
func TestAJobThatManyAskForIsPlannedOnce(t *testing.T) {
	q := newQueue(t)
	j := q.jobs()
	soon := j.HandleSoon("index", time.Minute, func(context.Context) error { return nil })
	other := q.jobs().HandleSoon("index", time.Minute, func(context.Context) error { return nil }) // another replica
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := q.db.InTx(limited, func(ctx context.Context) error {
		soon.Ask(ctx)
		soon.Ask(ctx)
		return q.db.InTx(store.WithoutTx(ctx), func(ctx context.Context) error {
			other.Ask(ctx)
			return nil
		})
	})
	if err != nil {
		t.Fatalf("asked for in two transactions at once: %v", err)
	}
	if got := q.rows(); got != "index 0" {
		t.Errorf("planned are %q, want the job once", got)
	}
}
