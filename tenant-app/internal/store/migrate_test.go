package store_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"regexp"
	"sync"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/store/migrations"
	"atrium.dev/atrium/tenant-app/internal/store/storetest"
	"github.com/jackc/pgx/v5"
)

var quiet = slog.New(slog.DiscardHandler)

func TestMigrateUpReachesTheNewestAndThenDoesNothing(t *testing.T) {
	tenant := storetest.New(t)
	from, to, err := store.MigrateUp(t.Context(), tenant.Migrate, quiet)
	if err != nil || from != 0 || to != store.NewestSchema() {
		t.Fatalf("first MigrateUp = %d, %d, %v", from, to, err)
	}
	from, to, err = store.MigrateUp(t.Context(), tenant.Migrate, quiet)
	if err != nil || from != to || to != store.NewestSchema() {
		t.Fatalf("second MigrateUp = %d, %d, %v", from, to, err)
	}
}

func TestTwoMigrationsAtOnceTakeTurns(t *testing.T) {
	tenant := storetest.New(t)
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() { _, _, errs[i] = store.MigrateUp(t.Context(), tenant.Migrate, quiet) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	db := storetest.OpenTenant(t, tenant)
	var rows int
	if err := db.Q(t.Context()).NewRaw("SELECT count(*) FROM schema_version").Scan(t.Context(), &rows); err != nil || rows != store.NewestSchema() {
		t.Fatalf("schema_version has %d rows, %v", rows, err)
	}
}

func TestMigrateRefusesANewerSchema(t *testing.T) {
	tenant := storetest.New(t)
	storetest.OpenTenant(t, tenant)
	exec(t, tenant, "INSERT INTO schema_version (version, name) VALUES (999, 'from the future')")
	if _, _, err := store.MigrateUp(t.Context(), tenant.Migrate, quiet); !errors.Is(err, store.ErrSchemaNewer) {
		t.Fatalf("MigrateUp on a newer schema = %v", err)
	}
}

// A lock that somebody holds must delay a migration, never make people queue
// behind it for longer than lock_timeout, and never fail it.
func TestMigrateWaitsForALockAndTriesAgain(t *testing.T) {
	tenant := storetest.New(t)
	holder := holdVersions(t, tenant)
	retried := make(chan struct{}, 100)
	log := slog.New(countingHandler{slog.DiscardHandler, retried})
	done := make(chan error, 1)
	go func() {
		_, _, err := store.MigrateUp(t.Context(), tenant.Migrate, log)
		done <- err
	}()
	select {
	case <-retried: // it gave up its place in the queue once
	case err := <-done:
		t.Fatalf("MigrateUp ended under a foreign lock: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("MigrateUp neither gave up nor ended")
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Advisory locks reach across the whole database and names of schemas are no
// secret: another company could hold any that a migration waits for.
func TestMigrateTakesNoAdvisoryLock(t *testing.T) {
	tenant := storetest.New(t)
	holder := holdVersions(t, tenant)
	done := make(chan error, 1)
	go func() {
		_, _, err := store.MigrateUp(t.Context(), tenant.Migrate, quiet)
		done <- err
	}()
	deadline := time.After(time.Minute)
	for waits := 0; waits == 0; {
		var advisory int
		err := holder.QueryRow(t.Context(), `
			SELECT count(*) FILTER (WHERE NOT granted), count(*) FILTER (WHERE locktype = 'advisory')
			FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waits, &advisory)
		if err != nil {
			t.Fatal(err)
		}
		if advisory > 0 {
			t.Fatalf("the migration has or wants %d advisory locks", advisory)
		}
		select {
		case <-deadline:
			t.Fatal("the migration does not wait for its turn")
		default:
		}
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// holdVersions is somebody who migrates the same company and does not end.
func holdVersions(t *testing.T, tenant storetest.Tenant) pgx.Tx {
	t.Helper()
	storetest.OpenTenant(t, tenant)
	holder, err := connect(t, tenant).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`SET LOCAL ROLE "` + tenant.Migrate.Role + `"`, `LOCK TABLE "` + tenant.Migrate.Schema + `".schema_version IN EXCLUSIVE MODE`,
	} {
		if _, err := holder.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return holder
}

func TestTablesBelongToTheOwnerAndKeepTheRules(t *testing.T) {
	tenant := storetest.New(t)
	storetest.OpenTenant(t, tenant)
	conn := connect(t, tenant)
	for what, query := range map[string]string{
		"tables without a primary key": `SELECT relname FROM pg_class c WHERE relkind = 'r' AND relnamespace = $1::regnamespace
			AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')`,
		"foreign keys that are not deferrable":         `SELECT conname FROM pg_constraint WHERE connamespace = $1::regnamespace AND contype = 'f' AND NOT condeferrable`,
		"triggers":                                     `SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND c.relnamespace = $1::regnamespace`,
		"relations that the owner's role does not own": `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND pg_get_userbyid(relowner) <> '` + tenant.Migrate.Role + `'`,
	} {
		var names []string
		err := conn.QueryRow(t.Context(), "SELECT coalesce(array_agg(name), '{}') FROM ("+query+") AS q(name)", tenant.App.Schema).Scan(&names)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(names) > 0 {
			t.Errorf("%s: %v", what, names)
		}
	}
}

// An empty company is a budget: PostgreSQL pays for each relation with a file.
func TestAnEmptyCompanyHasFewRelations(t *testing.T) {
	tenant := storetest.New(t)
	storetest.OpenTenant(t, tenant)
	var relations, tables int
	var bytes int64
	err := connect(t, tenant).QueryRow(t.Context(), `
		WITH mine AS (SELECT oid, relkind, reltoastrelid FROM pg_class WHERE relnamespace = $1::regnamespace),
		toast AS (SELECT reltoastrelid AS oid FROM mine WHERE reltoastrelid <> 0)
		SELECT (SELECT count(*) FROM mine) + 2 * (SELECT count(*) FROM toast),
			(SELECT count(*) FROM mine WHERE relkind = 'r'),
			(SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM mine WHERE relkind = 'r')::bigint`, tenant.App.Schema).Scan(&relations, &tables, &bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("an empty company has %d relations, %d tables, %d bytes", relations, tables, bytes)
	if relations > 500 || tables > 60 || bytes > 4<<20 {
		t.Errorf("an empty company has %d relations (at most 500), %d tables (60), %d bytes (4 MiB)", relations, tables, bytes)
	}
}

// Released files must not change: what they made is in every database.
func TestMigrationFilesAreNumberedAndPlain(t *testing.T) {
	steps, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	names, _ := fs.Glob(migrations.Files, "*")
	if len(steps) == 0 || len(names) != len(steps) {
		t.Fatalf("%d steps from %d files", len(steps), len(names))
	}
	forbidden := regexp.MustCompile(`(?i)\b(COMMIT|ROLLBACK|BEGIN\s*;|CONCURRENTLY|LISTEN|NOTIFY|CREATE\s+TRIGGER|CREATE\s+SCHEMA|search_path)\b`)
	for _, step := range steps {
		if hit := forbidden.FindString(step.SQL); hit != "" {
			t.Errorf("migration %d says %q", step.Version, hit)
		}
	}
}

func connect(t *testing.T, tenant storetest.Tenant) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), tenant.Admin.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// exec runs a statement as the owner's role.
func exec(t *testing.T, tenant storetest.Tenant, statement string) {
	t.Helper()
	conn := connect(t, tenant)
	for _, s := range []string{`SET ROLE "` + tenant.Migrate.Role + `"`, `SET search_path TO "` + tenant.App.Schema + `"`, statement} {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
