package agent_test

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/test/env"
)

// week is a company that lives and is backed up by its schedule.
type week struct {
	*life
	epochs map[string]backup.Epoch
	done   []backup.Done
}

// TestSevenDays lets people work for a week with a backup each night: a full one, six
// incremental ones and the next full one. Each brings back the state of its moment.
func TestSevenDays(t *testing.T) {
	c := newCompany(t)
	w := &week{&life{company: c, chance: choices(t), rows: 9}, map[string]backup.Epoch{}, nil}
	c.exec(1, oddRows)
	var people *writers
	if long {
		w.rows = 2000
		c.exec(1, books)
		people = c.writers()
	}
	nights := w.nights()
	var states []map[string]string
	var written []span
	for _, night := range nights {
		w.day(night.At)
		w.passed(w.removed) // what is deleted within the second of the snapshot may come along
		states = append(states, withoutBooks(w.state(1, w.bucket)))
		if long {
			written = append(written, people.during(func() { w.backUp(night) }))
		} else {
			w.backUp(night)
		}
	}
	w.followsThePolicy(nights)
	for i := 1; i < len(states); i++ {
		if cmp.Equal(tables(states[i]), tables(states[i-1])) || cmp.Equal(objects(states[i]), objects(states[i-1])) {
			t.Fatalf("nothing happened on %s", nights[i].Day)
		}
	}
	t.Run("restores", func(t *testing.T) {
		for lane := range 2 { // a login that restores may have few connections
			lone := c.beside(t)
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				lone.t = t
				for i := lane; i < len(w.done); i += 2 {
					lone.compare(i, w.done[i], w.opened(w.done[i]), states[i], written)
				}
			})
		}
	})
	last := states[len(states)-1]
	t.Logf("seven days: %d backups brought back, the last one with %d tables and %d objects, epochs %v", len(w.done), len(onlyRows(last)), len(objects(last)), slices.Sorted(maps.Keys(w.epochs)))
}

// nights are eight of the schedule that begin with that of a full backup. Half of the
// seeds have the end of a month between them.
func (w *week) nights() []backup.Slot {
	place := time.FixedZone("Asia/Shanghai", 8*60*60)
	window := backup.Window{Start: time.Hour, Length: 3 * time.Hour, Location: place}
	across := w.chance.IntN(2) == 0
	for day := w.chance.IntN(300); ; day++ {
		var found []backup.Slot
		for at := time.Date(2026, 1, day, 0, 0, 0, 0, place); len(found) < 8; {
			agenda := backup.Look(id, window, "", at)
			if agenda.Now != nil && (len(found) > 0 || agenda.Now.Full) {
				found = append(found, *agenda.Now)
			}
			at = agenda.Next.At
		}
		if (monthOf(found[0]) != monthOf(found[7])) == across {
			return found
		}
	}
}

func monthOf(night backup.Slot) string { return night.At.UTC().Format("2006-01") }

// backUp takes the backup of a night as the operator would.
func (w *week) backUp(night backup.Slot) {
	w.t.Helper()
	w.config.Now = func() time.Time { return night.At }
	task := w.next("acme-"+night.Day, night.Full, night.At)
	w.must(backup.CommandBackup, task)
	w.took(task)
}

// next is the task of a backup that goes on from those that are done.
func (w *week) next(name string, full bool, at time.Time) backup.Task {
	w.t.Helper()
	lineage := backup.Next(name, full, w.key.ID(), at, w.done)
	task := w.task(name, "")
	task.Full, task.Generation, task.Password = lineage.Full, lineage.Generation, w.keys.Password(lineage.Generation)
	if _, ok := w.epochs[lineage.Epoch]; !ok {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			w.t.Fatal(err)
		}
		w.epochs[lineage.Epoch] = backup.Epoch{ID: lineage.Epoch, Recipient: identity.Recipient().String(), Identity: identity.String()}
	}
	task.Epoch = backup.Epoch{ID: lineage.Epoch, Recipient: w.epochs[lineage.Epoch].Recipient}
	if lineage.Previous != "" {
		task.Previous = backup.Former{Backup: lineage.Previous, Password: w.keys.Password(w.manifest(lineage.Previous).Generation)}
	}
	return task
}

