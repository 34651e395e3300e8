package agent

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/restic"
	"atrium.dev/atrium/tenant-app/contract"
)

// failure is an error that decides the exit code.
type failure struct {
	code int
	error
}

func (f failure) Unwrap() error { return f.error }

// fail gives an error an exit code, unless it has one.
func fail(code int, err error) error {
	if _, ok := errors.AsType[failure](err); ok || err == nil {
		return err
	}
	return failure{code, err}
}

// lost says of an error that an object is not there that the backup is broken.
func lost(err error) error {
	if absent(err) {
		return fail(backup.ExitBroken, err)
	}
	return err
}

func absent(err error) bool {
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && (answer.Code == minio.NoSuchKey || answer.Code == "NoSuchVersion")
}

// codeOf classes an error. What trying again may mend is ExitUnavailable.
func codeOf(err error) int {
	if f, ok := errors.AsType[failure](err); ok {
		return f.code
	}
	if errors.Is(err, restic.ErrMissing) || errors.Is(err, restic.ErrPassword) {
		return backup.ExitBroken
	}
	if state := sqlState(err); state != "" {
		return codeOfSQL(state)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || errors.Is(err, pgconn.ErrConnClosed) {
		return contract.ExitUnavailable
	}
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok {
		if answer.Code == minio.NoSuchBucket {
			return contract.ExitUsage
		}
		return contract.ExitUnavailable
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) {
		return contract.ExitUnavailable
	}
	return contract.ExitFailure
}

// codeOfSQL classes an answer of PostgreSQL by its SQLSTATE.
func codeOfSQL(state string) int {
	switch state[:min(2, len(state))] {
	case "08", "25", "40", "53", "55", "57": // connection, idle too long, conflict, no room, busy, shut down
		return contract.ExitUnavailable
	case "28", "3D": // not let in, no such database
		return contract.ExitUsage
	}
	return contract.ExitFailure
}

// sqlState is the SQLSTATE of an answer of PostgreSQL; empty: it is none.
func sqlState(err error) string {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return ""
}
