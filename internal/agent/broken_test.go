package agent_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/restic"
	"atrium.dev/atrium/tenant-app/contract"
)

// rounds is how often chance is asked: more in a soak run.
func rounds(t *testing.T, usual int) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("ROUNDS"))
	if err != nil {
		return usual
	}
	return n
}

// choices are the same for the same SEED, and new ones without it.
func choices(t *testing.T) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// overwrite replaces what lies in the backup store and gives the way back.
func (c *company) overwrite(key string, content []byte) (restore func()) {
	c.t.Helper()
	former := c.read(key)
	c.putBack(key, content)
	return func() { c.putBack(key, former) }
}

func (c *company) putBack(key string, content []byte) {
	c.t.Helper()
	if _, err := c.root.PutObject(context.WithoutCancel(c.t.Context()), c.backups, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// remove takes an object from the backup store and gives the way back.
func (c *company) remove(key string) (restore func()) {
	c.t.Helper()
	former := c.read(key)
	if err := c.root.RemoveObject(c.t.Context(), c.backups, key, minio.RemoveObjectOptions{}); err != nil {
		c.t.Fatal(err)
	}
	return func() { c.putBack(key, former) }
}

// keys of the backup store under a prefix.
func (c *company) keysOf(prefix string) []string {
	c.t.Helper()
	var keys []string
	for o := range c.root.ListObjectsIter(c.t.Context(), c.backups, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			c.t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func flipped(content []byte, at int) []byte {
	changed := bytes.Clone(content)
	changed[at] ^= 0x10
	return changed
}

// largest of the objects under a prefix.
func (c *company) largest(prefix string) string {
	c.t.Helper()
	return slices.MaxFunc(c.keysOf(prefix), func(a, b string) int { return len(c.read(a)) - len(c.read(b)) })
}

// TestBrokenBackupIsFound breaks a backup in every place and restores it: each time
// the schema stays as it was, to the last row.
func TestBrokenBackupIsFound(t *testing.T) {
	c := newCompany(t)
	c.exec(1, oddRows)
	c.put("files/a", "text/plain", bytes.Repeat([]byte("a"), 100_000))
	c.put("files/b", "text/plain", bytes.Repeat([]byte("b"), 100_000))
	c.must(backup.CommandBackup, c.task("full", ""))
	c.must(backup.CommandBackup, c.task("daily", "full"))
	c.makeBucket(c.bucket + "-2")
	before, there := c.state(2, c.bucket+"-2"), c.state(1, c.bucket)

	copies := func(key string) string {
		for o := range c.root.ListObjectsIter(t.Context(), c.bucket, minio.ListObjectsOptions{Prefix: key, WithVersions: true}) {
			return backup.ObjectOf(c.epoch.ID, backup.Object{Key: o.Key, Version: o.VersionID})
		}
		t.Fatal("no object " + key)
		return ""
	}
	pack, a, b := c.largest("g/g1/data/"), copies("files/a"), copies("files/b")
	m := backup.ManifestOf("full")
	var edit func(*backup.Task)
	for _, broken := range []struct {
		what string
		make func() func()
		code int
	}{
		{"a flipped byte in a pack", func() func() { return c.overwrite(pack, flipped(c.read(pack), 100)) }, backup.ExitBroken},
		{"a missing pack", func() func() { return c.remove(pack) }, backup.ExitBroken},
		{"a truncated object", func() func() { return c.overwrite(a, c.read(a)[:90_000]) }, backup.ExitBroken},
		{"an object without its last byte", func() func() { return c.overwrite(a, c.read(a)[:len(c.read(a))-1]) }, backup.ExitBroken},
		{"a flipped byte in an object", func() func() { return c.overwrite(a, flipped(c.read(a), 50_000)) }, backup.ExitBroken},
		{"a missing object", func() func() { return c.remove(a) }, backup.ExitBroken},
		{"an object in place of another", func() func() { return c.overwrite(a, c.read(b)) }, backup.ExitDiffers},
		{"a swapped manifest", func() func() {
			signature := c.overwrite(backup.SignatureOf("full"), c.read(backup.SignatureOf("daily")))
			manifest := c.overwrite(m, c.read(backup.ManifestOf("daily")))
			return func() { signature(); manifest() }
		}, backup.ExitBroken},
		{"a changed manifest", func() func() { return c.overwrite(m, bytes.Replace(c.read(m), []byte(`"acme"`), []byte(`"acmf"`), 1)) }, backup.ExitBroken},
		{"no manifest", func() func() { return c.remove(m) }, backup.ExitBroken},
		{"no signature", func() func() { return c.remove(backup.SignatureOf("full")) }, backup.ExitBroken},
		{"a wrong password", func() func() {
			edit = func(t *backup.Task) { t.Password = c.keys.Password("g2") }
			return func() {}
		}, backup.ExitBroken},
		{"a wrong identity", func() func() {
			other, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			edit = func(t *backup.Task) { t.Epochs = []backup.Epoch{{ID: c.epoch.ID, Identity: other.String()}} }
			return func() {}
		}, backup.ExitBroken},
		{"another tenant's key", func() func() {
			edit = func(t *backup.Task) { t.Verify = backup.KeysOf(make([]byte, 32)).Verifier() }
			return func() {}
		}, backup.ExitBroken},
		{"another schema version", func() func() {
			edit = func(t *backup.Task) { t.SchemaVersion++ }
			return func() {}
		}, contract.ExitSchema},
	} {
		edit = func(*backup.Task) {}
		repair := broken.make()
		task := c.back("full", 2, c.bucket+"-2")
		edit(&task)
		outcome, code := c.run(backup.CommandRestore, task)
		repair()
		if code != broken.code || outcome.Restored != nil || outcome.Message == "" {
			t.Errorf("%s: ended with %d and not %d: %+v", broken.what, code, broken.code, outcome)
		}
		c.unchanged(broken.what, before, there)
	}
	// A database that keeps something else than it was given.
	c.exec(2, `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := upper(NEW.note); RETURN NEW; END';
		CREATE TRIGGER spoil BEFORE INSERT ON seeded FOR EACH ROW EXECUTE FUNCTION spoil()`)
	if _, code := c.run(backup.CommandRestore, c.back("full", 2, c.bucket+"-2")); code != backup.ExitDiffers {
		t.Errorf("what is in the database differs, and the restore ended with %d", code)
	}
	c.exec(2, `DROP FUNCTION spoil CASCADE`)
	c.unchanged("rows that change as they are loaded", before, there)
	// Chance finds places that nobody thought of.
	for range rounds(t, 2) {
		key := c.keysOf("g/g1/data/")[rand.IntN(len(c.keysOf("g/g1/data/")))]
		at := rand.IntN(len(c.read(key)))
		repair := c.overwrite(key, flipped(c.read(key), at))
		_, code := c.run(backup.CommandVerify, c.back("full", 2, ""))
		repair()
		// Parts of a pack are not needed to read it; whatever ended well was compared.
		if code != backup.ExitBroken && code != contract.ExitOK {
			t.Errorf("byte %d of %s flipped: ended with %d", at, key, code)
		}
	}
	c.must(backup.CommandRestore, c.back("full", 2, c.bucket+"-2")) // repaired, all is well
}

// unchanged makes sure that a failed restore left no row; objects that came whole may
// stay.
func (c *company) unchanged(after string, before, source map[string]string) {
	c.t.Helper()
	now := c.state(2, c.bucket+"-2")
	for key := range now {
		if strings.HasPrefix(key, "object files/") && now[key] == source[key] {
			delete(now, key)
		}
	}
	if diff := cmp.Diff(before, now); diff != "" {
		c.t.Errorf("%s: the restore left something behind (-was +is):\n%s", after, diff)
	}
}

// TestOtherStreamIsRefused puts streams in place that restic gives back without a
// fault and that are signed well, but are not what their manifest says.
func TestOtherStreamIsRefused(t *testing.T) {
	c := newCompany(t)
	c.exec(1, oddRows)
	c.put("files/a", "text/plain", []byte("a"))
	c.must(backup.CommandBackup, c.task("full", ""))
	m := c.manifest("full")
	repository := restic.Repository{Program: c.config.Restic, Bucket: c.reach(c.backups), Path: backup.RepositoryOf("g1"), Password: c.keys.Password("g1")}
	var whole string
	err := repository.Dump(t.Context(), m.Snapshot, backup.Stream, func(r io.Reader) error {
		raw, err := io.ReadAll(r)
		whole = string(raw)
		return err
	})
	if err != nil || int64(len(whole)) != m.StreamBytes {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	c.makeBucket(c.bucket + "-2")
	before := tables(c.state(2, c.bucket+"-2"))
	const changedRow = "with a changed row"
	for what, other := range map[string]string{
		"cut in the objects":     whole[:40],
		"cut in the rows":        whole[:strings.Index(whole, `COPY "Zeal"`)+80],
		"cut after a table":      whole[:strings.Index(whole, `COPY "Zeal"`)],
		"without its end":        strings.TrimSuffix(whole, backup.LineEnd+"\n"),
		"with more after it":     whole + "SELECT 1;\n",
		changedRow:               strings.Replace(whole, "by people", "by nobody", 1),
		"without a row":          strings.Replace(whole, "2\tnew\n", "", 1),
		"with one row twice":     strings.Replace(whole, "2\tnew\n", "2\tnew\n2\tnew\n", 1),
		"with an unknown table":  strings.Replace(whole, `COPY "seeded" (`, `COPY "seeder" (`, 1),
		"with an unknown column": strings.Replace(whole, `COPY "seeded" ("id", "note")`, `COPY "seeded" ("id", "memo")`, 1),
		"with another object":    strings.Replace(whole, `"type":"text/plain"`, `"type":"text/html"`, 1),
		"with another sequence":  strings.Replace(whole, "SELECT pg_catalog.setval('\"odd_n_seq\"', 4,", "SELECT pg_catalog.setval('\"odd_n_seq\"', 5,", 1),
	} {
		if other == whole {
			t.Fatalf("%s: nothing was changed", what)
		}
		summary, err := repository.Backup(t.Context(), backup.Stream, what, func(w io.Writer) error {
			_, err := io.WriteString(w, other)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		forged := m
		forged.Snapshot = summary.Snapshot
		raw, signature, err := forged.Sign(c.keys.Signer())
		if err != nil {
			t.Fatal(err)
		}
		c.putBack(backup.ManifestOf("full"), raw)
		c.putBack(backup.SignatureOf("full"), signature)
		if outcome, code := c.run(backup.CommandRestore, c.back("full", 2, c.bucket+"-2")); code != backup.ExitDiffers || outcome.Restored != nil {
			t.Errorf("%s: ended with %d: %s", what, code, outcome.Message)
		}
		if what == changedRow { // the database is not there to tell
			if outcome, code := c.run(backup.CommandVerify, c.back("full", 2, "")); code != backup.ExitDiffers {
				t.Errorf("%s: verified with %d: %s", what, code, outcome.Message)
			}
		}
		if diff := cmp.Diff(before, tables(c.state(2, c.bucket+"-2"))); diff != "" {
			t.Errorf("%s: the restore left rows behind (-was +is):\n%s", what, diff)
		}
	}
}
