package agent_test

import (
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
)

// TestLeftoversOfKilledRunsAreNoHindrance begins with a repository that is locked, and
// with objects that were sent before the manifest could be written.
func TestLeftoversOfKilledRunsAreNoHindrance(t *testing.T) {
	c := newCompany(t)
	c.put("files/a", "text/plain", []byte("a"))
	c.putBack("g/g1/locks/"+strings.Repeat("cd", 32), []byte("locked"))
	c.must(backup.CommandBackup, c.task("full", ""))
	c.remove(backup.ManifestOf("full"))
	c.must(backup.CommandBackup, c.task("full", ""))
	sent := 0
	for o := range c.root.ListObjectsIter(t.Context(), c.backups, minio.ListObjectsOptions{Prefix: backup.ObjectsOf(c.epoch.ID), WithVersions: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		sent++
	}
	if m := c.manifest("full"); sent != 1 || m.Objects.Count != 1 {
		t.Errorf("%d objects were sent %d times", m.Objects.Count, sent)
	}
	if got := c.must(backup.CommandVerify, c.back("full", 2, "")); got.Objects != 1 {
		t.Errorf("%d objects verified", got.Objects)
	}
}

// TestLostCopiesAreMadeAnew takes an epoch away: the next backup lists its objects in
// the epoch that is open then.
func TestLostCopiesAreMadeAnew(t *testing.T) {
	c := newCompany(t)
	c.put("files/a", "text/plain", []byte("a"))
	c.put("files/b", "text/plain", []byte("b"))
	c.must(backup.CommandBackup, c.task("full", ""))
	kept := c.epoch
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	c.epoch = backup.Epoch{ID: "2026-12-a", Recipient: identity.Recipient().String(), Identity: identity.String()}
	for _, key := range c.keysOf(backup.ObjectsOf(kept.ID))[:1] {
		c.remove(key)
	}
	c.must(backup.CommandBackup, c.task("daily", "full"))
	if n := len(c.keysOf(backup.ObjectsOf(c.epoch.ID))); n != 1 {
		t.Errorf("%d objects were copied anew, want the lost one", n)
	}
	task := c.back("daily", 2, "")
	task.Epochs = append(task.Epochs, kept)
	if got := c.must(backup.CommandVerify, task); got.Objects != 2 {
		t.Errorf("%d objects verified", got.Objects)
	}
	if m := c.manifest("daily"); len(m.Epochs) != 2 || m.Epochs[0].Recipient != kept.Recipient || m.SchemaEpoch != kept.ID {
		t.Errorf("the manifest names %+v and opens its schema with %s", m.Epochs, m.SchemaEpoch)
	}
}
