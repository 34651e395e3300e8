package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

const connectSeconds = 10

func connect(ctx context.Context, s contract.Database) (*pgx.Conn, error) {
	if err := s.Check(); err != nil {
		return nil, fail(contract.ExitUsage, fmt.Errorf("connect to the database: %w", err))
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: s.Host + ":" + strconv.Itoa(s.Port), Path: "/" + s.Name,
		RawQuery: url.Values{"sslmode": {s.SSLMode}, "connect_timeout": {strconv.Itoa(connectSeconds)}, "application_name": {"atrium-agent"}}.Encode(),
	}
	config, err := pgx.ParseConfig(address.String())
	if err != nil { // pgx's message may quote the password
		return nil, fail(contract.ExitUsage, errors.New("connect to the database: host, port, name or sslMode cannot be used together"))
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // also behind a pooler in transaction mode
	if s.CABundle != "" && config.TLSConfig != nil {
		config.TLSConfig.RootCAs = x509.NewCertPool()
		if !config.TLSConfig.RootCAs.AppendCertsFromPEM([]byte(s.CABundle)) {
			return nil, fail(contract.ExitUsage, errors.New("connect to the database: caBundle holds no certificate in PEM form"))
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// table is what is to be known of a table to read it.
type table struct {
	backup.Table
	order []string // terms of ORDER BY
}

// catalogue lists tables and sequences of a schema by name. Generated columns are
// left out: the database makes them again.
func catalogue(ctx context.Context, tx pgx.Tx, schema string) (tables []table, sequences []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text, a.attname::text, a.attgenerated <> '', a.attcollation <> 0, coalesce(array_position(i.indkey::int2[], a.attnum), -1)
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE n.nspname = $1 AND c.relkind = 'r'
		ORDER BY c.relname COLLATE "C", a.attnum`, schema)
	if err != nil {
		return nil, nil, fmt.Errorf("list tables: %w", err)
	}
	var name, column string
	var generated, text bool
	var place int
	keys := map[string]map[int]string{}
	_, err = pgx.ForEachRow(rows, []any{&name, &column, &generated, &text, &place}, func() error {
		if len(tables) == 0 || tables[len(tables)-1].Name != name {
			tables = append(tables, table{Table: backup.Table{Name: name}})
			keys[name] = map[int]string{}
		}
		last := &tables[len(tables)-1]
		if !generated {
			last.Columns = append(last.Columns, column)
		}
		if place >= 0 {
			keys[name][place] = backup.Quote(column)
			if text {
				keys[name][place] += ` COLLATE "C"`
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list tables: %w", err)
	}
	for i := range tables {
		if err := tables[i].orderBy(keys[tables[i].Name]); err != nil {
			return nil, nil, err
		}
	}
	rows, err = tx.Query(ctx, `
		SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relkind = 'S' ORDER BY c.relname COLLATE "C"`, schema)
	if err != nil {
		return nil, nil, fmt.Errorf("list sequences: %w", err)
	}
	if sequences, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return nil, nil, fmt.Errorf("list sequences: %w", err)
	}
	return tables, sequences, nil
}

func (t *table) orderBy(key map[int]string) error {
	for i := range len(key) { // indkey counts from 0
		t.order = append(t.order, key[i])
	}
	if len(t.order) == 0 {
		return fail(contract.ExitUsage, fmt.Errorf("table %s has no primary key, so its rows have no order: the contract asks for one", t.Name))
	}
	return nil
}

// sequence reads the state of a sequence.
func sequence(ctx context.Context, tx pgx.Tx, schema, name string) (backup.Sequence, error) {
	s := backup.Sequence{Name: name}
	err := tx.QueryRow(ctx, "SELECT last_value, is_called FROM "+pgx.Identifier{schema, name}.Sanitize()).Scan(&s.Value, &s.Called)
	if err != nil {
		return s, fmt.Errorf("read sequence %s: %w", name, err)
	}
	return s, nil
}

// copyOut writes the rows of a table as COPY text in the order of its key, and gives
// the table with their number and digest.
func copyOut(ctx context.Context, tx pgx.Tx, schema string, t table, w io.Writer) (backup.Table, error) {
	sum := newSum()
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(sum, w), t.ReadBy(schema, t.order))
	if err != nil {
		return t.Table, fmt.Errorf("read table %s: %w", t.Name, err)
	}
	t.Rows, t.Digest = tag.RowsAffected(), sum.String()
	return t.Table, nil
}
