package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/desk"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// company has an administrator, who handles suggestions, and two who work there.
type company struct {
	*officetest.Office
	t                  *testing.T
	admin, me, other   *officetest.Browser
	adminID, id, their kernel.ID
}

const (
	author   = "区永康"
	stranger = "盖丽"
)

func start(t *testing.T, options ...officetest.Option) *company {
	t.Helper()
	o := officetest.Start(t, options...)
	c := &company{Office: o, t: t, admin: o.Administrator(t)}
	people, err := directory.Seed(t.Context(), o.DB, o.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		switch p.Name {
		case author:
			c.id, c.me = p.ID, c.enter(p.ID)
		case stranger:
			c.their, c.other = p.ID, c.enter(p.ID)
		}
	}
	var who struct{ PersonID kernel.ID }
	c.admin.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&who)
	c.adminID = who.PersonID
	return c
}

func (c *company) enter(id kernel.ID) *officetest.Browser {
	c.t.Helper()
	b := c.Browser(c.t)
	b.Activate(c.admin.Invite(id).Code, officetest.Password).Want(http.StatusSeeOther)
	return b
}

type object = map[string]any

func suggestion() object {
	return object{"id": kernel.NewID(), "title": "食堂晚一点关门", "text": "加班的人八点才能吃上饭。"}
}

const code = "KQ7M-2XPA-93TD-HWVB"

// nameless is an anonymous suggestion.
func nameless() object {
	s := suggestion()
	s["anonymous"], s["code"] = true, code
	return s
}

func detail(r officetest.Reply) (d desk.SuggestionDetail) {
	r.Into(&d)
	return d
}

// act does something with a suggestion and wants it done.
func act(b *officetest.Browser, id kernel.ID, verb desk.Verb, text string) desk.SuggestionDetail {
	return detail(try(b, id, verb, text).Want(http.StatusOK))
}

func try(b *officetest.Browser, id kernel.ID, verb desk.Verb, text string) officetest.Reply {
	return b.JSON(http.MethodPost, "/suggestions/"+id.String()+"/entries", object{"id": kernel.NewID(), "verb": verb, "text": text})
}

func waits(b *officetest.Browser) int {
	var box struct{ Counts map[string]int }
	b.JSON(http.MethodGet, "/todo", nil).Want(http.StatusOK).Into(&box)
	return box.Counts["suggestion"]
}

