//go:build soak

package agent_test

import (
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"strings"
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
	shape := c.dump("--schema-only", "--no-owner", "--no-privileges", "--schema", schema)
	conn, done := c.connect(1)
	defer done()
	owner := postgres.NamesOf(id, 1).Owner
	others := rounds(t, 300)
	for n := range others {
		_, body, _ := strings.Cut(strings.ReplaceAll(shape, schema, "t_other_"+strconv.Itoa(n)), "\nSET ")
		admin, err := pgx.Connect(t.Context(), c.db.DSN())
		if err != nil {
			t.Fatal(err)
		}
		// As its own session: one that visits many schemas keeps them all in memory.
		if _, err := admin.Exec(t.Context(), "SET "+strings.ReplaceAll(body, "\\", "--"), pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		_ = admin.Close(t.Context())
	}
	if _, err := conn.Exec(t.Context(), "SET ROLE "+owner); err != nil {
		t.Fatal(err)
	}
	task := c.task("full", "")
	var ours, theirs time.Duration
	var rows int64
	for range turns {
		began := time.Now()
		var err error
		if rows, err = agent.Export(t.Context(), task.Database, io.Discard); err != nil {
			t.Fatal(err)
		}
		ours += time.Since(began)
		began = time.Now()
		c.dump("--schema", schema)
		theirs += time.Since(began)
	}
	ratio := float64(ours) / float64(theirs)
	t.Logf("%d rows of one company among %d: %s by the agent, %s by pg_dump -n, ratio %.3f", rows, others, ours/turns, theirs/turns, ratio)
	if ratio > 0.2 {
		t.Errorf("the agent takes %.2f of what pg_dump takes", ratio)
	}
}

// dump runs pg_dump with the login of backups.
func (c *company) dump(args ...string) string {
	c.t.Helper()
	d := c.task("", "").Database
	cmd := exec.Command(c.config.PgDump, args...)
	cmd.Env = []string{"PGHOST=" + d.Host, "PGPORT=" + strconv.Itoa(d.Port), "PGDATABASE=" + d.Name, "PGUSER=" + d.User, "PGPASSWORD=" + d.Password, "PGSSLMODE=disable"}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("pg_dump: %v: %s", err, said.String())
	}
	return string(out)
}
