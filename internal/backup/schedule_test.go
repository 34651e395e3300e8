package backup

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"
)

var night = Window{Start: 23 * time.Hour, Length: 6 * time.Hour, Location: place("Asia/Shanghai")}

func place(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

func TestLook(t *testing.T) {
	slot := slotOf("abcdefghij", night, time.Date(2026, 11, 22, 0, 0, 0, 0, night.Location))
	open := time.Date(2026, 11, 22, 23, 0, 0, 0, night.Location)
	if slot.Day != "2026-11-22" || slot.At.Before(open) || !slot.At.Before(slot.Ends) || !slot.Ends.Equal(open.Add(7*time.Hour)) {
		t.Fatalf("slot %+v", slot)
	}
	for name, c := range map[string]struct {
		taken, now string
		due, next  string
		skipped    int
	}{
		"a new company before its time":   {"", "before", "", "2026-11-22", 0},
		"a new company in its time":       {"", "in", "2026-11-22", "2026-11-23", 0},
		"a new company after its time":    {"", "after", "", "2026-11-23", 0},
		"in time":                         {"2026-11-21", "in", "2026-11-22", "2026-11-23", 0},
		"taken":                           {"2026-11-22", "in", "", "2026-11-23", 0},
		"taken, and its time is over":     {"2026-11-22", "after", "", "2026-11-23", 0},
		"missed by one":                   {"2026-11-21", "after", "", "2026-11-23", 1},
		"away for three nights":           {"2026-11-18", "in", "2026-11-22", "2026-11-23", 3},
		"tomorrow's, of another zone":     {"2026-11-23", "in", "", "2026-11-24", 0},
		"taken by a clock a year ahead":   {"2027-11-22", "in", "2026-11-22", "2026-11-23", 0},
		"that, after its time":            {"2027-11-22", "after", "", "2026-11-23", 0},
		"away for a month, now too early": {"2026-10-22", "before", "", "2026-11-22", 30},
	} {
		now := map[string]time.Time{"before": slot.At.Add(-time.Second), "in": slot.At, "after": slot.Ends}[c.now]
		got := Look("abcdefghij", night, c.taken, now)
		due := ""
		if got.Now != nil {
			due = got.Now.Day
		}
		if due != c.due || got.Next.Day != c.next || got.Skipped != c.skipped {
			t.Errorf("%s: due %q next %q skipped %d, want %q %q %d", name, due, got.Next.Day, got.Skipped, c.due, c.next, c.skipped)
		}
	}
}

// Whenever and however often the operator looks: a slot is taken once, in its window,
// each day is taken or skipped, and each week has one full backup.
func TestEveryDayIsTakenOrSkipped(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	zones := []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"}
	for round := range 200 {
		w := Window{time.Duration(random.IntN(24)) * time.Hour, time.Duration(1+random.IntN(12)) * time.Hour, place(zones[random.IntN(len(zones))])}
		id := fmt.Sprintf("a%09d", round)
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		taken, skipped, first, count, full := "", 0, "", 0, 0
		for range 300 {
			now = now.Add(time.Duration(random.Int64N(int64(20 * time.Hour))))
			a := Look(id, w, taken, now)
			if !a.Next.At.After(now) {
				t.Fatalf("seed %d: the next slot %v is not after %v", seed, a.Next.At, now)
			}
			if a.Now == nil {
				continue
			}
			if a.Now.Day <= taken || now.Before(a.Now.At) || !now.Before(a.Now.Ends) {
				t.Fatalf("seed %d: at %v slot %+v after %s", seed, now, a.Now, taken)
			}
			if first == "" {
				first = a.Now.Day
			}
			taken, skipped, count = a.Now.Day, skipped+a.Skipped, count+1
			if a.Now.Full {
				full++
			}
		}
		if first == "" {
			continue // it never looked in time
		}
		from, err1 := time.Parse(time.DateOnly, first)
		to, err2 := time.Parse(time.DateOnly, taken)
		if all := int(to.Sub(from)/(24*time.Hour)) + 1; err1 != nil || err2 != nil || count+skipped != all {
			t.Errorf("seed %d, %+v: %d taken and %d skipped of %d days", seed, w, count, skipped, all)
		} else if full > all/7+1 {
			t.Errorf("seed %d: %d full ones in %d days", seed, full, all)
		}
	}
}

func TestTenantsAreSpread(t *testing.T) {
	hours, fulls := map[int]int{}, map[time.Weekday]int{}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, night.Location)
	for n := range 600 {
		id := fmt.Sprintf("a%09d", n)
		hours[slotOf(id, night, day).At.In(night.Location).Hour()]++
		for d := range 7 {
			if on := day.AddDate(0, 0, d); slotOf(id, night, on).Full {
				fulls[on.Weekday()]++
			}
		}
	}
	for hour, n := range hours {
		if n < 50 || n > 150 {
			t.Errorf("%d of 600 companies begin at %d o'clock, want some 100", n, hour)
		}
	}
	if len(hours) != 6 || len(fulls) != 7 {
		t.Errorf("spread over %v and %v", hours, fulls)
	}
}
