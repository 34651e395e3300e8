package chat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func msg(id kernel.ID, rest string) string { return "/messages/" + id.String() + rest }

// Whatever shows a recalled message, not a word of it is left.
func TestRecalledIsGone(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := admin.group("项目组", li, zhang)
	const secret = "canary-工资表"
	m := li.say(room.ID, secret, object{"mentions": []kernel.ID{admin.id}, "receipt": true})
	li.say(room.ID, "引用", object{"quote": m.ID})
	done(zhang, http.MethodPut, msg(m.ID, "/reactions/👍"), nil)
	done(zhang, http.MethodPut, "/later/"+m.ID.String(), nil)
	li.say(room.ID, "见 "+secret+" 的回复", object{"thread": m.ID})
	reply := li.messages(room.ID, "?thread="+m.ID.String()).Items[0]
	li.say(room.ID, secret+" 最后")
	last := li.messages(room.ID, "").Items
	if r := admin.room(room.ID); r.Unread != 3 || r.Mentions != 1 {
		t.Errorf("before: %d unread, %d mentions", r.Unread, r.Mentions)
	}
	refused(zhang, http.MethodPost, msg(m.ID, "/recall"), nil, http.StatusForbidden, "message_of_others")
	for _, id := range []kernel.ID{m.ID, reply.ID, last[len(last)-1].ID} {
		for range 2 { // a repeat is the same
			if got := call[chat.Message](li, http.MethodPost, msg(id, "/recall"), nil); got.RecalledAt == nil || got.Text != "" {
				t.Errorf("recalled %+v", got)
			}
		}
	}
	for _, path := range []string{
		"/rooms", "/rooms/" + room.ID.String(), "/rooms/" + room.ID.String() + "/messages", "/rooms/" + room.ID.String() + "/messages?thread=" + m.ID.String(),
		msg(m.ID, ""), "/later", "/rooms/" + room.ID.String() + "/search?q=canary",
	} {
		for _, p := range c.people {
			if body := p.Get("/api/v1" + path).Want(http.StatusOK).Body; strings.Contains(body, "canary") {
				t.Errorf("%s shows a recalled message: %s", path, body)
			}
		}
	}
	if r := admin.room(room.ID); r.Unread != 1 || r.Mentions != 0 || r.LastMessage.RecalledAt == nil {
		t.Errorf("after: %+v", r)
	}
	var kept int
	c.Scan(t, `SELECT count(*) FROM chat_message m WHERE m::text LIKE '%canary%'`, &kept)
	if kept > 0 {
		t.Errorf("%d rows still hold it", kept)
	}
	refused(li, http.MethodPatch, msg(m.ID, ""), object{"text": "x"}, http.StatusConflict, "message_recalled")
	refused(admin, http.MethodPost, msg(m.ID, "/receipt"), object{"state": "done"}, http.StatusConflict, "message_recalled")
	refused(li, http.MethodPost, "/messages/forward", object{"ids": []kernel.ID{kernel.NewID()}, "messageIds": []kernel.ID{m.ID}, "roomIds": []kernel.ID{room.ID}}, http.StatusConflict, "message_recalled")
}

func TestEditingAndRecallingHaveTheirTime(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	room := admin.group("项目组", li)
	m := li.say(room.ID, "下午三点")
	edited := call[chat.Message](li, http.MethodPatch, msg(m.ID, ""), object{"text": "下午四点"})
	if edited.Text != "下午四点" || edited.EditedAt == nil || edited.Revision != 2 {
		t.Errorf("edited to %+v", edited)
	}
	if again := call[chat.Message](li, http.MethodPatch, msg(m.ID, ""), object{"text": "下午四点"}); again.Revision != 2 {
		t.Errorf("the same once more counts as %+v", again)
	}
	refused(admin, http.MethodPatch, msg(m.ID, ""), object{"text": "x"}, http.StatusForbidden, "message_of_others")
	c.Wait(25 * time.Hour)
	refused(li, http.MethodPatch, msg(m.ID, ""), object{"text": "x"}, http.StatusConflict, "edit_too_late")
	refused(li, http.MethodPost, msg(m.ID, "/recall"), nil, http.StatusConflict, "recall_too_late")
	if got := call[chat.Message](admin, http.MethodPost, msg(m.ID, "/recall"), nil); got.RecalledAt == nil {
		t.Error("the owner of a group cannot take a message away")
	}
}

