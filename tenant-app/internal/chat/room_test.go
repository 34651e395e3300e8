package chat_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

func (p *person) names(room kernel.ID) []string {
	p.t.Helper()
	var names []string
	for _, m := range call[kernel.Page[chat.RoomMember]](p, http.MethodGet, "/rooms/"+room.String()+"/members", nil).Items {
		names = append(names, m.Person.Name)
	}
	slices.Sort(names)
	return names
}

func TestAGroupHasAnOwner(t *testing.T) {
	c := start(t, "李娜", "张伟", "陈静")
	admin, li, zhang, chen := c.people[0], c.people[1], c.people[2], c.people[3]
	room := li.group("", zhang, admin)
	path := "/rooms/" + room.ID.String()
	if room.Name == "" || *room.OwnerID != li.id || room.Members != 3 || !room.MayManage {
		t.Errorf("the group is %+v", room)
	}
	refused(zhang, http.MethodPatch, path, object{"name": "我的"}, http.StatusForbidden, "room_owner_only")
	refused(zhang, http.MethodDelete, path+"/members/"+li.id.String(), nil, http.StatusForbidden, "room_owner_only")
	changed := call[chat.Room](li, http.MethodPatch, path, object{"name": "采购组", "notice": "每周一交报表"})
	if changed.Name != "采购组" || changed.Notice.Text != "每周一交报表" || changed.Notice.By.Name != "李娜" {
		t.Errorf("changed to %+v", changed)
	}
	body := object{"id": kernel.NewID(), "kind": "text", "text": "@所有人", "all": true}
	refused(zhang, http.MethodPost, path+"/messages", body, http.StatusForbidden, "mention_all_forbidden")
	li.say(room.ID, "@所有人", object{"all": true})
	li.say(room.ID, "@张伟", object{"mentions": []kernel.ID{zhang.id, chen.id}})
	if got := zhang.room(room.ID); got.Mentions != 2 || got.Unread != 2 {
		t.Errorf("zhang is mentioned %d times in %d", got.Mentions, got.Unread)
	}
	done(zhang, http.MethodPost, path+"/members", object{"personIds": []kernel.ID{chen.id}})
	done(zhang, http.MethodPost, path+"/members", object{"personIds": []kernel.ID{chen.id}}) // a repeat
	if got := chen.room(room.ID); got.Unread != 0 || got.Mentions != 0 || got.Members != 4 {
		t.Errorf("a newcomer has %+v", got)
	}
	done(li, http.MethodPost, path+"/owner", object{"personId": zhang.id})
	done(zhang, http.MethodDelete, path+"/members/"+zhang.id.String(), nil)
	if got := li.room(room.ID); *got.OwnerID != admin.id && *got.OwnerID != li.id {
		t.Errorf("the owner left, the group belongs to %v", *got.OwnerID)
	}
	if got := texts(li.messages(room.ID, "")); got != "<created><renamed><notice>@所有人@张伟<joined><owner><left><owner>" {
		t.Errorf("the group tells %s", got)
	}
	settings := call[chat.Room](li, http.MethodPut, path+"/settings", object{"pinned": true, "muted": true})
	other := li.group("后来的", admin)
	rooms := call[kernel.Page[chat.Room]](li, http.MethodGet, "/rooms?limit=1", nil)
	rest := call[kernel.Page[chat.Room]](li, http.MethodGet, "/rooms?cursor="+rooms.Next, nil)
	if !settings.Muted || rooms.Items[0].ID != room.ID || rest.Items[0].ID != other.ID || len(rest.Items) != 1 {
		t.Errorf("rooms are %+v and %+v", rooms.Items, rest.Items)
	}
}

