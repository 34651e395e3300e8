package chat_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

type object map[string]any

// person is somebody with a browser of their own.
type person struct {
	*officetest.Browser
	id   kernel.ID
	name string
	t    testing.TB
}

// crew is a company with some people; the first one is the administrator.
type crew struct {
	*officetest.Office
	people []*person
}

// start runs the app with an administrator (王芳) and further people.
func start(t testing.TB, names ...string) *crew {
	t.Helper()
	c := &crew{Office: officetest.Start(t, officetest.WithBucket)}
	admin := c.Administrator(t)
	var me auth.Me
	admin.JSON(http.MethodGet, "/me", nil).Want(http.StatusOK).Into(&me)
	c.people = append(c.people, &person{admin, me.PersonID, me.Name, t})
	for i, name := range names {
		id, browser := admin.Staff(auth.NewPerson{Name: name, StaffNo: fmt.Sprintf("S%d", i+1)})
		c.people = append(c.people, &person{browser, id, name, t})
	}
	return c
}

// call is an operation that has to succeed.
func call[T any](p *person, method, path string, body any) T {
	p.t.Helper()
	var out T
	reply := p.JSON(method, path, body)
	if reply.Status >= 300 {
		p.t.Fatalf("%s %s answers %d: %s", method, path, reply.Status, reply.Body)
	}
	if reply.Status != http.StatusNoContent {
		reply.Into(&out)
	}
	return out
}

// done is call without an answer.
func done(p *person, method, path string, body any) {
	p.t.Helper()
	call[any](p, method, path, body)
}

// refused wants a status and a code.
func refused(p *person, method, path string, body any, status int, code string) {
	p.t.Helper()
	reply := p.JSON(method, path, body)
	if reply.Status != status || reply.Code() != code {
		p.t.Errorf("%s %s answers %d %s, want %d %s", method, path, reply.Status, reply.Body, status, code)
	}
}

func (p *person) group(name string, others ...*person) chat.Room {
	p.t.Helper()
	ids := []kernel.ID{}
	for _, o := range others {
		ids = append(ids, o.id)
	}
	return call[chat.Room](p, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "group", "name": name, "memberIds": ids})
}

func (p *person) direct(other *person) chat.Room {
	p.t.Helper()
	return call[chat.Room](p, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "direct", "memberIds": []kernel.ID{other.id}})
}

func (p *person) say(room kernel.ID, text string, more ...object) chat.Message {
	p.t.Helper()
	body := object{"id": kernel.NewID(), "kind": "text", "text": text}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return call[chat.Message](p, http.MethodPost, "/rooms/"+room.String()+"/messages", body)
}

func (p *person) room(id kernel.ID) chat.Room {
	p.t.Helper()
	return call[chat.Room](p, http.MethodGet, "/rooms/"+id.String(), nil)
}

func (p *person) messages(id kernel.ID, query string) chat.MessagePage {
	p.t.Helper()
	return call[chat.MessagePage](p, http.MethodGet, "/rooms/"+id.String()+"/messages"+query, nil)
}

func (p *person) read(id kernel.ID, seq int64) {
	p.t.Helper()
	done(p, http.MethodPost, "/rooms/"+id.String()+"/read", object{"seq": seq})
}

func texts(page chat.MessagePage) string {
	out := ""
	for _, m := range page.Items {
		if m.Kind == chat.System {
			out += "<" + m.System.Event + ">"
		} else {
			out += m.Text
		}
	}
	return out
}

func TestTwoPeopleTalk(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := li.direct(admin)
	if again := admin.direct(li); again.ID != room.ID || again.Name != "李娜" || again.Peer.ID != li.id {
		t.Errorf("the other one's room is %+v", again)
	}
	first := li.say(room.ID, "领导，请假单交了")
	if first.UnreadCount != 1 || first.ReadCount != 0 || first.Author.Name != "李娜" || first.Seq != 1 {
		t.Errorf("sent %+v", first)
	}
	li.say(room.ID, "附件在后面")
	if r := admin.room(room.ID); r.Unread != 2 || r.LastMessage.Text != "附件在后面" {
		t.Errorf("the head sees %+v", r)
	}
	admin.read(room.ID, 1)
	if r := admin.room(room.ID); r.Unread != 1 || r.ReadSeq != 1 {
		t.Errorf("after reading one: %+v", r)
	}
	page := li.messages(room.ID, "")
	if page.Items[0].ReadCount != 1 || page.Items[0].UnreadCount != 0 || page.Items[1].ReadCount != 0 || page.Items[1].UnreadCount != 1 {
		t.Errorf("已读 is %+v", page.Items)
	}
	if r := li.room(room.ID); r.Unread != 0 {
		t.Errorf("own messages count as unread: %+v", r)
	}
	refused(zhang, http.MethodGet, "/rooms/"+room.ID.String(), nil, http.StatusNotFound, "room_unknown")
	refused(zhang, http.MethodGet, "/rooms/"+room.ID.String()+"/messages", nil, http.StatusNotFound, "room_unknown")
	refused(zhang, http.MethodGet, "/messages/"+first.ID.String(), nil, http.StatusNotFound, "message_unknown")
	refused(zhang, http.MethodPost, "/rooms/"+room.ID.String()+"/messages", object{"id": kernel.NewID(), "kind": "text", "text": "x"}, http.StatusNotFound, "room_unknown")
}

