// Package workcal knows when a company works: weekdays, holidays with make-up days
// (调休) and the hours of a day, as the company set them. Time limits count in it.
// Shifts of single people are not its business.
package workcal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

const (
	dayForm  = time.DateOnly
	hourForm = "15:04"
	// horizon is how far a time limit looks: a company that works one hour a week
	// still ends a limit of a day.
	horizon = 366
)

// Hours are when work is done on a workday.
type Hours struct {
	Weekdays []int  `json:"weekdays" minItems:"1" maxItems:"7" doc:"Days of an ordinary week: 1 Monday to 7 Sunday"`
	Spans    []Span `json:"spans" minItems:"1" maxItems:"5" doc:"Of each day, in order"`
}

// Span is a part of a day, in the company's time zone.
type Span struct {
	From string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"09:00"`
	To   string `json:"to" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" example:"12:00"`
}

// usual is what holds until the company decides.
var usual = Hours{Weekdays: []int{1, 2, 3, 4, 5}, Spans: []Span{{"09:00", "12:00"}, {"13:30", "18:00"}}}

// Day is a day that is not as its weekday says.
type Day struct {
	Day     string `json:"day" format:"date"`
	Workday bool   `json:"workday" doc:"false: 休, true: 班"`
	Name    string `json:"name"`
}

// Calendar answers for one company.
type Calendar struct {
	db       *store.DB
	clock    kernel.Clock
	settings func() contract.Settings
}

// New makes the calendar.
func New(db *store.DB, clock kernel.Clock, settings func() contract.Settings) *Calendar {
	return &Calendar{db: db, clock: clock, settings: settings}
}

// zone is the company's time zone.
func (c *Calendar) zone() *time.Location {
	zone, err := time.LoadLocation(c.settings().Timezone)
	if err != nil {
		return time.UTC // Settings.Check has refused this before
	}
	return zone
}

// IsWorkday says whether people work on the day of a time, in the company's time zone.
func (c *Calendar) IsWorkday(ctx context.Context, at time.Time) (bool, error) {
	day := at.In(c.zone())
	plan, err := c.plan(ctx, day, 1)
	if err != nil {
		return false, err
	}
	return plan.works(day), nil
}

// Workdays says which days are worked, of those from first to last; days are midnights
// of any one zone.
func (c *Calendar) Workdays(ctx context.Context, first, last time.Time) (func(day time.Time) bool, error) {
	plan, err := c.plan(ctx, first, int(last.Sub(first)/(24*time.Hour))+1)
	if err != nil {
		return nil, err
	}
	return plan.works, nil
}

// AddWorking gives the time when d of working time has passed since from. A limit that
// ends with a working day ends then, not with the beginning of the next.
func (c *Calendar) AddWorking(ctx context.Context, from time.Time, d time.Duration) (time.Time, error) {
	local := from.In(c.zone())
	plan, err := c.plan(ctx, local, horizon)
	if err != nil {
		return time.Time{}, err
	}
	for day := range horizon {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, local.Location())
		if !plan.works(date) {
			continue
		}
		for _, span := range plan.hours.Spans {
			begin, end := span.on(date)
			if begin.Before(local) {
				begin = local
			}
			if room := end.Sub(begin); room >= d {
				return begin.Add(d).UTC(), nil
			} else if room > 0 {
				d -= room
			}
		}
	}
	return time.Time{}, kernel.Invalid("calendar_without_work").With("days", horizon)
}

// on gives the span of one day.
func (s Span) on(date time.Time) (begin, end time.Time) {
	at := func(text string) time.Time {
		if text == "24:00" {
			return date.AddDate(0, 0, 1)
		}
		t, _ := time.Parse(hourForm, text) // checked when it was set
		return time.Date(date.Year(), date.Month(), date.Day(), t.Hour(), t.Minute(), 0, 0, date.Location())
	}
	return at(s.From), at(s.To)
}

// plan is what holds for some days.
type plan struct {
	hours   Hours
	special map[string]bool
}

func (p plan) works(date time.Time) bool {
	if workday, known := p.special[date.Format(dayForm)]; known {
		return workday
	}
	weekday := (int(date.Weekday())+6)%7 + 1
	for _, w := range p.hours.Weekdays {
		if w == weekday {
			return true
		}
	}
	return false
}

