package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/store/migrations"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// OldestSchema is the oldest schema on which this program serves. Migrations only
// add, so it stays behind the newest until a release drops what an older one made.
const OldestSchema = 9

const (
	lockTimeout  = 2 * time.Second // a queue behind a lock would stop the whole company
	migrateLimit = 10 * time.Minute
	retryPause   = 500 * time.Millisecond
)

// ErrSchemaNewer means that the schema is newer than this program knows.
var ErrSchemaNewer = errors.New("the schema is newer than this program; run the release that made it, or a later one")

// Migration is one step of the schema. Once released it is never edited.
type Migration struct {
	Version int
	Name    string
	SQL     string
}

// Migrations are all steps, in order, numbered from 1 without a gap.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	steps := make([]Migration, 0, len(names))
	for i, file := range names {
		number, name, _ := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 || len(number) != 4 {
			return nil, fmt.Errorf("migration %s must be called %04d_<name>.sql", file, i+1)
		}
		raw, err := fs.ReadFile(migrations.Files, file)
		if err != nil {
			return nil, err
		}
		steps = append(steps, Migration{Version: version, Name: name, SQL: string(raw)})
	}
	return steps, nil
}

// NewestSchema is the version that MigrateUp reaches.
func NewestSchema() int {
	steps, err := Migrations()
	if err != nil {
		panic(err) // the files are embedded; a test reads them
	}
	return len(steps)
}

// SchemaVersion is the version that is in the database now; 0 before the first
// migration.
func (d *DB) SchemaVersion(ctx context.Context) (int, error) {
	var version int
	err := d.Q(ctx).NewRaw("SELECT coalesce(max(version), 0) FROM schema_version").Scan(ctx, &version)
	if isUndefinedTable(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// MigrateUp brings the schema of settings to the newest version, one transaction a
// step. Two that run at once take turns. It gives the version before and after.
func MigrateUp(ctx context.Context, settings contract.Database, log *slog.Logger) (from, to int, err error) {
	ctx, cancel := context.WithTimeout(ctx, migrateLimit)
	defer cancel()
	steps, err := Migrations()
	if err != nil {
		return 0, 0, err
	}
	conn, err := connectForMigration(ctx, settings)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	from = -1
	for {
		var before, after int
		err := retryLocks(ctx, log, func() (err error) {
			before, after, err = step(ctx, conn, settings, steps)
			return err
		})
		if err != nil {
			return from, before, err
		}
		if from < 0 {
			from = before
		}
		if before == after {
			return from, after, nil
		}
		log.InfoContext(ctx, "schema migrated", "version", after, "name", steps[after-1].Name)
	}
}

// connectForMigration makes one connection that may run several statements at once.
func connectForMigration(ctx context.Context, settings contract.Database) (*pgx.Conn, error) {
	config, err := connConfig(settings)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to migrate: %w", err)
	}
	return conn, nil
}

// step applies the next migration, if any, and gives the versions around it.
func step(ctx context.Context, conn *pgx.Conn, settings contract.Database, steps []Migration) (before, after int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := prepareStep(ctx, tx, settings); err != nil {
		return 0, 0, err
	}
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_version").Scan(&before); err != nil {
		return 0, 0, fmt.Errorf("read the schema version: %w", err)
	}
	switch {
	case before > len(steps):
		return before, before, ErrSchemaNewer
	case before == len(steps):
		return before, before, nil
	}
	next := steps[before]
	if _, err := tx.Exec(ctx, next.SQL); err != nil {
		return before, before, fmt.Errorf("migrate to %d (%s): %w", next.Version, next.Name, err)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO schema_version (version, name) VALUES ($1, $2)", next.Version, next.Name); err != nil {
		return before, before, fmt.Errorf("record schema %d: %w", next.Version, err)
	}
	if err := tx.Commit(ctx); err != nil {
		return before, before, fmt.Errorf("commit schema %d: %w", next.Version, err)
	}
	return before, next.Version, nil
}

// prepareStep takes the owner's role and this schema's turn. All of it ends with
// the transaction, so it works behind a pooler.
func prepareStep(ctx context.Context, tx pgx.Tx, settings contract.Database) error {
	statements := []string{
		"SET LOCAL search_path TO " + pgx.Identifier{settings.Schema}.Sanitize(),
		fmt.Sprintf("SET LOCAL lock_timeout = %d", lockTimeout.Milliseconds()),
	}
	if settings.Role != "" {
		statements = append(statements, "SET LOCAL ROLE "+pgx.Identifier{settings.Role}.Sanitize())
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare to migrate: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, schemaVersionTable); err != nil {
		return fmt.Errorf("create the table of schema versions: %w", err)
	}
	// Not an advisory lock: those reach across the whole database, so another
	// company's login could hold it. Reading goes on.
	if _, err := tx.Exec(ctx, "LOCK TABLE schema_version IN EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	return nil
}

const schemaVersionTable = `CREATE TABLE IF NOT EXISTS schema_version (
	version    integer PRIMARY KEY,
	name       text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
)`

// retryLocks runs do again while it fails for a lock, until ctx ends.
func retryLocks(ctx context.Context, log *slog.Logger, do func() error) error {
	for {
		err := do()
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || !passes(pg) {
			return err
		}
		log.WarnContext(ctx, "a lock is taken; trying again", "reason", pg.Message)
		select {
		case <-ctx.Done():
			return fmt.Errorf("give up after %s: %w", migrateLimit, err)
		case <-time.After(retryPause + rand.N(retryPause)):
		}
	}
}

// passes says whether an error is gone at the next attempt: a lock was taken, or
// another migration made the first table at the same moment.
func passes(pg *pgconn.PgError) bool {
	atOnce := pg.Code == "23505" && pg.SchemaName == "pg_catalog"
	return pg.Code == "55P03" || pg.Code == "40P01" || atOnce
}

func isUndefinedTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}
