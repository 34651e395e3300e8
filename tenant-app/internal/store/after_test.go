package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

func TestAfterCommitRunsWhatWasCommitted(t *testing.T) {
	db := storetest.Open(t)
	var ran []string
	note := func(ctx context.Context, what string) {
		store.AfterCommit(ctx, func() { ran = append(ran, what) })
	}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		note(ctx, "first")
		if err := db.InTx(ctx, func(ctx context.Context) error { note(ctx, "inner"); return nil }); err != nil {
			return err
		}
		note(store.WithoutTx(ctx), "outside")
		if _, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES ('k')").Exec(ctx); err != nil {
			return err
		}
		store.AfterCommit(ctx, func() {
			// The transaction has ended: this reads what others read.
			var rows int
			if err := db.Q(ctx).NewRaw("SELECT count(*) FROM once").Scan(ctx, &rows); err != nil {
				t.Error(err)
			}
			if err := db.InTx(ctx, func(ctx context.Context) error { note(ctx, fmt.Sprint(rows, " row")); return nil }); err != nil {
				t.Error(err)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err = db.InTx(t.Context(), func(ctx context.Context) error { note(ctx, "rolled back"); return boom })
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	note(t.Context(), "without")
	if got, want := fmt.Sprint(ran), "[outside first inner 1 row without]"; got != want {
		t.Errorf("ran %s, want %s", got, want)
	}
}
