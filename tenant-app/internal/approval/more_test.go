package approval_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// cards are the messages of a person's approvals assistant.
func cards(c *company, person string) (out []string) {
	c.t.Helper()
	c.Settle(c.t)
	err := c.DB.Q(c.t.Context()).NewRaw(`SELECT m.data->'card'->>'state' || ' ' || m.text FROM chat_message m JOIN chat_room r ON r.id = m.room_id
		WHERE r.unique_key = ? ORDER BY m.seq`, "assistant:approval:"+c.ids[person].String()).Scan(c.t.Context(), &out)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func TestCardsTellOfApprovalsAndFollowThem(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	if got := cards(c, head); !slices.Equal(got, []string{"running 请假 · 区永康"}) {
		t.Fatalf("the head's cards: %q", got)
	}
	do(me, d, "nudge", nil).Want(http.StatusOK)
	if reply := do(me, d, "nudge", nil); reply.Code() != "nudged_already" {
		t.Errorf("nudged twice: %s", reply.Body)
	}
	do(first, d, "approve", nil).Want(http.StatusOK)
	if got := cards(c, head); !slices.Equal(got, []string{"approved 请假 · 区永康", "approved 请假 · 区永康"}) {
		t.Errorf("the head's cards: %q", got)
	}
	if got := cards(c, clerk); !slices.Equal(got, []string{"approved 请假 · 区永康"}) {
		t.Errorf("the clerk's cards: %q", got)
	}
}

// Of the cards that a head has of one approval, one can be decided from.
func TestACardOfAnEndedWorkItemSaysSo(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	over := func() (out []string) {
		t.Helper()
		c.Settle(t)
		err := c.DB.Q(t.Context()).NewRaw(`SELECT concat(m.data #>> '{card,task}', ' ', m.data #>> '{card,over}') FROM chat_message m JOIN chat_room r ON r.id = m.room_id
			WHERE r.unique_key = ? ORDER BY m.seq`, "assistant:approval:"+c.ids[head].String()).Scan(t.Context(), &out)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	if got := over(); !slices.Equal(got, []string{"1 "}) {
		t.Fatalf("submitted: %q", got)
	}
	d = detail(do(first, d, "return", object{"comment": "请写明去向", "resume": true}).Want(http.StatusOK))
	if got := over(); !slices.Equal(got, []string{"1 returned"}) {
		t.Errorf("returned: %q", got)
	}
	d = detail(do(me, d, "submit", object{"values": leave("2026-11-23", "2026-11-23")}).Want(http.StatusOK))
	if got := over(); !slices.Equal(got, []string{"1 returned", "2 "}) {
		t.Errorf("submitted again: %q", got)
	}
	do(me, d, "withdraw", nil).Want(http.StatusOK)
	if got := over(); !slices.Equal(got, []string{"1 returned", "2 dropped"}) {
		t.Errorf("withdrawn: %q", got)
	}
}

func TestAReminderComesOnceWhenTheTimeHasRunOut(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	done := submit(me, "leave", leave("2026-11-24", "2026-11-24"))
	do(first, done, "approve", nil).Want(http.StatusOK)
	for range 3 {
		c.Wait(5 * 24 * time.Hour)
		c.Settle(t)
	}
	c.Exec(t, "UPDATE session SET expires_at = expires_at + interval '60 days', seen_at = now() + interval '15 days'")
	reminders := 0
	for _, m := range get(me, d.ID).Timeline {
		if m.Verb == "remind" {
			reminders++
		}
	}
	if reminders != 1 || len(get(me, done.ID).Timeline) != 2 {
		t.Errorf("%d reminders, %+v", reminders, get(me, done.ID).Timeline)
	}
	if got := cards(c, head); len(got) != 3 {
		t.Errorf("the head's cards: %q", got)
	}
}

func TestADelegateIsAskedInsteadWhileItLasts(t *testing.T) {
	c := start(t)
	me, first, second := c.as(clerk), c.as(head), c.as(upper)
	day := c.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly) // the company's
	first.JSON(http.MethodPut, "/me/delegation", object{"delegateId": c.ids[upper], "from": day, "to": day}).Want(http.StatusOK)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	if !slices.Equal(waitingFor(d), []string{upper}) || d.Now[0].For == nil || d.Now[0].For.Name != head {
		t.Fatalf("waits for %v: %+v", waitingFor(d), d.Now)
	}
	// Who has delegated reads along, and decides nothing.
	if reply := do(first, d, "approve", nil); reply.Status != http.StatusConflict || reply.Code() != "approval_not_waiting" {
		t.Errorf("who has delegated: %d %s", reply.Status, reply.Body)
	}
	do(second, d, "approve", nil).Want(http.StatusOK)
	for _, b := range []*officetest.Browser{me, first, second} {
		if m := get(b, d.ID).Timeline[1]; m.Verb != "approve" || m.Person.Name != upper || m.For == nil || m.For.Name != head {
			t.Errorf("the time line: %+v", m)
		}
	}
	var mine, theirs approval.Delegation
	first.JSON(http.MethodGet, "/me/delegation", nil).Want(http.StatusOK).Into(&mine)
	second.JSON(http.MethodGet, "/me/delegation", nil).Want(http.StatusOK).Into(&theirs)
	if mine.Delegate == nil || mine.Delegate.Name != upper || len(mine.Others) != 0 {
		t.Errorf("the head's: %+v", mine)
	}
	if theirs.Delegate != nil || len(theirs.Others) != 1 || theirs.Others[0].Person.Name != head || theirs.Others[0].To != day {
		t.Errorf("the delegate's: %+v", theirs)
	}
	first.JSON(http.MethodPut, "/me/delegation", object{}).Want(http.StatusOK)
	if d = submit(me, "leave", leave("2026-11-24", "2026-11-24")); !slices.Equal(waitingFor(d), []string{head}) {
		t.Errorf("waits for %v", waitingFor(d))
	}
	for _, body := range []object{
		{"delegateId": c.ids[head], "from": day, "to": day},
		{"delegateId": kernel.NewID(), "from": day, "to": day},
		{"delegateId": c.ids[upper], "from": day, "to": "2020-01-01"},
		{"delegateId": c.ids[upper], "from": "x", "to": day},
	} {
		if reply := first.JSON(http.MethodPut, "/me/delegation", body); reply.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %s", body, reply.Status, reply.Body)
		}
	}
}