func (c *Calendar) plan(ctx context.Context, from time.Time, days int) (plan, error) {
	var row struct {
		Hours   *string `bun:"hours"`
		Special string  `bun:"special"`
	}
	err := c.db.Q(ctx).NewRaw(`SELECT (SELECT value FROM setting WHERE key = ?) AS hours,
		(SELECT coalesce(json_object_agg(day, workday), '{}') FROM calendar_day WHERE day BETWEEN ?::date AND ?::date) AS special`,
		hoursKey, from.Format(dayForm), from.AddDate(0, 0, days).Format(dayForm)).Scan(ctx, &row)
	p := plan{hours: usual}
	if err == nil && row.Hours != nil {
		p.hours = Hours{}
		err = json.Unmarshal([]byte(*row.Hours), &p.hours)
	}
	if err == nil {
		err = json.Unmarshal([]byte(row.Special), &p.special)
	}
	if err != nil {
		return plan{}, fmt.Errorf("read the calendar: %w", err)
	}
	return p, nil
}

// Days gives the days that are not as their weekday says, from first up to and with last.
func (c *Calendar) Days(ctx context.Context, first, last string) ([]Day, error) {
	days := []Day{}
	err := c.db.Q(ctx).NewRaw("SELECT day::text AS day, workday, name FROM calendar_day WHERE day BETWEEN ?::date AND ?::date ORDER BY calendar_day.day", first, last).Scan(ctx, &days)
	if err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	return days, nil
}

// SetDay makes a day a holiday or a make-up day.
func (c *Calendar) SetDay(ctx context.Context, day Day) error {
	if _, err := time.Parse(dayForm, day.Day); err != nil {
		return kernel.Invalid("date_invalid").OnField("path.day")
	}
	if day.Name = kernel.CleanText(day.Name); day.Name == "" {
		return kernel.Invalid("name_invalid").OnField("body.name")
	}
	_, err := c.db.Q(ctx).NewRaw(`INSERT INTO calendar_day (day, workday, name) VALUES (?::date, ?, ?)
		ON CONFLICT (day) DO UPDATE SET workday = EXCLUDED.workday, name = EXCLUDED.name`, day.Day, day.Workday, day.Name).Exec(ctx)
	if err != nil {
		return fmt.Errorf("change the calendar: %w", err)
	}
	return nil
}

// RemoveDay makes a day as its weekday says.
func (c *Calendar) RemoveDay(ctx context.Context, day string) error {
	if _, err := time.Parse(dayForm, day); err != nil {
		return kernel.NotFound("day_unknown")
	}
	if _, err := c.db.Q(ctx).NewRaw("DELETE FROM calendar_day WHERE day = ?::date", day).Exec(ctx); err != nil {
		return fmt.Errorf("change the calendar: %w", err)
	}
	return nil
}

const hoursKey = "workcal.hours"

// Hours gives the working hours and their revision.
func (c *Calendar) Hours(ctx context.Context) (Hours, int64, error) {
	var hours Hours
	revision, err := c.db.Setting(ctx, hoursKey, &hours)
	if revision == 0 {
		return usual, 0, err
	}
	return hours, revision, err
}

// SetHours changes the working hours. Code hours_invalid for spans that overlap, end
// before they begin or are out of order, and for weekdays that are none.
func (c *Calendar) SetHours(ctx context.Context, hours Hours) error {
	last := ""
	for _, s := range hours.Spans {
		if s.From < last || s.To <= s.From {
			return kernel.Invalid("hours_invalid").OnField("body.spans")
		}
		last = s.To
	}
	for i, w := range hours.Weekdays {
		if w < 1 || w > 7 || i > 0 && w <= hours.Weekdays[i-1] {
			return kernel.Invalid("hours_invalid").OnField("body.weekdays")
		}
	}
	if len(hours.Spans) == 0 || len(hours.Weekdays) == 0 {
		return kernel.Invalid("hours_invalid").OnField("body")
	}
	_, err := c.db.Decide(ctx, hoursKey, hours, c.clock())
	return err
}
