//go:build soak

package agent_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/test/env"
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

// TestIncrementalBesidePgBackRest backs up a company among ROUNDS after little changed in
// it, and the whole server with pgBackRest after little changed in a fifth of them. That
// one knows no companies: it is here to be told, not to be met.
func TestIncrementalBesidePgBackRest(t *testing.T) {
	const turns = 5
	program, err := exec.LookPath("pgbackrest")
	if err != nil {
		t.Skip("there is no pgbackrest, 2.53 or newer, as in Debian 13")
	}
	data, companies := t.TempDir(), rounds(t, 1000)
	c, server := alone(t, data, t.TempDir())
	c.others(postgres.NamesOf(id, 1).Schema, companies-1)
	c.messages(0, 20_000)
	c.objects(0, 500, 16<<10)
	c.must(backup.CommandBackup, c.task("full", ""))
	repository := t.TempDir()
	whole := func(command string, args ...string) cost {
		return c.pgBackRest(program, server, data, repository, append([]string{command}, args...)...)
	}
	whole("stanza-create")
	full := whole("backup", "--type=full")

	previous, total := "full", cost{}
	for turn := range turns {
		c.little(turn)
		name := fmt.Sprintf("b%d", turn)
		was := c.cost(backup.CommandBackup, c.task(name, previous))
		total.took, total.processor, previous = total.took+was.took, total.processor+was.processor, name
	}
	for n := range companies / 5 {
		if err := c.script(fmt.Sprintf(`INSERT INTO t_other_%d.setting (key, value, updated_at) VALUES ('work', '{}', now())`, n)); err != nil {
			t.Fatal(err)
		}
	}
	changes := whole("backup", "--type=incr")
	t.Logf("incremental of one company among %d: %s, %s of processor; pgBackRest of all, of which %d changed: %s, %s of processor (full: %s, %s)",
		companies, rough(total.took/turns), rough(total.processor/turns), companies/5, rough(changes.took), rough(changes.processor), rough(full.took), rough(full.processor))
}

func rough(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// pgBackRest runs a command of it on a server whose data lie here. Of the server's log
// it wants nothing, so what it stores could not be restored.
func (c *company) pgBackRest(program string, server *env.Server, data, repository string, args ...string) (was cost) {
	c.t.Helper()
	own := []string{
		"--stanza=main", "--pg1-path=/mnt/data", "--pg1-port=" + strconv.Itoa(server.Port), "--repo1-path=" + repository, "--lock-path=" + repository,
		"--log-level-file=off", "--log-level-console=warn", "--no-archive-check", "--process-max=2", "--start-fast", "--compress-type=zst",
	}
	if args[0] != "backup" {
		own = own[:7]
	}
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-euc", `mount --bind "$1" /mnt; shift; exec "$@"`, "sh", data, program}, append(own, args...)...)...)
	who, err := pgx.ParseConfig(server.SuperuserDSN("postgres"))
	if err != nil {
		c.t.Fatal(err)
	}
	cmd.Env = append(postgresAt("127.0.0.1", server.Port, "postgres", who.User, who.Password), "PATH="+os.Getenv("PATH"))
	var out []byte
	was.took = timed(func() { out, err = cmd.CombinedOutput() })
	if err != nil {
		c.t.Fatalf("pgbackrest %v: %v: %.2000s", args, err, out)
	}
	was.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return was
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
