package agent_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// damaged is what has come of an object in the backup store; other is another object.
// Nil: the object is gone.
var damaged = map[string]func(life *life, content, other []byte) []byte{
	"a flipped byte": func(l *life, content, _ []byte) []byte { return flipped(content, l.chance.IntN(len(content))) },
	"cut":            func(l *life, content, _ []byte) []byte { return content[:l.chance.IntN(len(content))] },
	"gone":           func(*life, []byte, []byte) []byte { return nil },
	"another's":      func(_ *life, _, other []byte) []byte { return other },
	"longer":         func(_ *life, content, other []byte) []byte { return append(bytes.Clone(content), other...) },
}

// TestDamageInRandomPlacesIsFound breaks what chance finds in the backup store, or the
// keys to it. A restore then says that the backup is broken and leaves no row, or what
// was broken was not needed and all comes back: nothing else is ever served.
func TestDamageInRandomPlacesIsFound(t *testing.T) {
	c := newCompany(t)
	l := &life{company: c, chance: choices(t), rows: 5}
	c.exec(1, oddRows)
	c.fillBucket()
	c.must(backup.CommandBackup, c.task("full", ""))
	c.exec(1, `UPDATE person SET name = name || '2'`)
	c.put("files/later", "text/plain", []byte("later"))
	c.must(backup.CommandBackup, c.task("daily", "full"))
	want := c.state(1, c.bucket)
	c.makeBucket(c.bucket + "-2")

	// The pg_dump for people is proven, and a restore does not need it.
	repair := c.overwrite(backup.SchemaOf("full"), flipped(c.read(backup.SchemaOf("full")), 500))
	if _, code := c.run(backup.CommandVerify, c.back("daily", 2, "")); code != backup.ExitBroken {
		t.Errorf("the schema is broken, and verify ended with %d", code)
	}
	c.must(backup.CommandRestore, c.back("daily", 2, c.bucket+"-2"))
	repair()

	found, spared := 0, 0
	for range rounds(t, 6) {
		before := c.state(2, c.bucket+"-2")
		task := c.back("daily", 2, c.bucket+"-2")
		where, repair := l.damage(&task)
		outcome, code := c.run(backup.CommandRestore, task)
		proof := task
		proof.Bucket = contract.Bucket{}
		_, proven := c.run(backup.CommandVerify, proof)
		repair()
		now := c.state(2, c.bucket+"-2")
		switch {
		case code == contract.ExitOK:
			spared++
			if diff := cmp.Diff(want, now); diff != "" {
				t.Errorf("%s: something else came back (-was +is):\n%s", where, diff)
			}
		case code != backup.ExitBroken && code != backup.ExitDiffers || outcome.Restored != nil || outcome.Message == "":
			t.Errorf("%s: ended with %d: %+v", where, code, outcome)
		default:
			found++
			if diff := cmp.Diff(tables(before), tables(now)); diff != "" {
				t.Errorf("%s: the restore left rows behind (-was +is):\n%s", where, diff)
			}
		}
		if needed(where) && proven != backup.ExitBroken && proven != backup.ExitDiffers {
			t.Errorf("%s: all of it is needed, and verify ended with %d", where, proven)
		}
	}
	c.must(backup.CommandRestore, c.back("daily", 2, c.bucket+"-2"))
	if diff := cmp.Diff(want, c.state(2, c.bucket+"-2")); diff != "" {
		t.Errorf("repaired, something else comes back (-was +is):\n%s", diff)
	}
	t.Logf("damage: %d of %d places were noticed before a row was served, the others were not needed and all came back", found, found+spared)
}

// needed says of a place that each byte there counts for backup daily.
func needed(where string) bool {
	return slices.ContainsFunc([]string{"key", "m/daily", "m/full.schema", "e/"}, func(p string) bool { return strings.HasPrefix(where, p) })
}

// damage breaks an object of the backup store or a key of the task.
func (l *life) damage(task *backup.Task) (where string, repair func()) {
	l.t.Helper()
	nothing := func() {}
	switch l.chance.IntN(10) {
	case 0:
		task.Password = l.keys.Password("g2")
		return "key: another generation's password", nothing
	case 1:
		other, err := age.GenerateX25519Identity()
		if err != nil {
			l.t.Fatal(err)
		}
		task.Epochs = []backup.Epoch{{ID: l.epoch.ID, Identity: other.String()}}
		return "key: another epoch's identity", nothing
	case 2:
		task.Verify = flipped(task.Verify, l.chance.IntN(len(task.Verify)))
		return "key: another tenant's", nothing
	}
	places := []string{"m/daily", "m/full.schema", "e/", "g/g1/data/", "g/g1/index/", "g/g1/snapshots/", "g/g1/keys/", "g/g1/config", "m/full.json"}
	keys := l.keysOf(places[l.chance.IntN(len(places))])
	key, all := keys[l.chance.IntN(len(keys))], l.keysOf("")
	kinds := []string{"a flipped byte", "cut", "gone", "another's", "longer"}
	kind := kinds[l.chance.IntN(len(kinds))]
	content, other := l.read(key), l.read(all[l.chance.IntN(len(all))])
	if now := damaged[kind](l, content, other); now == nil {
		repair = l.remove(key)
	} else if bytes.Equal(now, content) {
		repair = l.overwrite(key, flipped(content, 0))
	} else {
		repair = l.overwrite(key, now)
	}
	return key + " " + kind, repair
}
