package chat_test

import (
	"net/http"
	"slices"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// One finds what was said while one belonged, by its present words.
func TestMessagesAreFoundByThoseWhoSeeThem(t *testing.T) {
	c := start(t, "李娜", "张伟", "陈静")
	admin, li, zhang, chen := c.people[0], c.people[1], c.people[2], c.people[3]
	room := admin.group("项目组", li, zhang)
	path := "/rooms/" + room.ID.String()
	m := li.say(room.ID, "预算今天交")
	done(li, http.MethodPost, path+"/messages", object{"id": kernel.NewID(), "kind": "file", "fileIds": []kernel.ID{li.upload("预算2026.xlsx", "", []byte("x"))}})
	li.say(room.ID, "预算也在这里", object{"thread": m.ID})
	done(admin, http.MethodDelete, path+"/members/"+zhang.id.String(), nil)
	done(admin, http.MethodPost, path+"/members", object{"personIds": []kernel.ID{chen.id}})
	admin.say(admin.direct(li).ID, "你的预算呢")
	c.Index(t)
	for p, want := range map[*person][]string{
		admin: {"message|李娜|王芳|你的预算呢", "message|项目组|李娜|预算也在这里", "file|项目组|李娜|预算2026.xlsx", "message|项目组|李娜|预算今天交"},
		li:    {"message|王芳|王芳|你的预算呢", "message|项目组|李娜|预算也在这里", "file|项目组|李娜|预算2026.xlsx", "message|项目组|李娜|预算今天交"},
		zhang: {}, // has left
		chen:  {}, // came later
	} {
		if got := p.Found("预算"); !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", p.name, got, want)
		}
	}
	done(li, http.MethodPatch, msg(m.ID, ""), object{"text": "决算今天交"})
	c.Index(t)
	if got := admin.Found("今天"); !slices.Equal(got, []string{"message|项目组|李娜|决算今天交"}) {
		t.Errorf("after the change: %q", got)
	}
	done(li, http.MethodPost, msg(m.ID, "/recall"), nil)
	if got := admin.Found("今天"); len(got) != 0 {
		t.Errorf("what was recalled is found: %q", got)
	}
	var kept int
	c.Scan(t, `SELECT count(*) FROM search_entry WHERE text LIKE '%今天%'`, &kept)
	if kept > 0 {
		t.Error("the search still holds what was recalled")
	}
}

// Reports read when an answer was asked for and when it came.
func TestAnswersAreFacts(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	room := admin.direct(li)
	m := admin.say(room.ID, "请回复", object{"receipt": true})
	urgent := admin.say(room.ID, "快", object{"urgent": true})
	for _, state := range []string{"received", "received", "done"} {
		done(li, http.MethodPost, msg(m.ID, "/receipt"), object{"state": state})
	}
	for range 2 {
		done(li, http.MethodPost, msg(urgent.ID, "/acknowledge"), nil)
	}
	var got []string
	err := c.DB.Q(t.Context()).NewRaw(`SELECT concat_ws(' ', f.kind, p.name, f.from_state, f.to_state) FROM fact f JOIN person p ON p.id = f.person_id ORDER BY f.at, f.id`).Scan(t.Context(), &got)
	want := []string{"chat.receipt 王芳  asked", "chat.urgent 王芳  asked", "chat.receipt 李娜 asked received", "chat.receipt 李娜 received done", "chat.urgent 李娜 asked acknowledged"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("facts are %q (%v), want %q", got, err, want)
	}
}
