package agent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/postgres"
)

// state is everything that a company has, by means of its own: what a restore has to
// bring back.
func (c *company) state(schema int, bucket string) map[string]string {
	c.t.Helper()
	found := map[string]string{}
	conn, done := c.connect(schema)
	defer done()
	n := postgres.NamesOf(id, schema)
	if _, err := conn.Exec(c.t.Context(), "SET ROLE "+n.Owner); err != nil {
		c.t.Fatal(err)
	}
	rows, _ := conn.Query(c.t.Context(), "SELECT tablename::text FROM pg_tables WHERE schemaname = $1", n.Schema)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.t.Fatal(err)
	}
	for _, table := range tables {
		var sum string
		query := fmt.Sprintf(`SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM %s t`, pgx.Identifier{n.Schema, table}.Sanitize())
		if err := conn.QueryRow(c.t.Context(), query).Scan(&sum); err != nil {
			c.t.Fatal(err)
		}
		found["table "+table] = sum
	}
	collect := func(kind, query string) {
		rows, _ := conn.Query(c.t.Context(), query, n.Schema)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			c.t.Fatal(err)
		}
		for _, line := range all {
			found[kind+" "+strings.ReplaceAll(line, n.Schema, "SCHEMA")] = ""
		}
	}
	collect("index", `SELECT indexdef FROM pg_indexes WHERE schemaname = $1`)
	collect("sequence", `SELECT sequencename || ' ' || coalesce(last_value::text, 'new') FROM pg_sequences WHERE schemaname = $1`)
	for o := range c.root.ListObjectsIter(c.t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		body, err := c.root.GetObject(c.t.Context(), bucket, o.Key, minio.GetObjectOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		info, err := body.Stat()
		if err != nil {
			c.t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, body); err != nil {
			c.t.Fatal(err)
		}
		found["object "+o.Key] = info.ContentType + " " + hex.EncodeToString(sum.Sum(nil))
	}
	return found
}
