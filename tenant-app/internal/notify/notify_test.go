package notify_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func TestAWayIsUsedOnceItsCodeCameBack(t *testing.T) {
	c := start(t)
	// The company's gate is in its own network, which the allow-list does not name yet.
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/sms/test", object{"address": "13800000001"}); reply.Status != http.StatusConflict || reply.Code() != "channel_failed" {
		t.Fatalf("without the allow-list: %d %s", reply.Status, reply.Body)
	}
	if got := c.channel(t, "sms"); got.FailedAt == nil || got.FailedWhy != notify.WhyNotAllowed || got.TestedAt != nil || !got.Open || got.Address != "+8613800000001" {
		t.Errorf("the channel is %+v", got)
	}
	c.open(t)
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/sms/test", object{"address": "13800000001"}); reply.Code() != "code_too_soon" {
		t.Errorf("again at once: %d %s", reply.Status, reply.Body)
	}
	c.Wait(2 * time.Minute)
	c.wang.JSON(http.MethodPost, "/me/channels/sms/test", object{"address": "13800000001"}).Want(http.StatusNoContent)
	calls := c.gate.take()
	if len(calls) != 1 || calls[0].To != "+8613800000001" || calls[0].Kind != "sms" {
		t.Fatalf("the gate got %+v", calls)
	}
	c.say("还没有通道", nil)
	c.later(t, time.Minute)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("a way that was not tested is used: %+v", calls)
	}
	for range 5 {
		if reply := c.wang.JSON(http.MethodPost, "/me/channels/sms/confirm", object{"code": "x"}); reply.Code() != "code_wrong" {
			t.Errorf("a wrong code: %d %s", reply.Status, reply.Body)
		}
	}
	right := digits.FindString(calls[0].Text)
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/sms/confirm", object{"code": right}); reply.Code() != "code_wrong" {
		t.Errorf("the sixth try: %d %s", reply.Status, reply.Body)
	}
	c.use(t, "sms", "13800000001")
	if got := c.channel(t, "sms"); got.TestedAt == nil || got.FailedAt != nil || got.FailedWhy != "" {
		t.Errorf("the channel is %+v", got)
	}
	for _, bad := range []object{{"address": "x y"}, {"address": ""}} {
		c.wang.JSON(http.MethodPost, "/me/channels/sms/test", bad).Want(http.StatusUnprocessableEntity)
	}
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/mail/test", object{"address": "a@b.cn"}); reply.Code() != "channel_closed" {
		t.Errorf("a way that the company has not: %d %s", reply.Status, reply.Body)
	}
}

// One is called once for what one has not seen, together, and not for what one has.
func TestPeopleAreCalledForWhatTheyHaveNotSeen(t *testing.T) {
	c := start(t)
	c.open(t)
	c.use(t, "sms", "13800000001")
	seen := c.say("已经看过", nil)
	var m struct{ Seq int64 }
	c.wang.JSON(http.MethodGet, "/messages/"+seen, nil).Want(http.StatusOK).Into(&m)
	c.wang.JSON(http.MethodPost, "/rooms/"+c.room+"/read", object{"seq": m.Seq}).Want(http.StatusNoContent)
	c.later(t, time.Minute)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("called for what was read: %+v", calls)
	}
	gone := c.say("canary", nil)
	c.li.JSON(http.MethodPost, "/messages/"+gone+"/recall", nil).Want(http.StatusOK)
	id := c.say("请尽快\n回复", nil)
	c.later(t, time.Minute)
	calls := c.gate.take()
	if len(calls) != 1 || calls[0].Title != "李娜" || calls[0].Text != "请尽快 回复" || calls[0].Link != c.URL+"/chat/"+c.room {
		t.Fatalf("called with %+v", calls)
	}
	// Told again, as by a job that runs a second time, it is not said again.
	message, err := kernel.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	err = c.DB.InTx(t.Context(), func(ctx context.Context) error { return c.App.Notify.Tell(ctx, message, []kernel.ID{c.wangID}, false) })
	if err != nil {
		t.Fatal(err)
	}
	c.later(t, time.Hour)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("called again: %+v", calls)
	}
	c.say("第二条", nil)
	c.later(t, time.Minute)
	if calls := c.gate.take(); len(calls) != 1 || calls[0].Text != "第二条" {
		t.Errorf("called for the next one with %+v", calls)
	}
	c.wang.JSON(http.MethodPut, "/rooms/"+c.room+"/settings", object{"pinned": false, "muted": true}).Want(http.StatusOK)
	c.say("静音", nil)
	c.later(t, time.Minute)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("called for a muted room: %+v", calls)
	}
}