// took notes a backup that is complete.
func (w *week) took(task backup.Task) {
	w.t.Helper()
	m := w.manifest(task.Backup)
	var epochs []string
	for _, e := range m.Epochs {
		epochs = append(epochs, e.ID)
	}
	w.done = append(w.done, backup.Done{Name: m.Backup, Full: m.Full, Generation: m.Generation, Epoch: task.Epoch.ID, Epochs: epochs, KeyID: m.KeyID, Moment: m.Moment})
}

// opened are the epochs that a backup needs.
func (w *week) opened(d backup.Done) (epochs []backup.Epoch) {
	for _, e := range d.Epochs {
		epochs = append(epochs, w.epochs[e])
	}
	return epochs
}

// followsThePolicy compares what the backups say of themselves: a week is one generation,
// and writes to the epoch of the month in which it began; the backup that begins another
// month goes on from none. Nothing was sent twice.
func (w *week) followsThePolicy(nights []backup.Slot) {
	w.t.Helper()
	type shape struct{ Name, Generation, Previous, Schema, Epochs string }
	var want, got []shape
	for i, night := range nights {
		name, first, month := "acme-"+night.Day, "acme-"+nights[0].Day, monthOf(nights[0])
		previous := ""
		if i > 0 {
			previous = "acme-" + nights[i-1].Day
		}
		if i == 7 {
			if first = name; monthOf(night) != month {
				previous = ""
			}
			month = monthOf(night)
		}
		want = append(want, shape{name, first, previous, first, "[" + month + "-" + w.key.ID()[:8] + "]"})
		m := w.manifest(name)
		got = append(got, shape{m.Backup, m.Generation, m.Previous, m.Schema, fmt.Sprint(w.done[i].Epochs)})
		if full := i == 0 || i == 7; m.Full != full {
			w.t.Errorf("%s: full %t, want %t", name, m.Full, full)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the backups do not follow the policy (-want +got):\n%s", diff)
	}
	sent := map[string]int{}
	for o := range w.root.ListObjectsIter(w.t.Context(), w.backups, minio.ListObjectsOptions{Prefix: "e/", Recursive: true, WithVersions: true}) {
		if sent[o.Key]++; o.Err != nil || sent[o.Key] > 1 {
			w.t.Errorf("%s was sent twice, or cannot be listed: %v", o.Key, o.Err)
		}
	}
}

// beside is this company for a test that runs beside others.
func (c *company) beside(t *testing.T) *company {
	beside := *c
	beside.config.TaskDir, beside.config.Log = t.TempDir(), slog.New(slog.DiscardHandler)
	return &beside
}

// compare restores a backup and compares what comes back with the state of its moment.
func (c *company) compare(number int, d backup.Done, epochs []backup.Epoch, want map[string]string, written []span) {
	c.t.Helper()
	fresh := c.fresh(number)
	if long {
		fresh.exec(2, books)
	}
	task := fresh.back(d.Name, 2, fresh.bucket)
	task.Password, task.Epochs = c.keys.Password(d.Generation), epochs
	fresh.must(backup.CommandRestore, task)
	got := fresh.state(2, fresh.bucket)
	if long {
		fresh.balanced(got, written[number])
	}
	if diff := cmp.Diff(want, withoutBooks(got)); diff != "" {
		c.t.Errorf("%s brings back something else (-was +is):\n%s", d.Name, diff)
	}
}

// fresh is this company in a database and a bucket of their own, as a restore finds them.
func (c *company) fresh(number int) *company {
	c.t.Helper()
	f := *c
	f.db.Name, f.bucket = fmt.Sprintf("%s-%d", c.db.Name, number), fmt.Sprintf("%s-%d", c.bucket, number)
	server, quoted := env.PostgresServer(c.t), pgx.Identifier{f.db.Name}.Sanitize()
	if err := server.Exec("postgres", "CREATE DATABASE "+quoted+" TEMPLATE "+template); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := server.Exec("postgres", "DROP DATABASE "+quoted+" WITH (FORCE)"); err != nil {
			c.t.Error(err)
		}
	})
	f.makeBucket(f.bucket)
	return &f
}

// objects leaves all else out of a state.
func objects(state map[string]string) map[string]string {
	found := maps.Clone(state)
	maps.DeleteFunc(found, func(key, _ string) bool { return !strings.HasPrefix(key, "object ") })
	return found
}

// onlyRows leaves sequences out too, which no rollback takes back.
func onlyRows(state map[string]string) map[string]string {
	rows := maps.Clone(state)
	maps.DeleteFunc(rows, func(key, _ string) bool { return !strings.HasPrefix(key, "table ") })
	return rows
}
