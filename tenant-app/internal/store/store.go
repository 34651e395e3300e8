// Package store is the way to the company's schema in PostgreSQL: connections that
// follow the mounted credentials, the transaction in the context, and migrations.
// Queries stand beside the use cases that need them, in each module's store.go.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	connectLimit = 5 * time.Second
	idleLimit    = time.Minute      // a quiet company gives its connections back
	lifeLimit    = 30 * time.Minute // so that a pooler or server behind a name can move
)

// DB is one company's database. It is safe for concurrent use and stays valid when
// credentials change.
type DB struct {
	bun    *bun.DB
	pool   *pgxpool.Pool
	target atomic.Pointer[target]
}

// target is where new connections go.
type target struct {
	settings contract.Database
	config   *pgx.ConnConfig
}

// Open prepares connections and makes none: an unreachable database shows at the
// first query. ctx bounds nothing but the preparation.
func Open(ctx context.Context, settings contract.Database) (*DB, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("prepare the database pool: %w", err)
	}
	first, err := aim(settings)
	if err != nil {
		return nil, err
	}
	d := &DB{}
	d.target.Store(first)
	config.ConnConfig = d.target.Load().config.Copy()
	config.MaxConns = 1000 // sql.DB keeps the real limit, which can change
	config.MaxConnIdleTime = idleLimit
	config.MaxConnLifetime = lifeLimit
	config.MaxConnLifetimeJitter = lifeLimit / 5
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		*c = *d.target.Load().config.Copy()
		return nil
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error { return prepare(ctx, c, d.target.Load().settings) }
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("prepare the database pool: %w", err)
	}
	sqlDB := sql.OpenDB(commenting{stdlib.GetPoolConnector(d.pool)})
	sqlDB.SetMaxIdleConns(0) // the pool keeps idle ones
	sqlDB.SetMaxOpenConns(settings.MaxConns)
	d.bun = bun.NewDB(sqlDB, pgdialect.New())
	return d, nil
}

// Follow takes changed settings once a connection with them works: new connections
// use them, idle ones close, busy ones close when their transaction ends. Until
// then, and while it fails, all stays as it was; try again.
func (d *DB) Follow(ctx context.Context, settings contract.Database) error {
	if d.target.Load().settings == settings {
		return nil
	}
	next, err := aim(settings)
	if err != nil {
		return err
	}
	if err := next.try(ctx); err != nil {
		return fmt.Errorf("keep the former database settings, the changed ones do not work: %w", err)
	}
	d.target.Store(next)
	d.bun.SetMaxOpenConns(settings.MaxConns)
	d.pool.Reset()
	return nil
}

func aim(settings contract.Database) (*target, error) {
	config, err := connConfig(settings)
	if err != nil {
		return nil, err
	}
	return &target{settings: settings, config: config}, nil
}

// prepare makes a new connection the company's.
func prepare(ctx context.Context, c *pgx.Conn, settings contract.Database) error {
	if settings.Role != "" { // migrate's login sees nothing by itself
		if _, err := c.Exec(ctx, "SET ROLE "+pgx.Identifier{settings.Role}.Sanitize()); err != nil {
			return err
		}
	}
	_, err := c.Exec(ctx, "SET search_path TO "+pgx.Identifier{settings.Schema}.Sanitize())
	return err
}

// try connects once and sees whether the schema can be used.
func (t *target) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, t.config.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if err := prepare(ctx, c, t.settings); err != nil {
		return err
	}
	var usable bool
	if err := c.QueryRow(ctx, "SELECT pg_catalog.has_schema_privilege($1, 'USAGE')", t.settings.Schema).Scan(&usable); err != nil {
		return err
	}
	if !usable {
		return fmt.Errorf("login %s may not use schema %s", t.settings.User, t.settings.Schema)
	}
	return nil
}

// Close ends all connections, waiting for those in use.
func (d *DB) Close() error {
	err := d.bun.Close()
	d.pool.Close()
	return err
}

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.bun.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// Stats are the figures of the pool.
func (d *DB) Stats() sql.DBStats { return d.bun.Stats() }

type txKey struct{}

// transaction is what a context carries inside InTx.
type transaction struct {
	tx        bun.Tx
	after     []func()
	stamps    []*stamp // of what it wrote
	committed bool
}

// current is the transaction in the context that has not ended; nil outside of one.
func current(ctx context.Context) *transaction {
	if t, ok := ctx.Value(txKey{}).(*transaction); ok && !t.committed {
		return t
	}
	return nil
}

// Q is what queries run on: the transaction in the context, or the pool.
func (d *DB) Q(ctx context.Context) bun.IDB {
	if t := current(ctx); t != nil {
		return t.tx
	}
	return d.bun
}

// InTx runs fn in a transaction that fn's context carries. Inside another InTx it
// joins the outer transaction, so fn's error must reach the outer caller: that one
// rolls back.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if current(ctx) != nil {
		return fn(ctx)
	}
	t := &transaction{}
	err := d.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		t.tx = tx
		if err := fn(context.WithValue(ctx, txKey{}, t)); err != nil {
			return err
		}
		return t.renewStamps(ctx)
	})
	if err != nil {
		return err
	}
	t.committed = true
	for _, after := range t.after {
		after()
	}
	return nil
}

// AfterCommit runs fn once the outermost transaction of ctx is committed, in the
// order of the calls; at once if there is none. What was rolled back runs nothing,
// and so may a process that ends in between: fn is for what may be lost, such as a
// hint to a browser. It must be quick, the request waits for it.
func AfterCommit(ctx context.Context, fn func()) {
	if t := current(ctx); t != nil {
		t.after = append(t.after, fn)
		return
	}
	fn()
}

// WithoutTx gives a context that has left the transaction: for what must stay
// written although the transaction is rolled back, such as a failed attempt.
func WithoutTx(ctx context.Context) context.Context {
	return context.WithValue(ctx, txKey{}, nil)
}

// IsNoRows says whether a query found nothing.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// IsUnique says whether err is a violation of the unique constraint or index of
// that name.
func IsUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == constraint
}

// IsUnavailable says whether the database could not be reached, or ended the
// connection, so that trying again helps.
func IsUnavailable(err error) bool {
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		switch pg.Code[:2] {
		case "08", "53", "57": // connection, resources, intervention
			return true
		}
		switch pg.Code {
		case "28P01", "28000", "55P03": // a login being rotated or closed, a lock that others hold
			return true
		}
		return false
	case errors.As(err, &connect):
		return true
	}
	return pgconn.Timeout(err)
}

// LogSlow is a threshold above which a statement is worth a line in the log.
const LogSlow = 500 * time.Millisecond

// slowLog names slow statements in the log, without their values.
type slowLog struct{ log *slog.Logger }

func (slowLog) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (s slowLog) AfterQuery(ctx context.Context, event *bun.QueryEvent) {
	if took := time.Since(event.StartTime); took > LogSlow {
		s.log.WarnContext(ctx, "slow statement", "operation", event.Operation(), "template", event.QueryTemplate, "ms", took.Milliseconds())
	}
}

// LogSlowTo writes slow statements to log. It comes before anything uses d.
func (d *DB) LogSlowTo(log *slog.Logger) { d.bun = d.bun.WithQueryHook(slowLog{log}) }
