package backup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSweep(t *testing.T) {
	day := func(name, generation, epoch string, d int, epochs ...string) Done {
		return Done{Name: name, Full: name == generation, Generation: generation, Epoch: epoch, Epochs: epochs, Moment: time.Date(2026, 11, d, 2, 0, 0, 0, time.UTC)}
	}
	all := []Done{
		day("a", "a", "10", 1, "10"), day("b", "a", "10", 2, "10"),
		day("c", "c", "10", 3, "10"), day("d", "c", "10", 4, "10"),
		day("e", "e", "11", 5, "11"), day("f", "e", "11", 6, "11"),
	}
	for name, c := range map[string]struct {
		keep Retention
		done []Done
		want Removal
	}{
		"nothing there":  {Retention{1, 0, 0}, nil, Removal{}},
		"all live":       {Retention{6, 0, 0}, all, Removal{}},
		"one of a pair":  {Retention{3, 0, 0}, all, Removal{Backups: []string{"a", "b"}, Generations: []string{"a"}, Held: map[string]string{"c": "backup d of generation c lives"}}},
		"an epoch goes":  {Retention{2, 0, 0}, all, Removal{Backups: []string{"a", "b", "c", "d"}, Generations: []string{"a", "c"}, Epochs: []string{"10"}}},
		"keep the last":  {Retention{}, all, Removal{Backups: []string{"a", "b", "c", "d"}, Generations: []string{"a", "c"}, Epochs: []string{"10"}, Held: map[string]string{"e": "backup f of generation e lives"}}},
		"a whole month":  {Retention{0, 0, 1}, all[:4], Removal{Backups: []string{"a", "b"}, Generations: []string{"a"}, Held: map[string]string{"c": "backup d of generation c lives"}}},
		"by weeks":       {Retention{0, 2, 0}, all, Removal{Backups: []string{"b", "c", "d"}, Generations: nil}},
		"epoch is named": {Retention{1, 0, 0}, []Done{day("a", "a", "10", 1, "10"), day("b", "b", "11", 2, "10", "11")}, Removal{Backups: []string{"a"}, Generations: []string{"a"}}},
	} {
		if name == "by weeks" { // 1 November 2026 is a Sunday: b and later are another week
			c.want = Removal{Backups: []string{"c", "d"}, Generations: []string{"c"}, Held: map[string]string{"b": "backup a of generation a lives", "e": "backup f of generation e lives"}}
		}
		if c.want.Held == nil {
			c.want.Held = map[string]string{}
		}
		if diff := cmp.Diff(c.want, Sweep(c.done, c.keep, time.UTC)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Whatever there is: the latest backup, and each that retention keeps, can be restored
// after a sweep; what goes goes with its whole generation; a second sweep finds nothing.
func TestSweepLeavesWhatLivesWhole(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		done := history(random)
		keep := Retention{random.IntN(8), random.IntN(5), random.IntN(4)}
		living := keep.living(done, time.UTC)
		r := Sweep(done, keep, time.UTC)
		var left []Done
		for _, d := range done {
			gone := slices.Contains(r.Backups, d.Name)
			if gone != slices.Contains(r.Generations, d.Generation) {
				t.Fatalf("seed %d: generation %s goes in part: %v", seed, d.Generation, r)
			}
			if gone {
				continue
			}
			left = append(left, d)
			for _, epoch := range d.Epochs {
				if slices.Contains(r.Epochs, epoch) {
					t.Fatalf("seed %d: epoch %s goes, and %s needs it", seed, epoch, d.Name)
				}
			}
		}
		for name := range living {
			if !slices.ContainsFunc(left, func(d Done) bool { return d.Name == name }) {
				t.Fatalf("seed %d: %s lives and goes: %v", seed, name, r)
			}
		}
		if len(done) > 0 && !living[slices.MaxFunc(done, order).Name] {
			t.Fatalf("seed %d: the latest does not live", seed)
		}
		if again := Sweep(left, keep, time.UTC); len(again.Backups)+len(again.Epochs) > 0 {
			t.Fatalf("seed %d: a second sweep removes %v", seed, again)
		}
	}
}

// history is what months of backups leave, some of them missing.
func history(random *rand.Rand) (done []Done) {
	now := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	for n := range random.IntN(120) {
		now = now.Add(time.Duration(1+random.IntN(60)) * time.Hour)
		d := Done{Name: fmt.Sprintf("n%03d", n), KeyID: keyID, Moment: now}
		next := Next(d.Name, random.IntN(7) == 0, keyID, now, done)
		d.Full, d.Generation, d.Epoch = next.Full, next.Generation, next.Epoch
		d.Epochs = []string{d.Epoch}
		if i := slices.IndexFunc(done, func(o Done) bool { return o.Name == next.Previous }); i >= 0 {
			for _, e := range done[i].Epochs {
				if !slices.Contains(d.Epochs, e) {
					d.Epochs = append(d.Epochs, e)
				}
			}
		}
		done = append(done, d)
	}
	return done
}