func TestUrgentGoesOnToTheNextWayUntilItIsSeen(t *testing.T) {
	c := start(t)
	c.open(t)
	c.use(t, "wecom", "wangfang")
	c.use(t, "sms", "13800000001")
	c.wang.JSON(http.MethodPut, "/me/quiet-hours", object{"quietFrom": "00:00", "quietTo": "23:59"}).Want(http.StatusNoContent)
	c.say("机房停电", object{"urgent": true})
	seen := c.say("已经知道", object{"urgent": true})
	c.later(t, 0)
	calls := c.gate.take()
	// Both are due at once, by two jobs: which of them calls first is not promised.
	if !slices.ContainsFunc(calls, func(c told) bool {
		return c.Kind == "wecom" && c.Title == "【加急】李娜" && c.Text == "机房停电"
	}) || len(calls) != 2 {
		t.Fatalf("called at first with %+v", calls)
	}
	c.wang.JSON(http.MethodPost, "/messages/"+seen+"/acknowledge", nil).Want(http.StatusOK)
	c.later(t, 4*time.Minute)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("called too soon: %+v", calls)
	}
	c.later(t, 2*time.Minute)
	if calls := c.gate.take(); len(calls) != 1 || calls[0].Kind != "sms" || calls[0].Text != "机房停电" {
		t.Errorf("the next way got %+v", calls)
	}
	c.later(t, time.Hour)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Errorf("there is no further way, but %+v", calls)
	}
}

func TestQuietHoursHoldBackAndTellTogether(t *testing.T) {
	c := start(t)
	c.open(t)
	c.use(t, "sms", "13800000001")
	here := c.Now().In(time.FixedZone("", 8*3600))
	quiet := object{"quietFrom": here.Add(-time.Hour).Format("15:04"), "quietTo": here.Add(2 * time.Hour).Format("15:04")}
	c.wang.JSON(http.MethodPut, "/me/quiet-hours", quiet).Want(http.StatusNoContent)
	for i := range 6 {
		c.say(fmt.Sprintf("第%d条", i+1), nil)
	}
	c.later(t, 30*time.Minute)
	if calls := c.gate.take(); len(calls) != 0 {
		t.Fatalf("called in quiet hours: %+v", calls)
	}
	// As if the jobs that noted them had been done in another order.
	var turned int
	c.Scan(t, `WITH turned AS (UPDATE notice SET at = timestamptz '2030-01-01' - (at - timestamptz '2020-01-01') RETURNING 1) SELECT count(*) FROM turned`, &turned)
	c.later(t, 100*time.Minute)
	calls := c.gate.take()
	if len(calls) != 1 || turned != 6 || calls[0].Title != "6 条未读消息" || !strings.HasPrefix(calls[0].Text, "李娜: 第1条\n李娜: 第2条\n") || !strings.HasSuffix(calls[0].Text, "……共 6 条") {
		t.Errorf("afterwards %+v", calls)
	}
}

// A way that fails is shown and the next one taken; if none is left it is tried again.
func TestAWayThatFailsIsNotTheEnd(t *testing.T) {
	c := start(t)
	c.open(t)
	c.use(t, "sms", "13800000001")
	c.gate.answer(http.StatusBadGateway)
	c.say("在吗", nil)
	c.later(t, 11*time.Second)
	if got := c.channel(t, "sms"); got.FailedAt == nil || got.FailedWhy != notify.WhyRefused {
		t.Errorf("the channel is %+v", got)
	}
	c.gate.answer(http.StatusNoContent)
	c.later(t, time.Hour)
	if calls := c.gate.take(); len(calls) != 1 || calls[0].Text != "在吗" {
		t.Errorf("once it works again: %+v", calls)
	}
	if got := c.channel(t, "sms"); got.FailedAt != nil || got.FailedWhy != "" {
		t.Errorf("the channel is %+v", got)
	}
}

