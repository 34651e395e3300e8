package approval_test

import (
	"net/http"
	"slices"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// 2026-11-23 is a Monday.
func TestALeaveIsReturnedMendedAndGoesOnWhereItWas(t *testing.T) {
	c := start(t)
	me, first, second, staff := c.as(clerk), c.as(head), c.as(upper), c.as(personnel)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-26"))
	if d.Values["days"] != 4.0 || !slices.Equal(waitingFor(d), []string{head}) || len(d.Future) != 2 || d.Number == "" {
		t.Fatalf("submitted: %+v", d)
	}
	if box := todo(first); box.Counts["approval"] != 1 || box.Items[0].Ref != d.ID || box.Items[0].Title[kernel.ZhCN] != "请假" {
		t.Fatalf("the head's to-dos: %+v", box)
	}
	d = detail(do(first, d, "approve", object{"comment": "同意"}).Want(http.StatusOK))
	if len(todo(first).Items) != 0 || !slices.Equal(waitingFor(d), []string{upper}) {
		t.Fatalf("after the head: %+v", d)
	}
	d = get(second, d.ID)
	if len(d.ReturnTo) != 1 || d.ReturnTo[0].ID != "head" {
		t.Fatalf("can be returned to %+v", d.ReturnTo)
	}
	d = detail(do(second, d, "return", object{"comment": "请写明去向", "resume": true}).Want(http.StatusOK))
	if d.Status != engine.Returned || todo(me).Counts["approval_returned"] != 1 || todo(second).Counts["approval"] != 0 {
		t.Fatalf("returned: %+v", d)
	}
	mended := leave("2026-11-23", "2026-11-26")
	mended["reason"] = "去南京"
	d = detail(do(me, get(me, d.ID), "submit", object{"values": mended}).Want(http.StatusOK))
	if !slices.Equal(waitingFor(d), []string{upper}) || todo(first).Counts["approval"] != 0 || todo(me).Counts["approval_returned"] != 0 {
		t.Fatalf("it does not go on at the returner: %+v", d)
	}
	d = detail(do(second, d, "approve", nil).Want(http.StatusOK))
	if d.Status != engine.Approved || d.EndedAt == nil {
		t.Fatalf("approved: %+v", d)
	}
	for b, box := range map[*officetest.Browser]string{me: "mine", first: "decided", second: "decided", staff: "cc"} {
		var page kernel.Page[approval.Approval]
		b.JSON(http.MethodGet, "/approvals?limit=1&box="+box, nil).Want(http.StatusOK).Into(&page)
		if len(page.Items) != 1 || page.Items[0].ID != d.ID || len(page.Items[0].Summary) != 4 {
			t.Errorf("box %s: %+v", box, page)
		}
	}
	// 人事 was sent a copy, which does not tell why.
	d = get(staff, d.ID)
	if _, told := d.Values["reason"]; told || !slices.Contains(d.Hidden, "reason") || d.Values["days"] != 4.0 {
		t.Errorf("the copy holds %v, hidden %v", d.Values, d.Hidden)
	}
	verbs := []string{}
	for _, m := range d.Timeline {
		verbs = append(verbs, m.Verb)
	}
	if !slices.Equal(verbs, []string{"submit", "approve", "return", "submit", "approve"}) {
		t.Errorf("time line %v", verbs)
	}
}

func TestWhoMayNotSeeAnApprovalLearnsNothing(t *testing.T) {
	c := start(t)
	me, other := c.as(clerk), c.as(stranger)
	d := submit(me, "leave", leave("2026-11-23", "2026-11-23"))
	missing := kernel.NewID().String()
	someone := c.ids[stranger].String()
	comment := object{"comment": "x"}
	for _, try := range []struct {
		method, verb string
		body         any
	}{
		{http.MethodGet, "", nil},
		{http.MethodPost, "/approve", comment},
		{http.MethodPost, "/reject", comment},
		{http.MethodPost, "/return", comment},
		{http.MethodPost, "/withdraw", comment},
		{http.MethodPost, "/cancel", comment},
		{http.MethodPost, "/comment", comment},
		{http.MethodPost, "/nudge", nil},
		{http.MethodPost, "/transfer", object{"to": someone}},
		{http.MethodPost, "/cc", object{"to": []string{someone}}},
		{http.MethodPost, "/submit", object{"values": object{}}},
	} {
		foreign := other.JSON(try.method, "/approvals/"+d.ID.String()+try.verb, try.body, ifMatch(1))
		none := other.JSON(try.method, "/approvals/"+missing+try.verb, try.body, ifMatch(1))
		if foreign.Status != http.StatusNotFound || none.Status != http.StatusNotFound || foreign.Code() != none.Code() {
			t.Errorf("%s: foreign %d %s, missing %d %s", try.verb, foreign.Status, foreign.Body, none.Status, none.Body)
		}
	}
	for _, box := range []string{"mine", "waiting", "decided", "cc"} {
		var page kernel.Page[approval.Approval]
		other.JSON(http.MethodGet, "/approvals?box="+box, nil).Want(http.StatusOK).Into(&page)
		if len(page.Items) != 0 {
			t.Errorf("box %s holds %v", box, page.Items)
		}
	}
}

func TestTheSameSubmissionTwiceIsOneApproval(t *testing.T) {
	c := start(t)
	me, other := c.as(clerk), c.as(stranger)
	body := submission("leave", leave("2026-11-23", "2026-11-23"))
	first := detail(me.JSON(http.MethodPost, "/approvals", body).Want(http.StatusCreated))
	again := detail(me.JSON(http.MethodPost, "/approvals", body).Want(http.StatusCreated)) // with another Idempotency-Key
	if again.ID != first.ID || again.Number != first.Number || len(again.Timeline) != 1 {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if reply := other.JSON(http.MethodPost, "/approvals", body); reply.Status != http.StatusConflict || reply.Code() != "id_taken" {
		t.Errorf("somebody else's id: %d %s", reply.Status, reply.Body)
	}
}

func TestAnExpenseAddsUpAndGoesToFinance(t *testing.T) {
	c := start(t)
	me, first, money := c.as(clerk), c.as(head), c.as(accountant)
	d := submit(me, "expense", expense(123405, 10))
	if d.Values["total"] != 123415.0 || d.Values["capital"] != "壹仟贰佰叁拾肆元壹角伍分" {
		t.Fatalf("values %v", d.Values)
	}
	d = detail(do(first, d, "approve", nil).Want(http.StatusOK))
	if !slices.Equal(waitingFor(d), []string{accountant}) {
		t.Fatalf("waits for %v", waitingFor(d))
	}
	d = detail(do(money, d, "approve", nil).Want(http.StatusOK))
	if d.Status != engine.Approved || !slices.Equal(names(d.Copies), []string{cashier}) {
		t.Errorf("%+v", d)
	}
	big := submit(me, "expense", expense(500001))
	if len(big.Future) != 3 {
		t.Errorf("a large one has %d nodes to come", len(big.Future))
	}
}