func TestARepeatGivesTheSameMessage(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	room := admin.direct(li)
	id := kernel.NewID()
	path := "/rooms/" + room.ID.String() + "/messages"
	for range 3 {
		m := call[chat.Message](li, http.MethodPost, path, object{"id": id, "kind": "text", "text": "只一次"})
		if m.ID != id || m.Seq != 1 {
			t.Errorf("got %+v", m)
		}
	}
	if got := texts(admin.messages(room.ID, "")); got != "只一次" {
		t.Errorf("the room holds %s", got)
	}
	refused(admin, http.MethodPost, path, object{"id": id, "kind": "text", "text": "别人的号"}, http.StatusConflict, "id_taken")
	self := call[chat.Room](li, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "self"})
	if again := call[chat.Room](li, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "self"}); again.ID != self.ID {
		t.Error("two rooms with oneself")
	}
	refused(li, http.MethodPost, "/rooms/"+self.ID.String()+"/messages", object{"id": id, "kind": "text", "text": "另一处"}, http.StatusConflict, "id_taken")
}

// One sees what was said while one belonged, and nothing else.
func TestMembersSeeTheirTime(t *testing.T) {
	c := start(t, "李娜", "张伟", "陈静")
	admin, li, zhang, chen := c.people[0], c.people[1], c.people[2], c.people[3]
	room := admin.group("项目组", li)
	path := "/rooms/" + room.ID.String()
	admin.say(room.ID, "一")
	done(li, http.MethodPost, path+"/members", object{"personIds": []kernel.ID{zhang.id}})
	quoted := admin.say(room.ID, "二")
	done(admin, http.MethodDelete, path+"/members/"+zhang.id.String(), nil)
	refused(zhang, http.MethodGet, path+"/messages", nil, http.StatusNotFound, "room_unknown")
	secret := admin.say(room.ID, "三")
	done(li, http.MethodPost, path+"/members", object{"personIds": []kernel.ID{zhang.id, chen.id}})
	admin.say(room.ID, "四", object{"quote": secret.ID})
	if got := texts(zhang.messages(room.ID, "")); got != "<joined>二<joined>四" {
		t.Errorf("who came back sees %s", got)
	}
	if got := texts(chen.messages(room.ID, "")); got != "<joined>四" {
		t.Errorf("who came late sees %s", got)
	}
	if q := zhang.messages(room.ID, "").Items[3].Quote; q == nil || q.Text != "" || q.Author != nil {
		t.Errorf("a quote shows what was said outside of one's time: %+v", q)
	}
	if q := li.messages(room.ID, "").Items; q[len(q)-1].Quote.Text != "三" {
		t.Errorf("the quote is %+v", q[len(q)-1].Quote)
	}
	refused(zhang, http.MethodGet, "/messages/"+secret.ID.String(), nil, http.StatusNotFound, "message_unknown")
	refused(chen, http.MethodPut, "/later/"+quoted.ID.String(), nil, http.StatusNotFound, "message_unknown")
	refused(zhang, http.MethodPost, "/messages/forward", object{"ids": []kernel.ID{kernel.NewID()}, "messageIds": []kernel.ID{secret.ID}, "roomIds": []kernel.ID{room.ID}}, http.StatusNotFound, "message_unknown")
	if got := texts(zhang.messages(room.ID, "?around=1")); got != "<joined>二<joined>四" {
		t.Errorf("around the beginning stands %s", got)
	}
	if found := call[chat.MessagePage](zhang, http.MethodGet, path+"/search?q=三", nil); len(found.Items) != 0 {
		t.Errorf("the search finds %+v", found.Items)
	}
	// 未读 counts those who belonged when it was sent.
	page := admin.messages(room.ID, "")
	counts := map[string]int{}
	for _, m := range page.Items {
		counts[m.Text] = m.UnreadCount
	}
	if counts["一"] != 1 || counts["二"] != 2 || counts["三"] != 1 || counts["四"] != 3 {
		t.Errorf("unread counts are %v", counts)
	}
}

// The same request many times at once makes one room and one message.
func TestAtOnceIsOnce(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	room, id, plain, urgent := admin.direct(li), kernel.NewID(), kernel.NewID(), kernel.NewID()
	path := "/rooms/" + room.ID.String() + "/messages"
	for what, send := range map[string]func(b *officetest.Browser) officetest.Reply{
		"a group": func(b *officetest.Browser) officetest.Reply {
			return b.JSON(http.MethodPost, "/rooms", object{"id": id, "kind": "group", "name": "组", "memberIds": []kernel.ID{li.id}})
		},
		"a message": func(b *officetest.Browser) officetest.Reply {
			return b.JSON(http.MethodPost, path, object{"id": plain, "kind": "text", "text": "一"})
		},
		"an urgent message": func(b *officetest.Browser) officetest.Reply {
			return b.JSON(http.MethodPost, path, object{"id": urgent, "kind": "text", "text": "二", "urgent": true})
		},
	} {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if reply := send(admin.Browser); reply.Status != http.StatusCreated {
					t.Errorf("%s at once is answered with %d %s", what, reply.Status, reply.Body)
				}
			})
		}
		all.Wait()
	}
	if got := len(admin.messages(room.ID, "").Items); got != 2 {
		t.Errorf("the room has %d messages", got)
	}
	if got := texts(li.messages(id, "")); got != "<created>" {
		t.Errorf("the group tells %s", got)
	}
}
