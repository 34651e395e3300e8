package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
)

type countingHandler struct {
	slog.Handler
	seen chan<- struct{}
}

func (countingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h countingHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "lock is taken") {
		h.seen <- struct{}{}
	}
	return nil
}

func TestInTxRollsBackOnErrorAndJoinsTheOuterOne(t *testing.T) {
	db := storetest.Open(t)
	boom := errors.New("boom")
	insert := func(ctx context.Context, key string) error {
		_, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES (?)", key).Exec(ctx)
		return err
	}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		if err := db.InTx(ctx, func(ctx context.Context) error { return insert(ctx, "inner") }); err != nil {
			return err
		}
		if err := insert(store.WithoutTx(ctx), "outside"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("InTx = %v", err)
	}
	var keys []string
	if err := db.Q(t.Context()).NewRaw("SELECT key FROM once ORDER BY key").Scan(t.Context(), &keys); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(keys) != "[outside]" {
		t.Errorf("rows after the rollback: %v, want only the one written outside", keys)
	}
}

// Rotation swaps between two logins and then takes the old one's password away.
func TestFollowMovesToNewCredentials(t *testing.T) {
	tenant := storetest.New(t)
	db := storetest.OpenTenant(t, tenant)
	user := func() (name string) {
		t.Helper()
		if err := db.Q(t.Context()).NewRaw("SELECT session_user::text").Scan(t.Context(), &name); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if got := user(); got != tenant.App.User {
		t.Fatalf("connected as %s", got)
	}
	other := tenant.App
	other.User = strings.TrimSuffix(other.User, "_a") + "_b"
	other.MaxConns = 2
	if err := db.Follow(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, tenant).Exec(t.Context(), "ALTER ROLE "+tenant.App.User+" NOLOGIN"); err != nil {
		t.Fatal(err)
	}
	if got := user(); got != other.User {
		t.Errorf("after Follow connected as %s, want %s", got, other.User)
	}
	if got := db.Stats().MaxOpenConnections; got != 2 {
		t.Errorf("after Follow at most %d connections, want 2", got)
	}
	if _, err := db.SchemaVersion(t.Context()); err != nil {
		t.Errorf("the new login does not find the schema: %v", err)
	}
}

// What cannot be used is not taken, and what worked goes on working.
func TestFollowKeepsWhatWorks(t *testing.T) {
	tenant := storetest.New(t)
	db := storetest.OpenTenant(t, tenant)
	other := tenant.App
	other.User = strings.TrimSuffix(other.User, "_a") + "_b"
	for name, change := range map[string]func(*contract.Database){
		"wrong password":   func(d *contract.Database) { d.Password = "wrong" },
		"nobody there":     func(d *contract.Database) { d.Port = 1 },
		"no such schema":   func(d *contract.Database) { d.Schema = "t_nothing_1" },
		"another's schema": func(d *contract.Database) { d.Schema = "pg_toast" },
	} {
		broken := other
		change(&broken)
		if err := db.Follow(t.Context(), broken); err == nil || strings.Contains(err.Error(), broken.Password) {
			t.Errorf("%s: Follow = %v, want an error without the password", name, err)
		}
		var user string
		if err := db.Q(t.Context()).NewRaw("SELECT session_user::text").Scan(t.Context(), &user); err != nil || user != tenant.App.User {
			t.Errorf("%s: then connected as %s, %v; want %s", name, user, err, tenant.App.User)
		}
	}
	if err := db.Follow(t.Context(), other); err != nil {
		t.Errorf("once it works: %v", err)
	}
}

// A transaction that began before a swap ends as if there was none.
func TestFollowLetsTransactionsEnd(t *testing.T) {
	tenant := storetest.New(t)
	db := storetest.OpenTenant(t, tenant)
	other := tenant.App
	other.User = strings.TrimSuffix(other.User, "_a") + "_b"
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES ('before')").Exec(ctx); err != nil {
			return err
		}
		if err := db.Follow(ctx, other); err != nil {
			return err
		}
		_, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES ('after')").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := db.Q(t.Context()).NewRaw("SELECT count(*) FROM once").Scan(t.Context(), &rows); err != nil || rows != 2 {
		t.Errorf("%d rows, %v; want 2", rows, err)
	}
}

func TestErrorsNeverHoldThePassword(t *testing.T) {
	settings := storetest.New(t).App
	settings.Password = "hunter2-secret"
	settings.SSLMode = "disable"
	settings.Host = "127.0.0.1"
	settings.Port = 1
	db, err := store.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Ping(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") || !store.IsUnavailable(err) {
		t.Errorf("Ping of a closed port = %v, want an unavailable error without the password", err)
	}
	settings.CABundle = "no certificate"
	settings.SSLMode = "verify-full"
	if err := db.Follow(t.Context(), settings); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Follow with a broken CA bundle = %v", err)
	}
}

// Two statements in one argument must stay one argument.
func TestArgumentsCannotEndAStatement(t *testing.T) {
	db := storetest.Open(t)
	nasty := `x'); DROP TABLE once; -- \' ` + "\n"
	ctx := store.WithRequest(t.Context(), "x*/ DROP TABLE once; /*")
	if _, err := db.Q(ctx).NewRaw("INSERT INTO once (key) VALUES (?)", nasty).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.Q(ctx).NewRaw("SELECT key FROM once").Scan(ctx, &got); err != nil || got != nasty {
		t.Errorf("read back %q, %v", got, err)
	}
}

func TestTheAppCannotChangeTheSchema(t *testing.T) {
	db := storetest.Open(t)
	for _, statement := range []string{"DROP TABLE once", "CREATE TABLE mine (id int PRIMARY KEY)", "ALTER TABLE once ADD COLUMN x int"} {
		if _, err := db.Q(t.Context()).NewRaw(statement).Exec(t.Context()); err == nil {
			t.Errorf("%s succeeded", statement)
		}
	}
}

func TestTwoCompaniesInOneDatabaseDoNotMeet(t *testing.T) {
	first := storetest.New(t)
	storetest.OpenTenant(t, first)
	second := storetest.In(t, first.Admin)
	db := storetest.OpenTenant(t, second)
	var n int
	err := db.Q(t.Context()).NewRaw("SELECT count(*) FROM "+first.App.Schema+".once").Scan(t.Context(), &n)
	if err == nil {
		t.Error("a company's login reads another company's table")
	}
}
