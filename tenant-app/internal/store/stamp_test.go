package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

func TestAStampIsRenewedByWritesToItsTables(t *testing.T) {
	db := storetest.OpenTenant(t, storetest.New(t))
	db.StampWrites("access", "once", "setting")
	read := func(ctx context.Context) (value kernel.ID) {
		t.Helper()
		if err := db.Q(ctx).NewRaw("SELECT value FROM stamp WHERE name = 'access'").Scan(ctx, &value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	seen := map[kernel.ID]string{read(t.Context()): "at first"}
	changed := func(after string) {
		t.Helper()
		value := read(t.Context())
		if former, ok := seen[value]; ok {
			t.Errorf("the stamp after %s is that of %s", after, former)
		}
		seen[value] = after
	}
	kept := func(after string) {
		t.Helper()
		if _, ok := seen[read(t.Context())]; !ok {
			t.Errorf("%s renewed the stamp", after)
		}
	}
	in := func(fail error, queries ...string) {
		t.Helper()
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			for _, query := range queries {
				if _, err := db.Q(ctx).NewRaw(query).Exec(ctx); err != nil {
					return err
				}
			}
			kept("a write that is not committed") // others see neither it nor a new stamp
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
	}
	in(nil, "INSERT INTO once (key) VALUES ('a')", "DELETE FROM once WHERE key = 'b'")
	changed("an insert")
	in(nil, "WITH gone AS (DELETE FROM once WHERE key = 'a' RETURNING key) INSERT INTO once SELECT key || 'c' FROM gone")
	changed("a query with a part that writes")
	in(nil, `update "once" set key = 'd' where key = 'ac'`)
	changed("an update")
	in(nil, "SELECT 'UPDATE once SET key'", "DELETE FROM job WHERE kind = 'x'")
	kept("reading, and writing to another table")
	in(errRefused, "DELETE FROM once")
	kept("what was rolled back")
	if _, err := db.Q(t.Context()).NewRaw("DELETE FROM once").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed("a write by itself")
}

var errRefused = errors.New("refused")

// Two that write to what the other one holds must not wait for the stamp as well.
func TestStampsAreRenewedLast(t *testing.T) {
	db := storetest.OpenTenant(t, storetest.New(t))
	db.StampWrites("access", "once")
	wrote, goOn := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	write := func(ctx context.Context, key string) error {
		_, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES (?)", key).Exec(ctx)
		return err
	}
	go func() {
		done <- db.InTx(t.Context(), func(ctx context.Context) error {
			err := write(ctx, "slow")
			close(wrote)
			<-goOn
			return err
		})
	}()
	<-wrote
	limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := db.InTx(limited, func(ctx context.Context) error { return write(ctx, "quick") }); err != nil {
		t.Errorf("beside a transaction that wrote too: %v", err)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
