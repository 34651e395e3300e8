package workcal

import (
	"context"
	"fmt"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
)

type yearInput struct {
	Year int `query:"year" required:"true" minimum:"2000" maximum:"2100"`
}

type calendarOutput struct {
	Body struct {
		Days  []Day `json:"days"`
		Hours Hours `json:"hours"`
	}
}

type dayInput struct {
	Day  string `path:"day" format:"date"`
	Body struct {
		Workday bool   `json:"workday" doc:"false: 休, true: 班"`
		Name    string `json:"name" minLength:"1" maxLength:"50"`
	}
}

type dayOutput struct {
	Body Day
}

type removeInput struct {
	Day string `path:"day" format:"date"`
}

type hoursInput struct {
	Body Hours
}

type hoursOutput struct {
	Body Hours
}

// Rights of the calendar.
const (
	ReadRight   = "calendar.read"
	ManageRight = "calendar.manage"
)

// Rights are what roles can give on the calendar.
var Rights = []authz.Right{
	{Name: ReadRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll, authz.Staff: authz.ScopeAll}},
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
}

// Register adds the operations.
func (c *Calendar) Register(server *httpapi.Server) {
	op := func(id, method, path, action, summary string) httpapi.Op {
		return httpapi.Op{ID: id, Method: method, Path: path, Tag: "calendar", Action: action, Resource: "calendar", Summary: summary, Right: ManageRight}
	}
	read := op("get-calendar", http.MethodGet, "/calendar", "read", "Holidays and make-up days of a year, and the working hours")
	read.Right = ReadRight
	httpapi.Register(server, read, func(ctx context.Context, in *yearInput) (*calendarOutput, error) {
		out := &calendarOutput{}
		var err error
		if out.Body.Days, err = c.Days(ctx, fmt.Sprintf("%d-01-01", in.Year), fmt.Sprintf("%d-12-31", in.Year)); err != nil {
			return nil, err
		}
		out.Body.Hours, _, err = c.Hours(ctx)
		return out, err
	})
	httpapi.Register(server, op("set-calendar-day", http.MethodPut, "/calendar/days/{day}", "update", "Make a day a holiday or a make-up day"),
		func(ctx context.Context, in *dayInput) (*dayOutput, error) {
			day := Day{Day: in.Day, Workday: in.Body.Workday, Name: in.Body.Name}
			return &dayOutput{Body: day}, c.SetDay(ctx, day)
		})
	remove := op("remove-calendar-day", http.MethodDelete, "/calendar/days/{day}", "update", "Make a day as its weekday says")
	remove.Status = http.StatusNoContent
	httpapi.Register(server, remove, func(ctx context.Context, in *removeInput) (*struct{}, error) { return nil, c.RemoveDay(ctx, in.Day) })
	httpapi.Register(server, op("set-working-hours", http.MethodPut, "/calendar/hours", "update", "Change weekdays and hours of work"),
		func(ctx context.Context, in *hoursInput) (*hoursOutput, error) {
			return &hoursOutput{Body: in.Body}, c.SetHours(ctx, in.Body)
		})
}