func TestReceiptsAreRolledUp(t *testing.T) {
	c := start(t, "李娜", "张伟", "陈静")
	admin, li, zhang, chen := c.people[0], c.people[1], c.people[2], c.people[3]
	room := admin.group("项目组", li, zhang, chen)
	m := admin.say(room.ID, "请确认", object{"receipt": true})
	done(li, http.MethodPost, msg(m.ID, "/receipt"), object{"state": "received"})
	done(li, http.MethodPost, msg(m.ID, "/receipt"), object{"state": "done"})
	done(zhang, http.MethodPost, msg(m.ID, "/receipt"), object{"state": "working"})
	zhang.read(room.ID, m.Seq)
	got := call[chat.Message](admin, http.MethodGet, msg(m.ID, ""), nil)
	if r := got.Receipt; r.Done != 1 || r.Working != 1 || r.Received != 0 || r.Waiting != 1 || got.ReadCount != 1 {
		t.Errorf("the roll-up is %+v, read by %d", r, got.ReadCount)
	}
	if mine := call[chat.Message](li, http.MethodGet, msg(m.ID, ""), nil); mine.Receipt.Mine != "done" || mine.Receipt.Waiting != 0 {
		t.Errorf("li sees %+v", mine.Receipt)
	}
	list := call[kernel.Page[chat.Answered]](admin, http.MethodGet, msg(m.ID, "/receipts?limit=2"), nil)
	rest := call[kernel.Page[chat.Answered]](admin, http.MethodGet, msg(m.ID, "/receipts?cursor="+list.Next), nil)
	states := map[string]string{}
	for _, a := range append(list.Items, rest.Items...) {
		states[a.Person.Name] = a.State
		if a.Read != (a.Person.Name == "张伟") {
			t.Errorf("%s read: %v", a.Person.Name, a.Read)
		}
	}
	if len(states) != 3 || states["李娜"] != "done" || states["陈静"] != "" {
		t.Errorf("receipts are %v", states)
	}
	refused(li, http.MethodGet, msg(m.ID, "/receipts"), nil, http.StatusForbidden, "message_of_others")
	refused(admin, http.MethodPost, msg(m.ID, "/receipt"), object{"state": "done"}, http.StatusConflict, "message_is_mine")
	plain := admin.say(room.ID, "随便看看")
	refused(li, http.MethodPost, msg(plain.ID, "/receipt"), object{"state": "done"}, http.StatusConflict, "receipt_not_asked")

	stream := chen.Live()
	nudged := call[struct{ People int }](admin, http.MethodPost, msg(m.ID, "/nudge"), nil)
	if nudged.People != 1 {
		t.Errorf("%d people were nudged", nudged.People)
	}
	stream.Await("a nudge", func(f officetest.Frame) bool { return f.Kind == "nudge" && f.ID == m.ID && f.Inbox > 0 })
	refused(admin, http.MethodPost, msg(m.ID, "/nudge"), nil, http.StatusTooManyRequests, "nudge_too_soon")
	c.Wait(11 * time.Minute)
	done(admin, http.MethodPost, msg(m.ID, "/nudge"), nil)
}

func TestUrgentWaitsForEveryone(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := admin.group("项目组", li, zhang)
	m := admin.say(room.ID, "机房断电", object{"urgent": true})
	type found = kernel.Page[chat.FoundMessage]
	if got := call[found](li, http.MethodGet, "/urgent", nil); len(got.Items) != 1 || got.Items[0].Message.ID != m.ID || got.Items[0].Room != "项目组" || li.room(room.ID).Urgent != 1 {
		t.Errorf("li has to acknowledge %+v", got)
	}
	for range 2 {
		done(li, http.MethodPost, msg(m.ID, "/acknowledge"), nil)
	}
	if got := call[found](li, http.MethodGet, "/urgent", nil); len(got.Items) != 0 || li.room(room.ID).Urgent != 0 {
		t.Errorf("after acknowledging: %+v", got)
	}
	got := call[chat.Message](admin, http.MethodGet, msg(m.ID, ""), nil)
	if got.Urgent.Count != 1 || got.Urgent.Waiting != 1 || !got.Urgent.Acknowledged {
		t.Errorf("the roll-up is %+v", got.Urgent)
	}
	if own := call[found](admin, http.MethodGet, "/urgent", nil); len(own.Items) != 0 {
		t.Error("one's own message waits for oneself")
	}
	refused(zhang, http.MethodPost, msg(admin.say(room.ID, "普通").ID, "/acknowledge"), nil, http.StatusConflict, "message_not_urgent")
}