// Whoever sets a way up sees at once whether something goes out, and if not, why.
func TestAWayOutIsTriedWhereItIsSetUp(t *testing.T) {
	c := start(t)
	try := func(kind, to string) officetest.Reply {
		return c.wang.JSON(http.MethodPost, "/notice-senders/"+kind+"/test", object{"address": to})
	}
	reply := try("sms", "13800000003")
	if reply.Code() != "channel_failed" || !strings.Contains(reply.Body, `"why":"not_allowed"`) {
		t.Errorf("without the allow-list: %d %s", reply.Status, reply.Body)
	}
	c.open(t)
	c.gate.answer(http.StatusUnauthorized)
	if reply := try("sms", "13800000003"); !strings.Contains(reply.Body, `"why":"refused"`) {
		t.Errorf("a gate that does not take it: %d %s", reply.Status, reply.Body)
	}
	c.gate.answer(http.StatusNoContent)
	try("sms", "13800000003").Want(http.StatusNoContent)
	if calls := c.gate.take(); len(calls) != 1 || calls[0].To != "+8613800000003" || calls[0].Title != "测试通知" {
		t.Errorf("the gate got %+v", calls)
	}
	for kind, code := range map[string]string{"mail": "channel_closed", "push": "channel_closed"} {
		if reply := try(kind, "wang@acme.example"); reply.Code() != code {
			t.Errorf("%s: %d %s", kind, reply.Status, reply.Body)
		}
	}
	if reply := try("sms", "x y"); reply.Code() != "address_invalid" {
		t.Errorf("no number: %d %s", reply.Status, reply.Body)
	}
	c.li.JSON(http.MethodPost, "/notice-senders/sms/test", object{"address": "13800000003"}).Want(http.StatusForbidden)
}

func TestNoticesGoByMail(t *testing.T) {
	c := start(t)
	at, mails := mailbox(t)
	port := allow(t, c.Office, at)
	sender := object{"host": "127.0.0.1", "port": port, "security": "none", "from": "office@acme.example"}
	c.wang.JSON(http.MethodPut, "/notice-senders", object{"mail": sender}).Want(http.StatusOK)
	c.wang.JSON(http.MethodPost, "/me/channels/mail/test", object{"address": "wang@acme.example"}).Want(http.StatusNoContent)
	got := await(t, mails, 1)
	for _, want := range []string{"RCPT TO:<wang@acme.example>", "office@acme.example", c.URL + "/me"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("the mail lacks %s:\n%s", want, got[0])
		}
	}
}

func await(t testing.TB, mails func() []string, n int) []string {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if got := mails(); len(got) >= n {
			return got
		}
		if time.Now().After(limit) {
			t.Fatal("no mail came")
		}
	}
}

// Secrets of the company's ways out are kept, changed and never shown.
func TestSecretsOfTheWaysOutAreNeverShown(t *testing.T) {
	c := start(t)
	sender := object{"host": "mail.acme.example", "port": 587, "security": "starttls", "from": "office@acme.example", "user": "office", "password": "canary-password"}
	hook := object{"url": "https://sms.example/send", "secret": "canary-secret-of-sms"}
	c.wang.JSON(http.MethodPut, "/notice-senders", object{"mail": sender, "hooks": object{"sms": hook}}).Want(http.StatusOK)
	sender["password"], hook["secret"] = "", ""
	replies := []officetest.Reply{
		c.wang.JSON(http.MethodPut, "/notice-senders", object{"mail": sender, "hooks": object{"sms": hook}}).Want(http.StatusOK),
		c.wang.JSON(http.MethodGet, "/notice-senders", nil).Want(http.StatusOK),
	}
	for _, reply := range replies {
		if strings.Contains(reply.Body, "canary") {
			t.Errorf("shown: %s", reply.Body)
		}
	}
	var kept string
	c.Scan(t, `SELECT value::text FROM setting WHERE key = 'notify.senders'`, &kept)
	if strings.Contains(kept, "canary") || strings.Count(kept, "sealed:1:key1:") != 2 {
		t.Errorf("kept: %s", kept)
	}
	hook["url"] = "https://elsewhere.example/" // a secret never goes to another place than it was given for
	if reply := c.wang.JSON(http.MethodPut, "/notice-senders", object{"hooks": object{"sms": hook}}); reply.Code() != "secret_too_short" {
		t.Errorf("a kept secret goes elsewhere: %d %s", reply.Status, reply.Body)
	}
	c.li.JSON(http.MethodGet, "/notice-senders", nil).Want(http.StatusForbidden)
	c.li.JSON(http.MethodPut, "/notice-senders", object{}).Want(http.StatusForbidden)
	var events []string
	if err := c.DB.Q(t.Context()).NewRaw(`SELECT DISTINCT event FROM audit_entry`).Scan(t.Context(), &events); err != nil || !slices.Contains(events, "notice_senders_changed") {
		t.Errorf("the audit log has %v (%v)", events, err)
	}
}
