package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Window is the part of a day in which a tenant's backups begin. It may go past
// midnight.
type Window struct {
	Start    time.Duration // since midnight
	Length   time.Duration // more than 0, at most 12 hours
	Location *time.Location
}

// Slot is one time at which a tenant's schedule asks for a backup: one a day, and each
// seventh is full.
type Slot struct {
	Day  string    // 2026-11-22, in the window's place: the day on which the window began
	At   time.Time // when the backup is due
	Ends time.Time // an hour after the window: it is skipped when it did not begin by then
	Full bool
}

// Agenda is what a tenant's schedule says of a moment.
type Agenda struct {
	Now     *Slot // to be taken now; nil: none
	Next    Slot  // the one after
	Skipped int   // slots between the last one taken and now whose time is over
}

// Look decides what is due. Taken is the day of the slot that was taken last; empty
// before the first, when nothing before now was missed. A slot whose window is over is
// skipped: backups do not pile up after the operator was away. A day after tomorrow was
// taken by a clock that was wrong: it counts as if none had been.
func Look(id string, w Window, taken string, now time.Time) Agenda {
	var agenda Agenda
	today := midnight(now, w.Location)
	day := today.AddDate(0, 0, -1) // its window may still be open
	first := day
	if last, err := time.ParseInLocation(time.DateOnly, taken, w.Location); err != nil || last.After(today.AddDate(0, 0, 1)) {
		taken = ""
	} else {
		if first = last.AddDate(0, 0, 1); first.Before(day) {
			agenda.Skipped = days(first, day)
			first = day
		}
	}
	for day = first; ; day = day.AddDate(0, 0, 1) {
		slot := slotOf(id, w, day)
		switch {
		case now.Before(slot.At):
			agenda.Next = slot
			return agenda
		case now.Before(slot.Ends):
			agenda.Now = &slot
		case taken != "":
			agenda.Skipped++
		}
	}
}

// slotOf spreads tenants over the window, and their full backups over the week, by
// their ids.
func slotOf(id string, w Window, day time.Time) Slot {
	sum := sha256.Sum256([]byte(id))
	within := time.Duration(binary.BigEndian.Uint64(sum[:8])%uint64(w.Length/time.Second)) * time.Second //nolint:gosec // below a day
	weekday := time.Weekday(sum[8] % 7)
	start := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(w.Start/time.Second), 0, w.Location)
	return Slot{
		Day: day.Format(time.DateOnly), At: start.Add(within), Ends: start.Add(w.Length + time.Hour), Full: day.Weekday() == weekday,
	}
}

func midnight(t time.Time, in *time.Location) time.Time {
	t = t.In(in)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, in)
}

// days from one midnight to another, whatever the clock did in between.
func days(from, to time.Time) (n int) {
	for ; from.Before(to); from = from.AddDate(0, 0, 1) {
		n++
	}
	return n
}
