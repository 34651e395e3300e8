//go:build soak

package agent_test

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/postgres"
)

// TestExportBesidePgDump reads one small company out of a database of many, as the
// agent does and as pg_dump does, in turns. ROUNDS says how many companies there are.
func TestExportBesidePgDump(t *testing.T) {
	const turns = 5
	c := newCompany(t)
	c.exec(1, oddRows)
	schema := postgres.NamesOf(id, 1).Schema
	others := rounds(t, 300)
	c.others(schema, others)
	task := c.task("full", "")
	var ours, theirs time.Duration
	var rows int64
	for range turns {
		ours += timed(func() {
			var err error
			if rows, err = agent.Export(t.Context(), task.Database, io.Discard); err != nil {
				t.Fatal(err)
			}
		})
		theirs += timed(func() { c.postgres("pg_dump", "--schema", schema) })
	}
	ratio := float64(ours) / float64(theirs)
	t.Logf("%d rows of one company among %d: %s by the agent, %s by pg_dump -n, ratio %.3f", rows, others, ours/turns, theirs/turns, ratio)
	if ratio > 0.2 {
		t.Errorf("the agent takes %.2f of what pg_dump takes", ratio)
	}
}

// others makes schemas like that one. Each in a session of its own: one that visits
// many schemas keeps them all in memory.
func (c *company) others(schema string, count int) {
	c.t.Helper()
	shape := c.postgres("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--schema", schema)
	_, shape, _ = strings.Cut(shape, "\nSET ")
	shape = "SET " + strings.ReplaceAll(shape, "\\", "--") // what follows one is for psql
	var making sync.WaitGroup
	defer making.Wait()
	for worker := range 2 {
		making.Go(func() {
			for n := worker; n < count; n += 2 {
				if err := c.script(strings.ReplaceAll(shape, schema, "t_other_"+strconv.Itoa(n))); err != nil {
					c.t.Error(err)
					return
				}
			}
		})
	}
}

// script runs statements as the database's owner.
func (c *company) script(statements string) error {
	conn, err := pgx.Connect(c.t.Context(), c.db.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(c.t.Context()) }()
	_, err = conn.Exec(c.t.Context(), statements, pgx.QueryExecModeSimpleProtocol)
	return err
}