func TestTheSubmitterNamesWhoDecidesInTurn(t *testing.T) {
	c := start(t)
	me, first, other := c.as(clerk), c.as(head), c.as(stranger)
	body := submission("general", object{"subject": "借用会议室", "content": "周五下午"})
	if reply := me.JSON(http.MethodPost, "/approvals", body); reply.Status != http.StatusUnprocessableEntity || reply.Code() != "approver_missing" {
		t.Errorf("without approvers: %d %s", reply.Status, reply.Body)
	}
	body["approvers"] = object{"approvers": []kernel.ID{c.ids[head], c.ids[stranger]}}
	var preview approval.Preview
	me.JSON(http.MethodPost, "/approvals/preview", object{"form": "general", "values": object{}, "approvers": body["approvers"]}).Want(http.StatusOK).Into(&preview)
	if len(preview.Steps) != 2 || preview.Steps[0].Choose != 5 || !slices.Equal(names(preview.Steps[0].People), []string{head, stranger}) {
		t.Errorf("preview %+v", preview)
	}
	d := detail(me.JSON(http.MethodPost, "/approvals", body).Want(http.StatusCreated))
	d = detail(do(first, d, "approve", nil).Want(http.StatusOK))
	if !slices.Equal(waitingFor(d), []string{stranger}) {
		t.Fatalf("waits for %v", waitingFor(d))
	}
	d = detail(do(other, d, "transfer", object{"to": c.ids[upper]}).Want(http.StatusOK))
	if !slices.Equal(waitingFor(d), []string{upper}) || todo(other).Counts["approval"] != 0 {
		t.Errorf("handed on to %v", waitingFor(d))
	}
	if reply := do(other, d, "approve", nil); reply.Status != http.StatusConflict || reply.Code() != "approval_not_waiting" {
		t.Errorf("who handed it on: %d %s", reply.Status, reply.Body)
	}
}

