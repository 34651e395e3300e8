package agent

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/backup"
)

// load puts rows into a schema in one transaction, in which they are read back and
// compared before it is committed.
type load struct {
	*work
	m       backup.Manifest
	conn    *pgx.Conn
	tx      pgx.Tx
	tables  []table
	indexes []index
}

type index struct{ name, makes string }

func (w *work) openLoad(ctx context.Context, m backup.Manifest) (*load, error) {
	conn, err := connect(ctx, w.task.Database)
	if err != nil {
		return nil, err
	}
	return &load{work: w, m: m, conn: conn}, nil
}

// close gives the connection back; what was not committed is gone.
func (l *load) close(ctx context.Context) { _ = l.conn.Close(context.WithoutCancel(ctx)) }

// Limits of the login are for migrations: a table may take longer to load.
const unlimited = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '10s';`

// begin empties the schema: migrations may have put rows there.
func (l *load) begin(ctx context.Context) (err error) {
	if l.tx, err = l.conn.Begin(ctx); err != nil {
		return fmt.Errorf("begin to load rows: %w", err)
	}
	script := []string{unlimited, backup.Settings, "SET LOCAL search_path = " + backup.Quote(l.task.Database.Schema)}
	if role := l.task.Database.Role; role != "" {
		script = append(script, "SET LOCAL ROLE "+backup.Quote(role))
	}
	if err := l.exec(ctx, "begin to load rows", script...); err != nil {
		return err
	}
	if err := l.compareShape(ctx); err != nil {
		return err
	}
	names := make([]string, len(l.tables))
	for i, t := range l.tables {
		names[i] = l.qualified(t.Name)
	}
	script = []string{"SET CONSTRAINTS ALL DEFERRED"}
	if len(names) > 0 {
		script = append(script, "TRUNCATE "+strings.Join(names, ", "))
	}
	if err := l.dropIndexes(ctx); err != nil {
		return err
	}
	return l.exec(ctx, "empty the schema", script...)
}

func (l *load) qualified(name string) string {
	return pgx.Identifier{l.task.Database.Schema, name}.Sanitize()
}

func (l *load) exec(ctx context.Context, attempted string, statements ...string) error {
	for _, statement := range statements {
		if _, err := l.tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", attempted, err)
		}
	}
	return nil
}

// compareShape makes sure that the schema has the tables, columns and sequences of
// the manifest, and no others.
func (l *load) compareShape(ctx context.Context) error {
	tables, sequences, err := catalogue(ctx, l.tx, l.task.Database.Schema)
	if err != nil {
		return err
	}
	l.tables = tables
	shape := func(t backup.Table) string { return t.CopyLine("") }
	have := make([]string, 0, len(tables))
	for _, t := range tables {
		have = append(have, shape(t.Table))
	}
	want := make([]string, 0, len(tables))
	for _, t := range l.m.Tables {
		want = append(want, shape(t))
	}
	for _, s := range l.m.Sequences {
		want = append(want, s.Name)
	}
	have = append(have, sequences...)
	if i := firstOther(have, want); i != "" {
		return fail(backup.ExitDiffers, fmt.Errorf("schema %s does not fit the backup: %.200s is in one of them alone; migrate a new schema to version %d with release %s",
			l.task.Database.Schema, i, l.m.SchemaVersion, l.m.Release))
	}
	return nil
}

func firstOther(have, want []string) string {
	for i := range max(len(have), len(want)) {
		switch {
		case i >= len(have):
			return want[i]
		case i >= len(want) || have[i] != want[i] && !slices.Contains(want, have[i]):
			return have[i]
		case have[i] != want[i]:
			return want[i]
		}
	}
	return ""
}

// dropIndexes takes away the indexes that no constraint needs: to build them over all
// rows is quicker than to keep them with each.
func (l *load) dropIndexes(ctx context.Context) error {
	found, err := l.tx.Query(ctx, `
		SELECT c.relname::text, pg_catalog.pg_get_indexdef(i.indexrelid)
		FROM pg_catalog.pg_index i
		JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
		JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relkind = 'i' AND t.relkind = 'r' AND NOT t.relispartition AND NOT i.indisprimary AND NOT i.indisreplident
		  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)
		ORDER BY c.relname`, l.task.Database.Schema)
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	var one index
	_, err = pgx.ForEachRow(found, []any{&one.name, &one.makes}, func() error {
		l.indexes = append(l.indexes, one)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	for _, i := range l.indexes {
		if err := l.exec(ctx, "drop index "+i.name, "DROP INDEX "+l.qualified(i.name)); err != nil {
			return err
		}
	}
	return nil
}

// table loads the rows of a table.
func (l *load) table(ctx context.Context, t backup.Table, r io.Reader) error {
	from := &keeping{Reader: r}
	_, err := l.conn.PgConn().CopyFrom(ctx, from, strings.TrimSuffix(t.CopyLine(l.task.Database.Schema), ";"))
	if from.err != nil {
		return from.err // the server only says that the rows ended early
	}
	if err != nil {
		return fmt.Errorf("load table %s: %w", t.Name, unfit(err))
	}
	return nil
}

// keeping keeps the error of a reader.
type keeping struct {
	io.Reader
	err error
}

func (k *keeping) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a wrapped end is a failure
		k.err = err
	}
	return n, err
}

// finish makes indexes and sequences, checks every constraint, reads the rows back,
// and commits only what is the same as in the manifest.
func (l *load) finish(ctx context.Context) error {
	l.progress.begin(backup.StepIndexes)
	// First: no index can be made while checks are owed.
	if err := l.exec(ctx, "check constraints", "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return unfit(err)
	}
	for _, i := range l.indexes {
		if err := l.exec(ctx, "make index "+i.name, i.makes); err != nil {
			return unfit(err)
		}
	}
	if err := l.compareRows(ctx); err != nil {
		return err
	}
	if err := l.setSequences(ctx); err != nil {
		return err
	}
	if err := l.tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// compareRows reads back what is in the database now.
func (l *load) compareRows(ctx context.Context) error {
	l.progress.begin(backup.StepComparing)
	for i, t := range l.tables {
		now, err := copyOut(ctx, l.tx, l.task.Database.Schema, t, io.Discard)
		if err != nil {
			return err
		}
		if want := l.m.Tables[i]; now.Rows != want.Rows || now.Digest != want.Digest {
			return fail(backup.ExitDiffers, fmt.Errorf("table %s has other rows (%d) than the backup (%d)", t.Name, now.Rows, want.Rows))
		}
	}
	return nil
}

// setSequences comes after all else: no rollback takes it back.
func (l *load) setSequences(ctx context.Context) error {
	for _, want := range l.m.Sequences {
		if err := l.exec(ctx, "set sequence "+want.Name, want.SetLine(l.task.Database.Schema)); err != nil {
			return err
		}
		if now, err := sequence(ctx, l.tx, l.task.Database.Schema, want.Name); err != nil {
			return err
		} else if now != want {
			return fail(backup.ExitDiffers, fmt.Errorf("sequence %s is at another value than in the backup", want.Name))
		}
	}
	return nil
}

// unfit says that rows break the rules of the schema: then they are not those that
// were backed up. Other errors stay as they are.
func unfit(err error) error {
	switch state := sqlState(err); state[:min(2, len(state))] {
	case "22", "23", "42":
		return fail(backup.ExitDiffers, err)
	}
	return err
}
