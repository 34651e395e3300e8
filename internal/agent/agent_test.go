package agent_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
)

// Sizes around the chunks of age, and above what goes in one request.
func (c *company) fillBucket() {
	for key, content := range map[string][]byte{
		"empty": {}, "one": {1}, "files/chunk": bytes.Repeat([]byte("c"), 64<<10), "files/chunk+1": bytes.Repeat([]byte("d"), 64<<10+1),
		"files/大 名 #?%.pdf": []byte("pdf"), "files/parts": bytes.Repeat([]byte("0123456789abcdef"), 21<<16),
	} {
		c.put(key, "application/x-"+strings.Trim(key[:3], "/"), content)
	}
}

// A full backup and an incremental one each bring back what was there, into an empty
// schema and an empty bucket.
func TestBackupsBringBackTheirMoment(t *testing.T) {
	c := newCompany(t)
	c.byHand(c.roundTrip())
}

// roundTrip takes two backups and restores each, and gives what the second one holds.
func (c *company) roundTrip() (second map[string]string) {
	t := c.t
	t.Helper()
	c.exec(1, oddRows)
	c.fillBucket()
	c.must(backup.CommandBackup, c.task("full", ""))
	first := c.state(1, c.bucket)

	c.exec(1, `DELETE FROM odd WHERE id = 4; UPDATE person SET name = name || '2'; INSERT INTO "Zeal" VALUES ('later', 1, 'today'); SELECT nextval('odd_n_seq')`)
	c.put("files/later", "text/plain", []byte("later"))
	if err := c.root.RemoveObject(t.Context(), c.bucket, "one", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	second = c.state(1, c.bucket)
	c.must(backup.CommandBackup, c.task("daily", "full"))

	c.makeBucket(c.bucket + "-2")
	c.makeBucket(c.bucket + "-3")
	got := c.must(backup.CommandRestore, c.back("full", 2, c.bucket+"-2"))
	if diff := cmp.Diff(first, c.state(2, c.bucket+"-2")); diff != "" {
		t.Errorf("the full backup brings back something else (-was +is):\n%s", diff)
	}
	m := c.manifest("full")
	if got.Tables != len(m.Tables) || got.Tables < 50 || got.Rows < 300 || got.Objects != m.Objects.Count || got.Bytes != m.Objects.Bytes {
		t.Errorf("compared %+v", got)
	}
	c.must(backup.CommandRestore, c.back("daily", 3, c.bucket+"-3"))
	third := c.state(3, c.bucket+"-3")
	delete(third, "object one") // deleted within the second of the snapshot: it may come along
	if diff := cmp.Diff(second, third); diff != "" {
		t.Errorf("the incremental backup brings back something else (-was +is):\n%s", diff)
	}
	c.must(backup.CommandVerify, c.back("full", 2, ""))
	c.must(backup.CommandRestore, c.back("daily", 2, "")) // a drill, over what was restored before
	daily := c.manifest("daily")
	if daily.ReadBytes > m.ReadBytes-20<<20 || daily.Previous != "full" || daily.Schema != "full" {
		t.Errorf("the incremental backup read %d bytes and the full one %d; previous %q, schema %q", daily.ReadBytes, m.ReadBytes, daily.Previous, daily.Schema)
	}
	return second
}
