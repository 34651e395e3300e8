package form

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxLeave bounds how long one leave can be, in days.
const maxLeave = 366

// compute fills a computed field in, if what it is made from is there.
func (r *reader) compute(ctx context.Context, d *Definition, f Field, values map[string]any, calendar Calendar) error {
	switch f.Compute.Fn {
	case Days:
		return r.days(ctx, d, f, values, calendar)
	case Sum:
		rows, column, _ := column(d.Fields, f.Compute.Of)
		list, ok := values[rows.Key].([]any)
		if !ok {
			return nil
		}
		total := int64(0)
		for _, row := range list {
			cents, _ := row.(map[string]any)[column].(int64)
			total += cents
		}
		if total > maxMoney {
			r.fail("body.values."+f.Key, "money_range", "min", 0, "max", maxMoney)
			return nil
		}
		values[f.Key] = total
	case Capital:
		if cents, ok := values[f.Compute.Of[0]].(int64); ok {
			values[f.Key] = Capitals(cents)
		}
	}
	return nil
}

// column finds what "rows.column" names.
func column(fields []Field, of []string) (rows *Field, name string, found bool) {
	if len(of) != 1 {
		return nil, "", false
	}
	key, name, _ := strings.Cut(of[0], ".")
	at := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key && f.Kind == KindRows })
	if at < 0 {
		return nil, "", false
	}
	return &fields[at], name, true
}

// days counts half days between two ends, both of them included.
func (r *reader) days(ctx context.Context, d *Definition, f Field, values map[string]any, calendar Calendar) error {
	first, firstHalf, ok := halfOf(values[f.Compute.Of[0]])
	last, lastHalf, both := halfOf(values[f.Compute.Of[1]])
	if !ok || !both {
		return nil
	}
	at := "body.values." + f.Compute.Of[1]
	if last.Before(first) || last.Equal(first) && firstHalf == "pm" && lastHalf == "am" {
		r.fail(at, "range_reversed")
		return nil
	}
	if last.Sub(first) > maxLeave*24*time.Hour {
		r.fail(at, "range_too_long", "max", maxLeave)
		return nil
	}
	worked, err := calendar.Workdays(ctx, first, last)
	if err != nil {
		return fmt.Errorf("count the days of leave: %w", err)
	}
	everyDay := d.everyDay(f.Compute.By, values)
	halves := 0
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if !everyDay && !worked(day) {
			continue
		}
		halves += 2
		if day.Equal(first) && firstHalf == "pm" {
			halves--
		}
		if day.Equal(last) && lastHalf == "am" {
			halves--
		}
	}
	if halves == 0 {
		r.fail(at, "days_none")
		return nil
	}
	values[f.Key] = float64(halves) / 2
	return nil
}

func (d *Definition) everyDay(choice string, values map[string]any) bool {
	f := d.Field(choice)
	if f == nil {
		return false
	}
	at := slices.IndexFunc(f.Options, func(o Option) bool { return o.Key == values[choice] })
	return at >= 0 && f.Options[at].EveryDay
}

func halfOf(value any) (day time.Time, half string, ok bool) {
	parts, ok := value.(map[string]any)
	if !ok {
		return day, "", false
	}
	date, _ := parts["date"].(string)
	half, _ = parts["half"].(string)
	day, err := time.Parse(time.DateOnly, date)
	return day, half, err == nil
}

// noon is where a day of work is cut in two.
const noon = 12

// Span is when the person of a leave is away, in the company's zone; false if the
// form is none, or the values do not say.
func (d *Definition) Span(values map[string]any, zone *time.Location) (from, to time.Time, ok bool) {
	if d.Away == nil {
		return from, to, false
	}
	first, firstHalf, ok := halfOf(values[d.Away.From])
	last, lastHalf, both := halfOf(values[d.Away.To])
	if !ok || !both {
		return from, to, false
	}
	from = time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, zone)
	to = time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, zone)
	if firstHalf == "pm" {
		from = from.Add(noon * time.Hour)
	}
	if lastHalf == "am" {
		to = time.Date(last.Year(), last.Month(), last.Day(), noon, 0, 0, 0, zone)
	}
	return from, to, true
}
