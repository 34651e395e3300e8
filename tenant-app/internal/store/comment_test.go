package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"github.com/jackc/pgx/v5"
)

// The request's id reaches the database with each statement, those that begin and
// end transactions too; work that belongs to no request carries none.
func TestStatementsCarryTheRequest(t *testing.T) {
	tenant := storetest.New(t)
	db := storetest.OpenTenant(t, tenant)
	// Only a session of the same login may see what another was told.
	watch := tenant.Admin
	watch.User, watch.Password = tenant.App.User, tenant.App.Password
	watcher := connect(t, storetest.Tenant{Admin: watch})
	const id = "WLKJX4AAQ7-0193"
	for name, c := range map[string]struct {
		ctx  context.Context
		want string
	}{
		"request":    {store.WithRequest(t.Context(), id), " /*rid=" + id + "*/"},
		"background": {t.Context(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var pid int
			var query string
			read := func(ctx context.Context) {
				t.Helper()
				if err := db.Q(ctx).NewRaw("SELECT pg_backend_pid(), query FROM pg_stat_activity WHERE pid = pg_backend_pid()").Scan(ctx, &pid, &query); err != nil {
					t.Fatal(err)
				}
				if !strings.HasSuffix(query, "pg_backend_pid()"+c.want) {
					t.Errorf("the database sees %q", query)
				}
			}
			read(c.ctx)
			if err := db.InTx(c.ctx, func(ctx context.Context) error { read(ctx); return nil }); err != nil {
				t.Fatal(err)
			}
			lastSaid(t, watcher, pid, "commit"+c.want)
			broken := errors.New("broken")
			err := db.InTx(c.ctx, func(ctx context.Context) error {
				read(ctx)
				return broken
			})
			if !errors.Is(err, broken) {
				t.Fatal(err)
			}
			lastSaid(t, watcher, pid, "rollback"+c.want)
			err = db.InTx(c.ctx, func(context.Context) error {
				lastSaid(t, watcher, pid, "begin"+c.want)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Q(c.ctx).NewRaw("INSERT INTO once (key) VALUES (?)", name).Exec(c.ctx); err != nil {
				t.Fatal(err)
			}
			lastSaid(t, watcher, pid, "INSERT INTO once (key) VALUES ('"+name+"')"+c.want)
		})
	}
}

// lastSaid asks another connection what a backend was told last. The pool has one
// connection here as long as nothing runs at the same time.
func lastSaid(t *testing.T, watcher *pgx.Conn, pid int, want string) {
	t.Helper()
	var got string
	if err := watcher.QueryRow(t.Context(), "SELECT query FROM pg_stat_activity WHERE pid = $1", pid).Scan(&got); err != nil || got != want {
		t.Errorf("the database was told %q, want %q (%v)", got, want, err)
	}
}

// What is not an id is left out as a whole, whatever it would do to a statement.
func TestOnlyIDsBecomeComments(t *testing.T) {
	db := storetest.Open(t)
	for _, id := range []string{"", "*/ DROP TABLE once; --", "a b", "a\nb", "a'b", "a_b", "ünïcödé", "a/*b", strings.Repeat("x", 65), "x\x00"} {
		ctx := store.WithRequest(t.Context(), id)
		var query string
		if err := db.Q(ctx).NewRaw("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()").Scan(ctx, &query); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(query, "pg_backend_pid()") {
			t.Errorf("id %q made %q", id, query)
		}
	}
}

// BenchmarkRequestComment runs point selects in turn with and without a request's
// id. The ratio is the time with the id to the time without.
func BenchmarkRequestComment(b *testing.B) {
	tenant := storetest.New(b)
	db := storetest.OpenTenant(b, tenant)
	contexts := [2]context.Context{store.WithRequest(b.Context(), "WLKJX4AAQ7BCDEFGHIJKLMNOPQ"), b.Context()}
	if _, err := db.Q(b.Context()).NewRaw("INSERT INTO once (key) VALUES ('k')").Exec(b.Context()); err != nil {
		b.Fatal(err)
	}
	var took [2]time.Duration
	var key string
	first := 0
	for b.Loop() {
		first = 1 - first // neither always follows the other
		for _, i := range [2]int{first, 1 - first} {
			began := time.Now()
			if err := db.Q(contexts[i]).NewRaw("SELECT key FROM once WHERE key = ?", "k").Scan(contexts[i], &key); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(began)
		}
	}
	b.ReportMetric(float64(took[0].Microseconds())/float64(b.N), "with-µs")
	b.ReportMetric(float64(took[1].Microseconds())/float64(b.N), "without-µs")
	b.ReportMetric(float64(took[0])/float64(took[1]), "ratio")
}
