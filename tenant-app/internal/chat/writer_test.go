package chat_test

import (
	"context"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Messages of all rooms share transactions; a room that somebody holds, such as an import
// that moves people, is waited for by its own messages alone.
func TestARoomThatIsHeldHoldsUpNoOther(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	held, other := admin.group("被占用", li), admin.group("其他", li)
	as := kernel.WithPrincipal(t.Context(), kernel.Principal{PersonID: admin.id, Name: admin.name})
	post := func(room kernel.ID, text string) error {
		_, err := c.App.Chat.Post(as, room, chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: text})
		return err
	}
	answered := make(chan error, 3)
	err := c.DB.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := c.DB.Q(ctx).NewRaw("SELECT id FROM chat_room WHERE id = ? FOR NO KEY UPDATE", held.ID).Exec(ctx); err != nil {
			return err
		}
		for _, text := range []string{"一", "二", "三"} {
			go func() { answered <- post(held.ID, text) }()
			if err := post(other.ID, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	for _, room := range []kernel.ID{held.ID, other.ID} {
		said := 0
		for _, m := range li.messages(room, "").Items {
			if m.Kind == chat.Text {
				said++
			}
		}
		if said != 3 {
			t.Errorf("the room holds %d messages of 3", said)
		}
	}
	if err := post(kernel.NewID(), "无此群"); !kernel.HasCode(err, "room_unknown") {
		t.Errorf("a room that is not there answers %v", err)
	}
}
