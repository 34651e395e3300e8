package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"

	"atrium.dev/atrium/tenant-app/contract"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

type commentKey struct{}

var requestForm = regexp.MustCompile(contract.RequestIDForm)

// WithRequest puts a request's id behind every statement of the context as the
// comment /*rid=…*/, so that the database's log and pg_stat_activity name the
// request. An id that could be more than an id is left out.
func WithRequest(ctx context.Context, id string) context.Context {
	if !requestForm.MatchString(id) {
		return ctx
	}
	return context.WithValue(ctx, commentKey{}, " /*rid="+id+"*/")
}

func comment(ctx context.Context) string {
	text, _ := ctx.Value(commentKey{}).(string)
	return text
}

// commenting makes connections that add the comment. (bun has comments of its own,
// but leaves them out of raw queries and of transactions.)
type commenting struct{ driver.Connector }

func (c commenting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("connect to the database: pgx gave a %T", conn)
	}
	return commentingConn{inner}, nil
}

type commentingConn struct{ *stdlib.Conn }

func (c commentingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, query+comment(ctx), args)
}

func (c commentingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, query+comment(ctx), args)
}

// errOptions says that a transaction was asked for that nothing here needs.
var errOptions = errors.New("begin a transaction: only the default isolation level is supported")

func (c commentingConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.ReadOnly || sql.IsolationLevel(options.Isolation) != sql.LevelDefault {
		return nil, errOptions
	}
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, driver.ErrBadConn
	}
	words := comment(ctx)
	inner, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "begin" + words, CommitQuery: "commit" + words})
	if err != nil {
		return nil, err
	}
	return &commentedTx{ctx, inner, "rollback" + words}, nil
}

// commentedTx is a transaction that database/sql holds. Its context is that of the
// request, as it is in pgx's own.
type commentedTx struct {
	ctx      context.Context //nolint:containedctx // driver.Tx hands none over
	inner    pgx.Tx
	rollback string
}

func (t *commentedTx) Commit() error { return t.inner.Commit(t.ctx) }

// Rollback says it in our words; what pgx says after it finds no transaction, so it
// is said only when ours failed, to close the connection.
func (t *commentedTx) Rollback() error {
	if _, err := t.inner.Exec(t.ctx, t.rollback); err == nil || errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return t.inner.Rollback(t.ctx)
}