// cards are the states of the cards that somebody got.
func (c *company) cards(person kernel.ID) (out []string) {
	c.t.Helper()
	c.Settle(c.t)
	err := c.DB.Q(c.t.Context()).NewRaw(`SELECT m.data #>> '{card,state}' FROM chat_message m JOIN chat_room r ON r.id = m.room_id
		WHERE r.unique_key = ? ORDER BY m.seq`, "assistant:desk:"+person.String()).Scan(c.t.Context(), &out)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// allow lets the company take suggestions without a name.
func (c *company) allow() {
	c.t.Helper()
	c.admin.JSON(http.MethodPut, "/desk-settings", object{"anonymous": true}).Want(http.StatusOK)
}

func TestASuggestionIsTakenAnsweredAndFollowedUp(t *testing.T) {
	c := start(t)
	d := detail(c.me.JSON(http.MethodPost, "/suggestions", suggestion()).Want(http.StatusCreated))
	if d.State != desk.Waiting || d.Author.Name != author || d.Due == nil || !slices.Equal(d.Actions, []desk.Verb{desk.Follow}) {
		t.Fatalf("submitted: %+v", d)
	}
	if got := c.cards(c.adminID); waits(c.admin) != 1 || !slices.Equal(got, []string{"waiting"}) {
		t.Errorf("the handler has %d to-dos and the cards %q", waits(c.admin), got)
	}
	d = act(c.admin, d.ID, desk.Take, "")
	if d.State != desk.Working || d.Handler == nil || waits(c.admin) != 1 {
		t.Errorf("taken: %+v", d)
	}
	d = act(c.admin, d.ID, desk.Answer, "下周起八点半关门。")
	if d.State != desk.Answered || d.Due != nil || waits(c.admin) != 0 {
		t.Errorf("answered: %+v", d)
	}
	if got := c.cards(c.id); !slices.Equal(got, []string{"answered"}) {
		t.Errorf("the author's cards %q", got)
	}
	d = act(c.me, d.ID, desk.Follow, "周末呢？")
	if d.State != desk.Working || d.Due == nil || waits(c.admin) != 1 {
		t.Errorf("followed up: %+v", d)
	}
	act(c.admin, d.ID, desk.Answer, "周末照旧。")
	d = act(c.admin, d.ID, desk.Close, "")
	verbs := []desk.Verb{}
	for _, e := range d.Entries {
		verbs = append(verbs, e.Verb)
	}
	if d.State != desk.Closed || len(d.Actions) != 0 || !slices.Equal(verbs, []desk.Verb{desk.Take, desk.Answer, desk.Follow, desk.Answer, desk.Close}) {
		t.Errorf("closed: %+v", d)
	}
	if reply := try(c.me, d.ID, desk.Follow, "?"); reply.Status != http.StatusConflict || reply.Code() != "suggestion_closed" {
		t.Errorf("after the end: %d %s", reply.Status, reply.Body)
	}
	var facts, audited []string
	c.list(`SELECT from_state || '>' || to_state || ' ' || (person_id = '`+c.id.String()+`') FROM fact WHERE kind = 'suggestion' ORDER BY at, id`, &facts)
	c.list(`SELECT event FROM audit_entry WHERE event LIKE 'suggestion%' ORDER BY id`, &audited)
	if !slices.Equal(facts, []string{">waiting true", "waiting>working false", "working>answered false", "answered>working true", "working>answered false", "answered>closed false"}) {
		t.Errorf("facts %q", facts)
	}
	if !slices.Equal(audited, []string{"suggestion_take", "suggestion_answer", "suggestion_answer", "suggestion_close"}) {
		t.Errorf("audited %q", audited)
	}
}

func (c *company) list(query string, into *[]string) {
	c.t.Helper()
	if err := c.DB.Q(c.t.Context()).NewRaw(query).Scan(c.t.Context(), into); err != nil {
		c.t.Fatal(err)
	}
}

// rows are all rows of all tables, as text with the table's name in front.
func (c *company) rows() map[string]bool {
	c.t.Helper()
	var tables []string
	c.list(`SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`, &tables)
	out := map[string]bool{}
	for _, table := range tables {
		var found []string
		c.list(`SELECT '`+table+` ' || t::text FROM "`+table+`" AS t`, &found)
		for _, row := range found {
			out[row] = true
		}
	}
	return out
}

// Nothing that the app writes while somebody puts an anonymous suggestion in, looks it up
// and says more tells who that was or when, to the minute.
func TestNothingLeadsToAnAnonymousAuthor(t *testing.T) {
	c := start(t)
	c.allow()
	c.Settle(t)
	before, logged := c.rows(), len(c.Logs())
	submitted := nameless()
	d := detail(c.me.JSON(http.MethodPost, "/suggestions", submitted).Want(http.StatusCreated))
	c.me.JSON(http.MethodPost, "/suggestions/by-code", object{"code": code}).Want(http.StatusOK)
	act(c.admin, d.ID, desk.Answer, "下周起八点半关门。")
	said := kernel.NewID()
	c.me.JSON(http.MethodPost, "/suggestions/by-code/entries", object{"code": code, "id": said, "text": "周末呢？"}).Want(http.StatusOK)
	c.Index(t)
	for row := range c.rows() {
		table, _, _ := strings.Cut(row, " ")
		if before[row] || table == "session" { // that somebody was there at all
			continue
		}
		for _, trace := range []string{c.id.String(), author, submitted["id"].(kernel.ID).String(), said.String(), "KQ7M2XPA93TDHWVB"} {
			if strings.Contains(row, trace) {
				t.Errorf("%q stands in %s", trace, row)
			}
		}
	}
	var times []time.Time
	err := c.DB.Q(t.Context()).NewRaw(`SELECT created_at FROM suggestion UNION ALL SELECT at FROM suggestion_entry WHERE person_id IS NULL
		UNION ALL SELECT at FROM fact WHERE kind = 'suggestion' AND person_id = ?`, kernel.NoID).Scan(t.Context(), &times)
	if err != nil || len(times) != 4 {
		t.Fatalf("%d times, %v", len(times), err)
	}
	for _, at := range times {
		if !at.Equal(at.Truncate(time.Hour)) {
			t.Errorf("the time %v is told", at)
		}
	}
	for _, trace := range []string{c.id.String(), author, code} {
		if strings.Contains(c.Logs()[logged:], trace) {
			t.Errorf("%q stands in the log", trace)
		}
	}
	if got := c.cards(c.id); len(got) != 0 {
		t.Errorf("the author has cards %q", got)
	}
}

func TestAnAnonymousAuthorComesBackWithTheCode(t *testing.T) {
	c := start(t)
	if reply := c.me.JSON(http.MethodPost, "/suggestions", nameless()); reply.Status != http.StatusForbidden || reply.Code() != "anonymous_not_allowed" {
		t.Errorf("not allowed: %d %s", reply.Status, reply.Body)
	}
	c.allow()
	d := detail(c.me.JSON(http.MethodPost, "/suggestions", nameless()).Want(http.StatusCreated))
	if again := detail(c.me.JSON(http.MethodPost, "/suggestions", nameless()).Want(http.StatusCreated)); again.ID != d.ID || again.Author != nil {
		t.Errorf("again: %+v", again)
	}
	act(c.admin, d.ID, desk.Answer, "好。")
	// Whoever has the code is the author, in whatever way they type it; nobody else is.
	d = detail(c.me.JSON(http.MethodPost, "/suggestions/by-code", object{"code": "kq7m2xpa 93tdhwvb"}).Want(http.StatusOK))
	if d.State != desk.Answered || len(d.Entries) != 1 || d.Entries[0].Text != "好。" || !slices.Equal(d.Actions, []desk.Verb{desk.Follow}) {
		t.Errorf("looked up: %+v", d)
	}
	more := object{"code": code, "id": kernel.NewID(), "text": "谢谢"}
	for range 2 {
		d = detail(c.me.JSON(http.MethodPost, "/suggestions/by-code/entries", more).Want(http.StatusOK))
	}
	if d.State != desk.Working || len(d.Entries) != 2 || d.Entries[1].Person != nil {
		t.Errorf("followed up: %+v", d)
	}
	c.me.JSON(http.MethodGet, "/suggestions/"+d.ID.String(), nil).Want(http.StatusNotFound)
	if reply := c.other.JSON(http.MethodPost, "/suggestions/by-code", object{"code": strings.ToLower(code[:18]) + "c"}); reply.Status != http.StatusNotFound || reply.Code() != "code_unknown" {
		t.Errorf("another code: %d %s", reply.Status, reply.Body)
	}
	c.admin.JSON(http.MethodPut, "/desk-settings", object{"anonymous": false}).Want(http.StatusOK)
	c.me.JSON(http.MethodPost, "/suggestions/by-code", object{"code": code}).Want(http.StatusOK) // what was taken stays
}

// 24 working hours, counted by the company's calendar, then the handlers hear of it.
func TestHandlersAreRemindedOnce(t *testing.T) {
	c := start(t)
	late := detail(c.me.JSON(http.MethodPost, "/suggestions", suggestion()).Want(http.StatusCreated))
	done := detail(c.me.JSON(http.MethodPost, "/suggestions", suggestion()).Want(http.StatusCreated))
	due, err := c.App.Calendar.AddWorking(t.Context(), late.CreatedAt, 24*time.Hour)
	if err != nil || !late.Due.Equal(due) {
		t.Fatalf("due %v, want %v, %v", late.Due, due, err)
	}
	act(c.admin, done.ID, desk.Answer, "好。")
	if got := c.cards(c.adminID); len(got) != 2 {
		t.Fatalf("before: %q", got)
	}
	c.Wait(time.Until(due) - time.Minute)
	if got := c.cards(c.adminID); len(got) != 2 {
		t.Errorf("a minute before: %q", got)
	}
	for range 3 {
		c.Wait(time.Hour)
		c.Settle(t)
	}
	if got := slices.Sorted(slices.Values(c.cards(c.adminID))); !slices.Equal(got, []string{"answered", "waiting", "waiting"}) {
		t.Errorf("after: %q", got) // cards of two suggestions come in any order
	}
}

func TestOnlyTheirAuthorsAndHandlersKnowSuggestions(t *testing.T) {
	c := start(t, officetest.WithBucket)
	asked := suggestion()
	asked["fileIds"] = []kernel.ID{c.me.Upload(desk.Kind, "食堂.txt", "text/plain", []byte("八点"))}
	d := detail(c.me.JSON(http.MethodPost, "/suggestions", asked).Want(http.StatusCreated))
	again := detail(c.me.JSON(http.MethodPost, "/suggestions", asked).Want(http.StatusCreated))
	if again.ID != d.ID || len(again.Files) != 1 || again.Files[0].Name != "食堂.txt" {
		t.Errorf("again: %+v", again)
	}
	c.Index(t)
	path := "/suggestions/" + d.ID.String()
	for _, b := range []*officetest.Browser{c.me, c.admin} {
		b.JSON(http.MethodGet, path, nil).Want(http.StatusOK)
		b.Get(d.Files[0].URL).Want(http.StatusOK)
		if n := len(b.Found("晚一点关门")); n != 1 {
			t.Errorf("found %d times", n)
		}
	}
	for _, verb := range []desk.Verb{desk.Take, desk.Answer, desk.Close, desk.Follow} {
		foreign, none := try(c.other, d.ID, verb, "x"), try(c.other, kernel.NewID(), verb, "x")
		if foreign.Status != http.StatusNotFound || foreign.Code() != none.Code() {
			t.Errorf("%s: foreign %d %s, missing %d %s", verb, foreign.Status, foreign.Body, none.Status, none.Body)
		}
		if verb == desk.Follow {
			continue
		}
		if reply := try(c.me, d.ID, verb, "x"); reply.Status != http.StatusForbidden || reply.Code() != "suggestion_not_yours" {
			t.Errorf("%s by the author: %d %s", verb, reply.Status, reply.Body)
		}
	}
	c.other.JSON(http.MethodGet, path, nil).Want(http.StatusNotFound)
	c.other.Get(d.Files[0].URL).Want(http.StatusNotFound)
	if n := len(c.other.Found("晚一点关门")); n != 0 {
		t.Errorf("a stranger finds %d", n)
	}
	if reply := c.other.JSON(http.MethodGet, "/suggestions?box=all", nil); reply.Status != http.StatusForbidden || reply.Code() != "right_missing" {
		t.Errorf("the handlers' box: %d %s", reply.Status, reply.Body)
	}
	if reply := c.other.JSON(http.MethodPost, "/suggestions", asked); reply.Status != http.StatusConflict || reply.Code() != "id_taken" {
		t.Errorf("somebody else's id: %d %s", reply.Status, reply.Body)
	}
	for box, b := range map[string]*officetest.Browser{"mine": c.me, "all&state=waiting": c.admin} {
		var page kernel.Page[desk.Suggestion]
		b.JSON(http.MethodGet, "/suggestions?limit=1&box="+box, nil).Want(http.StatusOK).Into(&page)
		if len(page.Items) != 1 || page.Items[0].ID != d.ID || page.Next != "" {
			t.Errorf("%s: %+v", box, page)
		}
	}
}

// No input makes the server fail.
func TestBadInputIsRefusedClearly(t *testing.T) {
	c := start(t)
	c.allow()
	d := detail(c.me.JSON(http.MethodPost, "/suggestions", suggestion()).Want(http.StatusCreated))
	at := "/suggestions/" + d.ID.String() + "/entries"
	with := func(from object, field string, value any) object { from[field] = value; return from }
	for _, bad := range []struct {
		method, path string
		body         any
		want         int
	}{
		{http.MethodPost, "/suggestions", object{}, 422},
		{http.MethodPost, "/suggestions", with(suggestion(), "title", " \u0000 "), 422},
		{http.MethodPost, "/suggestions", with(suggestion(), "title", strings.Repeat("长", 101)), 422},
		{http.MethodPost, "/suggestions", with(suggestion(), "text", strings.Repeat("长", 10_001)), 422},
		{http.MethodPost, "/suggestions", with(suggestion(), "id", kernel.NoID), 422},
		{http.MethodPost, "/suggestions", with(suggestion(), "fileIds", []kernel.ID{kernel.NewID()}), 422},
		{http.MethodPost, "/suggestions", with(nameless(), "fileIds", []kernel.ID{kernel.NewID()}), 422},
		{http.MethodPost, "/suggestions", with(nameless(), "code", "1234"), 422},
		{http.MethodPost, "/suggestions", with(nameless(), "code", ""), 422},
		{http.MethodPost, "/suggestions/by-code", object{"code": "x\u0000"}, 422},
		{http.MethodPost, "/suggestions/by-code/entries", object{"code": code, "id": kernel.NewID(), "text": "x"}, 404},
		{http.MethodPost, at, object{"id": kernel.NewID(), "verb": "follow", "text": " "}, 422},
		{http.MethodPost, at, object{"id": kernel.NoID, "verb": "follow", "text": "x"}, 422},
		{http.MethodPost, at, object{"id": kernel.NewID(), "verb": "nonsense"}, 422},
		{http.MethodGet, "/suggestions?cursor=nonsense", nil, 400},
		{http.MethodGet, "/suggestions?cursor=" + kernel.EncodeCursor("0001-01-01T00:00:00Z", d.ID.String()), nil, 400},
		{http.MethodGet, "/suggestions?state=nonsense", nil, 422},
		{http.MethodGet, "/suggestions/nonsense", nil, 422},
		{http.MethodPut, "/desk-settings", object{"anonymous": true}, 403},
	} {
		if reply := c.me.JSON(bad.method, bad.path, bad.body); reply.Status != bad.want {
			t.Errorf("%s %s %.80v: %d, want %d: %s", bad.method, bad.path, bad.body, reply.Status, bad.want, reply.Body)
		}
	}
}

// Administrators answer until somebody is chosen, and are told so. Where there is nobody
// at all, no suggestion is taken only to lie there.
func TestNoSuggestionWaitsForNobody(t *testing.T) {
	c := start(t)
	c.allow()
	handledBy := func(want desk.Attendance) {
		t.Helper()
		var box desk.BoxState
		c.me.JSON(http.MethodGet, "/desk-settings", nil).Want(http.StatusOK).Into(&box)
		if box.HandledBy != want || !box.Anonymous {
			t.Errorf("the box is %+v, want it handled by %s", box, want)
		}
	}
	handledBy(desk.Administrators)
	role := kernel.NewID()
	c.Exec(t, "INSERT INTO role (id, name, external, created_at, updated_at) VALUES (?, '行政', false, now(), now())", role)
	c.Exec(t, "INSERT INTO role_right (role_id, right_name, scope, departments, masks) VALUES (?, 'desk.handle', 'all', '{}', '{}')", role)
	c.Exec(t, "INSERT INTO role_grant (id, role_id, grantee_kind, grantee_id, created_at) VALUES (gen_random_uuid(), ?, 'person', ?, now())", role, c.their)
	handledBy(desk.Chosen)
	c.Exec(t, "DELETE FROM role_grant WHERE grantee_id IN (?, ?)", c.their, c.adminID)
	handledBy(desk.Nobody)
	for _, s := range []object{suggestion(), nameless()} {
		if reply := c.me.JSON(http.MethodPost, "/suggestions", s); reply.Status != http.StatusConflict || reply.Code() != "suggestions_unattended" {
			t.Errorf("a suggestion that nobody reads: %d %s", reply.Status, reply.Body)
		}
	}
	var kept int
	if err := c.DB.Q(t.Context()).NewRaw("SELECT (SELECT count(*) FROM suggestion) + (SELECT count(*) FROM todo_item)").Scan(t.Context(), &kept); err != nil || kept != 0 {
		t.Errorf("%d rows are left of what was refused (%v)", kept, err)
	}
}
