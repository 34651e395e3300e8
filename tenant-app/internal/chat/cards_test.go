package chat_test

import (
	"net/http"
	"slices"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

func TestAnAssistantShowsThePresentState(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	cards, ref, id := c.App.Chat.Cards(), kernel.NewID(), kernel.NewID()
	card := chat.CardData{Kind: "approval", Ref: ref, Assistant: "approval", Title: "李娜的请假", State: "waiting", Fields: []chat.CardField{{Label: "天数", Value: "2\x00"}}}
	for range 2 { // a repeat changes nothing
		if err := cards.Put(t.Context(), id, admin.id, card); err != nil {
			t.Fatal(err)
		}
	}
	rooms := call[kernel.Page[chat.Room]](admin, http.MethodGet, "/rooms", nil)
	if len(rooms.Items) != 1 || rooms.Items[0].Kind != chat.Assistant || rooms.Items[0].Unread != 1 || rooms.Items[0].MaySpeak || rooms.Items[0].Name != "approval" {
		t.Fatalf("rooms are %+v", rooms.Items)
	}
	room := rooms.Items[0].ID
	card.State = "passed"
	if err := cards.Update(t.Context(), card, nil); err != nil {
		t.Fatal(err)
	}
	got := admin.messages(room, "").Items
	if len(got) != 1 || got[0].Kind != chat.Card || got[0].Card.State != "passed" || got[0].Card.Fields[0].Value != "2" || got[0].Revision != 2 || got[0].Author != nil {
		t.Errorf("the assistant says %+v", got)
	}
	path := "/rooms/" + room.String()
	refused(admin, http.MethodPost, path+"/messages", object{"id": kernel.NewID(), "kind": "text", "text": "x"}, http.StatusForbidden, "room_read_only")
	refused(admin, http.MethodPost, msg(id, "/recall"), nil, http.StatusConflict, "message_not_recallable")
	refused(li, http.MethodGet, path, nil, http.StatusNotFound, "room_unknown")
	if mine := call[kernel.Page[chat.Room]](li, http.MethodGet, "/rooms", nil); len(mine.Items) != 0 {
		t.Errorf("somebody else's rooms are %+v", mine.Items)
	}
}

// Of several cards that ask for something about one object, one is alive: the last, until
// what it asks for is over.
func TestTheLastCardAloneAsks(t *testing.T) {
	c := start(t)
	admin := c.people[0]
	cards, ref := c.App.Chat.Cards(), kernel.NewID()
	card := chat.CardData{Kind: "approval", Ref: ref, Assistant: "approval", Title: "李娜的请假", State: "running"}
	put := func(task string) {
		t.Helper()
		asks := card
		asks.Task = task
		if err := cards.Put(t.Context(), kernel.NewID(), admin.id, asks); err != nil {
			t.Fatal(err)
		}
	}
	update := func(over map[string]string) {
		t.Helper()
		if err := cards.Update(t.Context(), card, over); err != nil {
			t.Fatal(err)
		}
	}
	over := func() (out []string) {
		t.Helper()
		rooms := call[kernel.Page[chat.Room]](admin, http.MethodGet, "/rooms", nil)
		for _, m := range admin.messages(rooms.Items[0].ID, "").Items {
			out = append(out, m.Card.Task+" "+m.Card.Over)
		}
		return out
	}
	put("1")
	update(map[string]string{"1": "returned"})
	put("2")
	if got := over(); !slices.Equal(got, []string{"1 returned", "2 "}) {
		t.Errorf("asked anew: %q", got)
	}
	put("2") // a reminder
	put("")  // tells only
	update(map[string]string{"1": "returned"})
	if got := over(); !slices.Equal(got, []string{"1 returned", "2 again", "2 ", " "}) {
		t.Errorf("reminded: %q", got)
	}
	update(map[string]string{"1": "returned", "2": "approved"})
	if got := over(); !slices.Equal(got, []string{"1 returned", "2 approved", "2 approved", " "}) {
		t.Errorf("at the end: %q", got)
	}
}
