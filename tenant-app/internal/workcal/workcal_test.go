package workcal_test

import (
	"net/http"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// at is a time in Shanghai, where the company is.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	out, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The usual day has 7.5 hours: 09:00 to 12:00 and 13:30 to 18:00.
func TestTimeLimitsCountInWorkingHours(t *testing.T) {
	o := officetest.Start(t)
	c := o.App.Calendar
	check := func(from string, d time.Duration, want string) {
		t.Helper()
		got, err := c.AddWorking(t.Context(), at(t, from).UTC(), d)
		if err != nil || !got.Equal(at(t, want)) {
			t.Errorf("%s after %s is %s (%v), want %s", d, from, got, err, want)
		}
	}
	check("2026-11-23 09:30", time.Hour, "2026-11-23 10:30")                  // Monday
	check("2026-11-23 11:30", time.Hour, "2026-11-23 14:00")                  // over lunch
	check("2026-11-23 17:30", time.Hour, "2026-11-24 09:30")                  // over night
	check("2026-11-20 17:30", time.Hour, "2026-11-23 09:30")                  // over the weekend
	check("2026-11-21 23:59", 0, "2026-11-23 09:00")                          // asked on Saturday
	check("2026-11-23 10:30", 7*time.Hour+30*time.Minute, "2026-11-24 10:30") // one working day
	check("2026-11-23 09:00", 7*time.Hour+30*time.Minute, "2026-11-23 18:00") // to its end, not to the next
	check("2026-09-30 17:30", time.Hour, "2026-10-08 09:30")                  // 国庆节
	check("2026-02-13 17:30", time.Hour, "2026-02-14 09:30")                  // a Saturday that is a make-up day
	check("2026-02-14 17:30", 3*15*time.Hour/2, "2026-02-26 17:30")           // 春节, nine days
	if err := c.SetHours(t.Context(), workcal.Hours{Weekdays: []int{7}, Spans: []workcal.Span{{From: "23:00", To: "24:00"}}}); err != nil {
		t.Fatal(err)
	}
	check("2026-11-23 12:00", 90*time.Minute, "2026-12-06 23:30") // two Sundays
	if _, err := c.AddWorking(t.Context(), at(t, "2026-11-23 12:00"), 1000*time.Hour); err == nil {
		t.Error("a thousand hours fit into a year of Sundays")
	}
}

func TestHolidaysAndMakeUpDaysOf2026(t *testing.T) {
	o := officetest.Start(t)
	off := 0
	for day := at(t, "2026-01-01 12:00"); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		works, err := o.App.Calendar.IsWorkday(t.Context(), day)
		if err != nil {
			t.Fatal(err)
		}
		if !works {
			off++
		}
	}
	// 104 days of weekends, of which 6 are worked and 14 lie in holidays of 33 days.
	if off != 104-6-14+33 {
		t.Errorf("%d days are free in 2026", off)
	}
}

func TestACompanyEditsItsCalendar(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	_, zhang := admin.Staff(auth.NewPerson{Name: "张伟", Phone: "+8613800000002"})
	var got struct {
		Days  []workcal.Day
		Hours workcal.Hours
	}
	zhang.JSON(http.MethodGet, "/calendar?year=2026", nil).Want(http.StatusOK).Into(&got)
	if len(got.Days) != 39 || got.Days[0] != (workcal.Day{Day: "2026-01-01", Name: "元旦"}) || len(got.Hours.Spans) != 2 {
		t.Errorf("%d days, the first %+v", len(got.Days), got.Days[0])
	}
	day := map[string]any{"workday": false, "name": "司庆\x00"}
	zhang.JSON(http.MethodPut, "/calendar/days/2026-11-23", day).Want(http.StatusForbidden)
	admin.JSON(http.MethodPut, "/calendar/days/2026-11-23", day).Want(http.StatusOK)
	if works, err := o.App.Calendar.IsWorkday(t.Context(), at(t, "2026-11-23 00:00")); works || err != nil {
		t.Errorf("the company's birthday is a workday: %v, %v", works, err)
	}
	admin.JSON(http.MethodDelete, "/calendar/days/2026-11-23", nil).Want(http.StatusNoContent)
	admin.JSON(http.MethodDelete, "/calendar/days/2026-11-23", nil).Want(http.StatusNoContent)
	admin.JSON(http.MethodPut, "/calendar/days/2026-02-30", day).Want(http.StatusUnprocessableEntity)
	for name, hours := range map[string]workcal.Hours{
		"overlap":   {Weekdays: []int{1}, Spans: []workcal.Span{{From: "09:00", To: "12:00"}, {From: "11:00", To: "13:00"}}},
		"backwards": {Weekdays: []int{1}, Spans: []workcal.Span{{From: "18:00", To: "09:00"}}},
		"no day":    {Weekdays: []int{0}, Spans: []workcal.Span{{From: "09:00", To: "12:00"}}},
		"twice":     {Weekdays: []int{1, 1}, Spans: []workcal.Span{{From: "09:00", To: "12:00"}}},
		"no time":   {Weekdays: []int{1}, Spans: []workcal.Span{{From: "9", To: "25:00"}}},
		"none":      {Weekdays: []int{1}, Spans: []workcal.Span{}},
	} {
		if reply := admin.JSON(http.MethodPut, "/calendar/hours", hours); reply.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, reply.Status)
		}
	}
	new := workcal.Hours{Weekdays: []int{1, 2, 3, 4, 5, 6}, Spans: []workcal.Span{{From: "08:00", To: "17:00"}}}
	admin.JSON(http.MethodPut, "/calendar/hours", new).Want(http.StatusOK)
	if works, err := o.App.Calendar.IsWorkday(t.Context(), at(t, "2026-11-28 00:00")); !works || err != nil {
		t.Errorf("Saturday: %v, %v", works, err)
	}
}