func TestARoomFollowsItsDepartment(t *testing.T) {
	c := start(t, "李娜", "张伟", "陈静")
	admin, li, zhang, chen := c.people[0], c.people[1], c.people[2], c.people[3]
	rd := call[directory.Department](admin, http.MethodPost, "/departments", object{"name": "研发中心"})
	lab := call[directory.Department](admin, http.MethodPost, "/departments", object{"name": "实验室", "parentId": rd.ID})
	move := func(p *person, departments ...kernel.ID) {
		t.Helper()
		posts := []object{}
		for _, d := range departments {
			posts = append(posts, object{"departmentId": d})
		}
		admin.JSON(http.MethodPut, "/people/"+p.id.String()+"/posts", object{"posts": posts}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	}
	move(li, rd.ID)
	move(zhang, lab.ID)
	body := object{"id": kernel.NewID(), "kind": "department", "departmentId": rd.ID}
	refused(li, http.MethodPost, "/rooms", body, http.StatusForbidden, "department_heads_only")
	admin.JSON(http.MethodPut, "/departments/"+rd.ID.String()+"/heads", object{"personIds": []kernel.ID{li.id}}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	room := call[chat.Room](li, http.MethodPost, "/rooms", body)
	if got := li.names(room.ID); !slices.Equal(got, []string{"张伟", "李娜"}) || !room.MayManage {
		t.Errorf("in the room are %v, %+v", got, room)
	}
	move(chen, lab.ID)
	li.say(room.ID, "欢迎")
	if got := texts(chen.messages(room.ID, "")); got != "<joined>欢迎" {
		t.Errorf("who was moved into the department sees %s", got)
	}
	stream := zhang.Live()
	move(zhang)
	li.say(room.ID, "张伟走了")
	refused(zhang, http.MethodGet, "/rooms/"+room.ID.String(), nil, http.StatusNotFound, "room_unknown")
	// The department itself moves out of the other: its people leave the room above.
	admin.JSON(http.MethodPost, "/departments/"+lab.ID.String()+"/move", object{}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	if got := li.names(room.ID); !slices.Equal(got, []string{"李娜"}) {
		t.Errorf("in the room are %v", got)
	}
	refused(li, http.MethodPost, "/rooms/"+room.ID.String()+"/members", object{"personIds": []kernel.ID{zhang.id}}, http.StatusConflict, "room_follows_department")
	refused(li, http.MethodDelete, "/rooms/"+room.ID.String()+"/members/"+li.id.String(), nil, http.StatusConflict, "room_follows_department")
	// Who is deactivated leaves every group, and hears nothing any more.
	group := admin.group("项目组", zhang, li)
	admin.JSON(http.MethodPost, "/people/"+zhang.id.String()+"/deactivate", nil, officetest.H("If-Match", "*")).Want(http.StatusOK)
	admin.say(group.ID, "张伟离职了")
	for _, f := range stream.Drain() {
		if f.Kind == "message" && strings.Contains(string(f.Data), "张伟") && !strings.Contains(string(f.Data), "created") {
			t.Errorf("after leaving came %+v", f)
		}
	}
	if got := admin.names(group.ID); !slices.Equal(got, []string{"李娜", "王芳"}) {
		t.Errorf("in the group are %v", got)
	}
}

// An outsider sees the one person who answers for them, and what that one lets them into.
func TestAnOutsiderMeetsTheirLiaisonAlone(t *testing.T) {
	c := start(t, "李娜", "张伟", "外部客户")
	admin, li, zhang, guest := c.people[0], c.people[1], c.people[2], c.people[3]
	c.Exec(t, `INSERT INTO external_organisation (id, name, kind, created_at, updated_at) VALUES ('018f0000-0000-7000-8000-000000000001', '华东供应商', 'supplier', now(), now())`)
	c.Exec(t, `UPDATE person SET external_organisation_id = '018f0000-0000-7000-8000-000000000001', liaison_id = ? WHERE id = ?`, li.id, guest.id)
	direct := func(other *person) object {
		return object{"id": kernel.NewID(), "kind": "direct", "memberIds": []kernel.ID{other.id}}
	}
	room := guest.direct(li)
	guest.say(room.ID, "您好")
	if r := li.room(room.ID); !r.Peer.External || !r.External || r.Unread != 1 {
		t.Errorf("the liaison sees %+v", r)
	}
	refused(guest, http.MethodPost, "/rooms", direct(zhang), http.StatusUnprocessableEntity, "person_unknown")
	refused(zhang, http.MethodPost, "/rooms", direct(guest), http.StatusUnprocessableEntity, "person_unknown")
	refused(guest, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "group", "memberIds": []kernel.ID{li.id}}, http.StatusForbidden, "outsiders_begin_no_groups")
	group := admin.group("项目组", li)
	path := "/rooms/" + group.ID.String() + "/members"
	refused(admin, http.MethodPost, path, object{"personIds": []kernel.ID{guest.id}}, http.StatusUnprocessableEntity, "person_unknown")
	done(li, http.MethodPost, path, object{"personIds": []kernel.ID{guest.id}})
	refused(admin, http.MethodPost, "/rooms", direct(guest), http.StatusForbidden, "outsider_of_others") // whom they meet in the group
	if r := guest.room(group.ID); r.MayInvite || r.MayManage || !r.External {
		t.Errorf("the outsider sees %+v", r)
	}
	refused(guest, http.MethodPost, path, object{"personIds": []kernel.ID{zhang.id}}, http.StatusForbidden, "outsiders_invite_nobody")
}
