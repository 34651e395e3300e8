package approval_test

import (
	"net/http"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// company is the office of thirty people, some of whom sign in.
type company struct {
	*officetest.Office
	t     *testing.T
	admin *officetest.Browser
	ids   map[string]kernel.ID
}

// Names of people of the seeded company: the clerk's head is the group's head, above
// whom stands the head of research.
const (
	clerk      = "区永康"
	head       = "任重"
	upper      = "单志远"
	personnel  = "缪雨桐"
	accountant = "翟慧"
	cashier    = "宁小波"
	stranger   = "盖丽"
)

func start(t *testing.T, options ...officetest.Option) *company {
	t.Helper()
	o := officetest.Start(t, options...)
	c := &company{Office: o, t: t, admin: o.Administrator(t), ids: map[string]kernel.ID{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(o.Logs())
		}
	})
	people, err := directory.Seed(t.Context(), o.DB, o.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		c.ids[p.Name] = p.ID
	}
	return c
}

// as signs somebody in.
func (c *company) as(name string) *officetest.Browser {
	c.t.Helper()
	b := c.Browser(c.t)
	b.Activate(c.admin.Invite(c.ids[name]).Code, officetest.Password).Want(http.StatusSeeOther)
	return b
}

type object = map[string]any

func halfDay(date, half string) object { return object{"date": date, "half": half} }

// leave is a leave on workdays.
func leave(from, to string) object {
	return object{"type": "annual", "from": halfDay(from, "am"), "to": halfDay(to, "pm"), "reason": "回老家办事"}
}

func expense(cents ...int64) object {
	rows := []any{}
	for _, amount := range cents {
		rows = append(rows, object{"date": "2026-11-20", "category": "travel", "amount": amount})
	}
	return object{"subject": "去南京", "rows": rows}
}

func submission(form string, values object) object {
	return object{"id": kernel.NewID().String(), "form": form, "values": values}
}

func submit(b *officetest.Browser, form string, values object) approval.Detail {
	return detail(b.JSON(http.MethodPost, "/approvals", submission(form, values)).Want(http.StatusCreated))
}

func detail(r officetest.Reply) (d approval.Detail) {
	r.Into(&d)
	return d
}

func get(b *officetest.Browser, id kernel.ID) approval.Detail {
	return detail(b.JSON(http.MethodGet, "/approvals/"+id.String(), nil).Want(http.StatusOK))
}

// do acts on the version that d is.
func do(b *officetest.Browser, d approval.Detail, verb string, body object) officetest.Reply {
	if body == nil {
		body = object{}
	}
	return b.JSON(http.MethodPost, "/approvals/"+d.ID.String()+"/"+verb, body, ifMatch(d.Revision))
}

func ifMatch(revision int64) officetest.Header {
	return officetest.H("If-Match", httpapi.Versioned(revision).ETag)
}

func names(people []directory.PersonRef) []string {
	out := []string{}
	for _, p := range people {
		out = append(out, p.Name)
	}
	return out
}

func waitingFor(d approval.Detail) []string { return names(d.Waiting) }

type inbox struct {
	Items []struct {
		ID      kernel.ID     `json:"id"`
		Kind    string        `json:"kind"`
		Ref     kernel.ID     `json:"ref"`
		Title   kernel.Text   `json:"title"`
		Summary []kernel.Line `json:"summary"`
		Data    struct {
			Revision int64 `json:"revision"`
		} `json:"data"`
	} `json:"items"`
	Counts map[string]int `json:"counts"`
}

func todo(b *officetest.Browser) (box inbox) {
	b.JSON(http.MethodGet, "/todo", nil).Want(http.StatusOK).Into(&box)
	return box
}
