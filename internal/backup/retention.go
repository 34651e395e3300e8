package backup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Retention says which backups live: the last one of each of so many days, weeks and
// months that have one.
type Retention struct{ Daily, Weekly, Monthly int }

// Removal is what retention removes from a tenant's bucket, and what it leaves though
// it has expired.
type Removal struct {
	Backups     []string // names, in order; all of the generations below
	Generations []string
	Epochs      []string
	// Held says of each expired backup that stays what depends on it.
	Held map[string]string
}

// Sweep decides what goes of a tenant's complete backups in one store. It is by whole
// generations: an expired backup stays while another one of its generation lives, and
// an epoch while a backup that lives names it. The latest backup lives, whatever the
// retention says. Weeks are those of ISO 8601, days those of the place.
func Sweep(done []Done, keep Retention, in *time.Location) Removal {
	living := keep.living(done, in)
	inUse := map[string]string{}  // generation: a living backup of it
	needed := map[string]string{} // epoch: a living backup that names it
	for _, d := range done {
		if living[d.Name] {
			inUse[d.Generation] = d.Name
			for _, epoch := range append([]string{d.Epoch}, d.Epochs...) {
				needed[epoch] = d.Name
			}
		}
	}
	r := Removal{Held: map[string]string{}}
	generations, epochs := map[string]bool{}, map[string]bool{}
	for _, d := range done {
		if by := inUse[d.Generation]; living[d.Name] {
			continue
		} else if by != "" {
			r.Held[d.Name] = fmt.Sprintf("backup %s of generation %s lives", by, d.Generation)
			continue
		}
		r.Backups = append(r.Backups, d.Name)
		generations[d.Generation] = true
		for _, epoch := range append([]string{d.Epoch}, d.Epochs...) {
			if needed[epoch] == "" {
				epochs[epoch] = true
			}
		}
	}
	slices.Sort(r.Backups)
	r.Generations, r.Epochs = slices.Sorted(maps.Keys(generations)), slices.Sorted(maps.Keys(epochs))
	// An epoch that a held backup names stays as well: its generation is whole.
	r.Epochs = slices.DeleteFunc(r.Epochs, func(epoch string) bool {
		return slices.ContainsFunc(done, func(d Done) bool { return r.Held[d.Name] != "" && slices.Contains(append(d.Epochs, d.Epoch), epoch) })
	})
	return r
}

// living are the names of backups that retention keeps.
func (keep Retention) living(done []Done, in *time.Location) map[string]bool {
	sorted := slices.SortedFunc(slices.Values(done), func(a, b Done) int { return order(b, a) })
	living := map[string]bool{}
	if len(sorted) > 0 {
		living[sorted[0].Name] = true
	}
	for _, period := range []struct {
		count int
		name  func(time.Time) string
	}{
		{keep.Daily, func(t time.Time) string { return t.Format(time.DateOnly) }},
		{keep.Weekly, func(t time.Time) string { year, week := t.ISOWeek(); return fmt.Sprint(year, "-", week) }},
		{keep.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
	} {
		var seen []string
		for _, d := range sorted {
			if name := period.name(d.Moment.In(in)); !slices.Contains(seen, name) && len(seen) < period.count {
				seen = append(seen, name)
				living[d.Name] = true
			}
		}
	}
	return living
}

// String is what a dry run shows.
func (r Removal) String() string {
	if len(r.Backups) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("backups %s with generations %s and epochs %s", listed(r.Backups), listed(r.Generations), listed(r.Epochs))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