func TestDraftsAndPhrasesAreOnesOwn(t *testing.T) {
	c := start(t)
	me, other := c.as(clerk), c.as(stranger)
	path := "/approval-drafts/" + kernel.NewID().String()
	draft := object{"form": "leave", "values": object{"type": "sick", "reason": 7}}
	var kept approval.Draft
	me.JSON(http.MethodPut, path, draft).Want(http.StatusOK).Into(&kept)
	if kept.Values["type"] != "sick" || kept.Values["reason"] != nil {
		t.Errorf("kept %v", kept.Values)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		other.JSON(method, path, nil).Want(http.StatusNotFound)
	}
	other.JSON(http.MethodPut, path, draft).Want(http.StatusNotFound)
	body := submission("leave", leave("2026-11-23", "2026-11-23"))
	body["draftId"] = kept.ID
	me.JSON(http.MethodPost, "/approvals", body).Want(http.StatusCreated)
	me.JSON(http.MethodGet, path, nil).Want(http.StatusNotFound)

	me.JSON(http.MethodPut, "/approval-phrases", object{"phrases": []string{" 同意，请按时返回 ", "好"}}).Want(http.StatusOK)
	if reply := me.JSON(http.MethodGet, "/approval-phrases", nil).Want(http.StatusOK); !strings.Contains(reply.Body, `["同意，请按时返回","好"]`) {
		t.Error(reply.Body)
	}
	if reply := other.JSON(http.MethodGet, "/approval-phrases", nil).Want(http.StatusOK); strings.Contains(reply.Body, "按时返回") {
		t.Error(reply.Body)
	}
}

func TestTheTeamTodayShowsWhoIsAwayAndWhatWaits(t *testing.T) {
	c := start(t)
	me, first, second := c.as(clerk), c.as(head), c.as(upper)
	day := c.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	away := object{"type": "marriage", "from": halfDay(day, "am"), "to": halfDay(day, "pm"), "reason": "婚假"}
	d := submit(me, "leave", away)
	team := func(b *officetest.Browser) (out struct {
		People int
		Away   []struct{ Person struct{ Name string } }
		Load   []struct {
			Person  struct{ Name string }
			Waiting int
		}
	},
	) {
		b.JSON(http.MethodGet, "/todo/team", nil).Want(http.StatusOK).Into(&out)
		return out
	}
	if got := team(second); got.People != 11 || len(got.Away) != 0 || len(got.Load) != 1 || got.Load[0].Person.Name != head {
		t.Errorf("while it waits: %+v", got)
	}
	do(first, d, "approve", nil).Want(http.StatusOK)
	if got := team(second); len(got.Away) != 1 || got.Away[0].Person.Name != clerk || len(got.Load) != 0 {
		t.Errorf("once approved: %+v", got)
	}
	if got := team(me); got.People != 0 || len(got.Away) != 0 {
		t.Errorf("who leads nobody: %+v", got)
	}
	do(me, get(me, d.ID), "cancel", object{"comment": "改期"}).Want(http.StatusOK)
	if got := team(second); len(got.Away) != 0 {
		t.Errorf("made void: %+v", got)
	}
}

func TestWithdrawnApprovalsWaitForNobody(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	d = detail(do(me, d, "withdraw", nil).Want(http.StatusOK))
	if d.Status != engine.Withdrawn || len(d.Waiting) != 0 || todo(first).Counts["approval"] != 0 {
		t.Errorf("%+v", d)
	}
	if reply := do(first, d, "approve", nil); reply.Status != http.StatusConflict {
		t.Errorf("%d %s", reply.Status, reply.Body)
	}
	again := detail(do(first, d, "comment", object{"comment": "为什么撤回？"}).Want(http.StatusOK))
	if again.Revision != d.Revision || len(again.Timeline) != 3 {
		t.Errorf("%+v", again)
	}
}