func TestThreadsCountByThemselves(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := admin.group("项目组", li, zhang)
	root := admin.say(room.ID, "方案")
	admin.read(room.ID, root.Seq)
	for i, text := range []string{"甲", "乙"} {
		if m := li.say(room.ID, text, object{"thread": root.ID}); m.Seq != int64(i+1) || *m.Thread.Root != root.ID {
			t.Errorf("the reply is %+v", m)
		}
	}
	if r := admin.room(room.ID); r.Unread != 0 || r.LastSeq != root.Seq {
		t.Errorf("replies count in the room: %+v", r)
	}
	query := "?thread=" + root.ID.String()
	if got := texts(zhang.messages(room.ID, query)); got != "甲乙" {
		t.Errorf("the thread holds %s", got)
	}
	if got := texts(zhang.messages(room.ID, query+"&after=1")); got != "乙" {
		t.Errorf("after the first comes %s", got)
	}
	done(admin, http.MethodPost, "/rooms/"+room.ID.String()+"/read", object{"seq": 1, "thread": root.ID})
	if got := call[chat.Message](admin, http.MethodGet, msg(root.ID, ""), nil).Thread; got.Replies != 2 || got.ReadSeq != 1 {
		t.Errorf("the thread is %+v", got)
	}
	reply := li.messages(room.ID, query).Items[0]
	body := object{"id": kernel.NewID(), "kind": "text", "text": "x", "thread": reply.ID}
	refused(li, http.MethodPost, "/rooms/"+room.ID.String()+"/messages", body, http.StatusUnprocessableEntity, "thread_unknown")
}

func TestForwardingCopies(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	from, to := admin.group("甲组", li), admin.group("乙组", zhang)
	one, two := li.say(from.ID, "一"), admin.say(from.ID, "二")
	both := []kernel.ID{two.ID, one.ID}
	ids := []kernel.ID{kernel.NewID(), kernel.NewID()}
	body := object{"ids": ids, "messageIds": both, "roomIds": []kernel.ID{to.ID}}
	for range 2 {
		done(admin, http.MethodPost, "/messages/forward", body)
	}
	if got := texts(zhang.messages(to.ID, "")); got != "<created>二一" {
		t.Errorf("forwarded %s", got)
	}
	merged := kernel.NewID()
	done(admin, http.MethodPost, "/messages/forward", object{"ids": []kernel.ID{merged}, "messageIds": both, "roomIds": []kernel.ID{to.ID}, "merged": true, "title": "甲组的聊天记录"})
	got := call[chat.Message](zhang, http.MethodGet, msg(merged, ""), nil)
	if got.Kind != chat.Forward || got.Merged.Title != "甲组的聊天记录" || len(got.Merged.Items) != 2 || got.Merged.Items[1].Author != "李娜" || got.Author.Name != "王芳" {
		t.Errorf("merged %+v", got)
	}
	refused(zhang, http.MethodPost, "/messages/forward", object{"ids": ids[:1], "messageIds": []kernel.ID{one.ID}, "roomIds": []kernel.ID{to.ID}}, http.StatusNotFound, "message_unknown")
	refused(li, http.MethodPost, "/messages/forward", object{"ids": []kernel.ID{kernel.NewID()}, "messageIds": []kernel.ID{one.ID}, "roomIds": []kernel.ID{to.ID}}, http.StatusNotFound, "room_unknown")
	refused(admin, http.MethodPost, "/messages/forward", object{"ids": ids, "messageIds": both[:1], "roomIds": []kernel.ID{to.ID}}, http.StatusUnprocessableEntity, "ids_do_not_match")
}
