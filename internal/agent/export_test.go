package agent

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// Export reads all rows of a schema as a backup does, for a comparison with pg_dump.
func Export(ctx context.Context, database contract.Database, w io.Writer) (int64, error) {
	conn, err := connect(ctx, database)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, backup.Settings); err != nil {
		return 0, err
	}
	tables, _, err := catalogue(ctx, tx, database.Schema)
	if err != nil {
		return 0, err
	}
	var rows int64
	for _, t := range tables {
		done, err := copyOut(ctx, tx, database.Schema, t, w)
		if err != nil {
			return 0, err
		}
		rows += done.Rows
	}
	return rows, nil
}