// No input makes the server fail.
func TestBadInputIsRefusedClearly(t *testing.T) {
	c := start(t)
	me, first := c.as(clerk), c.as(head)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	at := "/approvals/" + d.ID.String()
	long := strings.Repeat("长", 3000)
	for _, try := range []struct {
		method, path string
		body         any
		want         int
	}{
		{http.MethodPost, "/approvals", submission("nonsense", object{}), 404},
		{http.MethodPost, "/approvals", submission("leave", object{}), 422},
		{http.MethodPost, "/approvals", object{"id": "x", "form": "leave", "values": object{}}, 422},
		{http.MethodPost, "/approvals", object{"id": kernel.NoID, "form": "leave", "values": object{}}, 422},
		{http.MethodPost, "/approvals", object{"id": kernel.NewID(), "form": "leave", "values": []int{1}}, 422},
		{http.MethodPost, "/approvals", object{"id": kernel.NewID(), "form": "leave", "version": 99, "values": object{}}, 404},
		{http.MethodPost, "/approvals", object{"id": kernel.NewID(), "form": "leave", "values": leave("2026-11-23", "2026-11-23"), "approvers": object{"head": []kernel.ID{c.ids[head]}}}, 422},
		{http.MethodPost, "/approvals/preview", object{"form": "leave", "values": object{"from": "x\u0000"}}, 200},
		{http.MethodPost, "/approvals/preview", object{"form": "general", "values": object{}, "approvers": object{"approvers": []kernel.ID{kernel.NewID()}}}, 200},
		{http.MethodPost, at + "/approve", object{"comment": long}, 422},
		{http.MethodPost, at + "/approve", object{"comment": "a\u0000b"}, 422},
		{http.MethodPost, at + "/reject", object{"comment": " "}, 422},
		{http.MethodPost, at + "/return", object{"comment": "x", "to": "nowhere"}, 422},
		{http.MethodPost, at + "/transfer", object{"to": kernel.NewID()}, 422},
		{http.MethodPost, at + "/transfer", object{"to": c.ids[clerk]}, 422},
		{http.MethodPost, at + "/cc", object{"to": []kernel.ID{}}, 422},
		{http.MethodPost, at + "/submit", object{"values": object{}}, 403},
		{http.MethodPost, at + "/cancel", object{"comment": "x"}, 403},
		{http.MethodPost, at + "/withdraw", object{}, 403},
		{http.MethodGet, "/approvals?box=nonsense", nil, 422},
		{http.MethodGet, "/approvals?cursor=nonsense", nil, 400},
		{http.MethodGet, "/approvals?cursor=" + kernel.EncodeCursor("x", "y"), nil, 400},
		{http.MethodGet, "/todo?cursor=" + kernel.EncodeCursor("0001-01-01T00:00:00Z", kernel.NoID.String()), nil, 400},
		{http.MethodGet, "/approvals/nonsense", nil, 422},
		{http.MethodGet, "/approval-forms/no%00thing", nil, 404},
		{http.MethodPut, "/approval-drafts/" + kernel.NoID.String(), object{"form": "leave", "values": object{}}, 422},
		{http.MethodPut, "/approval-phrases", object{"phrases": []string{"a\u0000"}}, 422},
	} {
		if reply := first.JSON(try.method, try.path, try.body, ifMatch(d.Revision)); reply.Status != try.want {
			t.Errorf("%s %s %.80v: %d, want %d: %s", try.method, try.path, try.body, reply.Status, try.want, reply.Body)
		}
	}
	if reply := first.JSON(http.MethodPost, at+"/approve", object{}); reply.Status != http.StatusPreconditionRequired {
		t.Errorf("without If-Match: %d", reply.Status)
	}
	if reply := first.JSON(http.MethodPost, at+"/approve", object{}, ifMatch(99)); reply.Status != http.StatusPreconditionFailed {
		t.Errorf("with another version: %d", reply.Status)
	}
}
