package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5/stdlib"
)

type commentKey struct{}

var commentForm = regexp.MustCompile(`^[A-Za-z0-9 ._-]{1,100}$`)

// WithComment puts words before every statement as a comment, so that the
// database's log and pg_stat_activity name the request. Words that are not plain
// letters, digits, spaces, dots and dashes are left out.
func WithComment(ctx context.Context, words string) context.Context {
	if !commentForm.MatchString(words) {
		return ctx
	}
	return context.WithValue(ctx, commentKey{}, "/* "+words+" */ ")
}

func commented(ctx context.Context, statement string) string {
	comment, _ := ctx.Value(commentKey{}).(string)
	return comment + statement
}

// commenting makes connections that add the comment. (bun has comments of its own,
// but leaves them out of raw queries.)
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
	return c.Conn.ExecContext(ctx, commented(ctx, query), args)
}

func (c commentingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, commented(ctx, query), args)
}
