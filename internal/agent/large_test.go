//go:build soak

package agent_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/test/env"
)

const (
	messageBytes = 470 // of a row of messages
	fileBytes    = 256 << 10
)

// TestBesidePgDumpAndRclone backs up and brings back a company of ROUNDS MB, half rows
// and half files, as pg_dump, pg_restore and rclone do before it; then it measures what
// later backups add. The reference neither encrypts, nor compares, nor sends its rows
// to a store.
func TestBesidePgDumpAndRclone(t *testing.T) {
	c := newCompany(t)
	megabytes := rounds(t, 256)
	messages, files := megabytes<<19/messageBytes, megabytes<<19/fileBytes
	c.messages(0, messages)
	c.objects(0, files, fileBytes)
	c.exec(1, "ANALYZE chat_message")
	for _, suffix := range []string{"-2", "-copied", "-back"} {
		c.makeBucket(c.bucket + suffix)
	}
	dump, target := filepath.Join(t.TempDir(), "dump"), c.elsewhere()
	pgDump, pgRestore := env.PostgresProgram(t, "pg_dump"), env.PostgresProgram(t, "pg_restore")

	theirs := timed(func() {
		said(t, c.superuser(c.db.Name), pgDump, "-Fd", "-j2", "--no-owner", "--no-privileges", "-f", dump, "--schema", postgres.NamesOf(id, 1).Schema)
		c.rclone(c.bucket, c.bucket+"-copied")
	})
	ours := c.cost(backup.CommandBackup, c.task("full", ""))
	t.Logf("backup of %d messages and %d files: %s; pg_dump and rclone %s", messages, files, ours, theirs)
	c.sideBySide("a backup", ours.took, theirs)
	m := c.manifest("full")
	t.Logf("the stream has %d bytes; with the files, %d bytes were read and %d stored", m.StreamBytes, m.ReadBytes, m.StoredBytes)

	theirs = timed(func() {
		said(t, c.superuser(target), pgRestore, "--exit-on-error", "-j2", "-d", target, dump)
		c.rclone(c.bucket+"-copied", c.bucket+"-back")
	})
	ours = c.cost(backup.CommandRestore, c.back("full", 2, c.bucket+"-2"))
	t.Logf("restored and compared: %s; pg_restore and rclone %s", ours, theirs)
	c.sideBySide("a restore", ours.took, theirs)
	c.counted(messages, files)

	c.later(messages)
}

// sideBySide holds a ratio against a wide limit: other work on the machine disturbs both.
func (c *company) sideBySide(what string, ours, theirs time.Duration) {
	c.t.Helper()
	ratio := float64(ours) / float64(theirs)
	c.t.Logf("%s takes %.2f of the reference", what, ratio)
	if ratio > 2 {
		c.t.Errorf("%s takes %.2f of the reference", what, ratio)
	}
}

// counted makes sure by other means that a restore brought something back.
func (c *company) counted(messages, files int) {
	c.t.Helper()
	conn, done := c.connect(2)
	defer done()
	n := postgres.NamesOf(id, 2)
	if _, err := conn.Exec(c.t.Context(), "SET ROLE "+n.Owner); err != nil {
		c.t.Fatal(err)
	}
	var rows int
	if err := conn.QueryRow(c.t.Context(), "SELECT count(*) FROM "+n.Schema+".chat_message").Scan(&rows); err != nil {
		c.t.Fatal(err)
	}
	if objects, bytes := c.lies(c.bucket + "-2"); rows != messages || objects != files || bytes != int64(files*fileBytes) {
		c.t.Errorf("%d messages and %d files of %d bytes came back", rows, objects, bytes)
	}
}

// later measures backups after the full one.
func (c *company) later(messages int) {
	previous := "full"
	for _, change := range []struct {
		name  string
		limit float64 // of the bytes of new rows
		make  func()
	}{
		{"nothing", 0, func() {}},
		{"little", 0, func() { c.little(1) }},
		{"appended", 1.1, func() { c.messages(messages, messages+messages/100) }},
		{"scattered", 0, func() {
			c.exec(1, `SET statement_timeout = 0; UPDATE chat_message SET text = text || '好' WHERE seq % 100 = 7`)
		}},
	} {
		_, before := c.lies(c.backups)
		former := c.manifest(previous)
		change.make()
		was := c.cost(backup.CommandBackup, c.task(change.name, previous))
		_, after := c.lies(c.backups)
		added, stream := after-before, c.manifest(change.name).StreamBytes
		c.t.Logf("%s changed: %d bytes added to the store for a stream of %d, %d more than before; %s", change.name, added, stream, stream-former.StreamBytes, was)
		if change.limit > 0 && float64(added) > change.limit*float64(stream-former.StreamBytes) {
			c.t.Errorf("%s: %d bytes were stored for %d of new rows", change.name, added, stream-former.StreamBytes)
		}
		previous = change.name
	}
}

// little is what a few people do in an hour.
func (c *company) little(turn int) {
	c.t.Helper()
	c.exec(1, fmt.Sprintf(`UPDATE chat_message SET text = text || '好' WHERE seq IN (SELECT seq FROM chat_message ORDER BY md5(seq::text || %d) LIMIT 20)`, turn))
	c.put(fmt.Sprintf("files/new %d", turn), "application/pdf", make([]byte, 100<<10))
}

// TestIncrementalCostsLittle backs up a company of 20,000 messages and 500 files, of
// which little changes between backups.
func TestIncrementalCostsLittle(t *testing.T) {
	c := newCompany(t)
	c.messages(0, 20_000)
	c.objects(0, 500, 16<<10)
	t.Logf("full: %s", c.cost(backup.CommandBackup, c.task("full", "")))
	previous := "full"
	for turn := range rounds(t, 5) {
		_, before := c.lies(c.backups)
		c.little(turn)
		name := fmt.Sprintf("b%d", turn)
		was := c.cost(backup.CommandBackup, c.task(name, previous))
		_, after := c.lies(c.backups)
		t.Logf("incremental: %s; %d bytes added to the store", was, after-before)
		previous = name
	}
}

// TestMemoryForManyObjects tells what the agent holds for each object: ROUNDS of them
// against a tenth.
func TestMemoryForManyObjects(t *testing.T) {
	c := newCompany(t)
	all := rounds(t, 30_000)
	var few, many int64
	from, previous := 0, ""
	for i, count := range []int{all / 10, all} {
		c.objects(from, count, 100)
		name := fmt.Sprintf("b%d", i)
		was := c.cost(backup.CommandBackup, c.task(name, previous))
		t.Logf("backup with %d objects, %d of them new: %s", count, count-from, was)
		was = c.cost(backup.CommandBackup, c.task(name+"-again", name))
		t.Logf("backup with %d objects, none new: %s", count, was)
		few, many = many, was.self
		from, previous = count, name+"-again"
	}
	c.makeBucket(c.bucket + "-2")
	t.Logf("restore of %d objects: %s", all, c.cost(backup.CommandRestore, c.back(previous, 2, c.bucket+"-2")))
	each := (many - few) << 20 / int64(all-all/10)
	t.Logf("%d bytes for each object", each)
	if each > 1<<10 {
		t.Errorf("the agent holds %d bytes for each object", each)
	}
}
