package chat_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// counting notes the statements that are sent and the rows that they write.
type counting struct {
	statements int
	written    int64
}

func (*counting) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (c *counting) AfterQuery(ctx context.Context, event *bun.QueryEvent) {
	if _, asked := kernel.PrincipalFrom(ctx); !asked {
		return // work behind the scenes
	}
	c.statements++
	if event.Operation() != "SELECT" && event.Result != nil {
		if n, err := event.Result.RowsAffected(); err == nil {
			c.written += n
		}
	}
}

// A room of two thousand opens with three queries and fifty rows, and a message in it
// writes a handful of rows.
func TestARoomOfTwoThousand(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	ids := []kernel.ID{li.id}
	c.Exec(t, `INSERT INTO person (id, name, sort, sort_key, search, created_at, updated_at)
		SELECT gen_random_uuid(), '人员' || n, 1000, lpad(n::text, 5, '0'), ('人员' || n)::tsvector, now(), now() FROM generate_series(1, 1998) n`)
	var crowd []kernel.ID
	if err := c.DB.Q(t.Context()).NewRaw("SELECT id FROM person WHERE name LIKE '人员%'").Scan(t.Context(), &crowd); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, crowd...)
	room := call[chat.Room](admin, http.MethodPost, "/rooms", object{"id": kernel.NewID(), "kind": "group", "name": "全员", "memberIds": ids})
	if room.Members != 2000 || len(room.First) != 12 {
		t.Fatalf("the room has %d members, %d of them shown", room.Members, len(room.First))
	}
	as := func(p *person) context.Context {
		return kernel.WithPrincipal(t.Context(), kernel.Principal{PersonID: p.id, Name: p.name})
	}
	for i := range 60 {
		if _, err := c.App.Chat.Post(as(admin), room.ID, chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	seen := &counting{}
	c.DB.Q(t.Context()).(*bun.DB).AddQueryHook(seen) //nolint:staticcheck // WithQueryHook hooks a copy, this is about the app's own
	for who, p := range map[string]*person{"who wrote": admin, "a member": li} {
		for _, query := range []chat.Query{{}, {Around: 30}, {Before: 50}} {
			seen.statements = 0
			page, err := c.App.Chat.Messages(as(p), room.ID, query)
			if err != nil || len(page.Items) < 48 || len(page.Items) > 50 || seen.statements > 3 {
				t.Errorf("%s opens it at %+v with %d statements: %d messages, %v", who, query, seen.statements, len(page.Items), err)
			}
		}
	}
	seen.written, seen.statements = 0, 0
	m, err := c.App.Chat.Post(as(admin), room.ID, chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: "开会"})
	if err != nil || m.UnreadCount != 1999 || seen.written > 4 || seen.statements > 9 {
		t.Errorf("a message writes %d rows with %d statements, %d unread, %v", seen.written, seen.statements, m.UnreadCount, err)
	}
	seen.written = 0
	if _, err := c.App.Chat.Post(as(admin), room.ID, chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: "@所有人", All: true, Urgent: true}); err != nil || seen.written > 8 {
		t.Errorf("an urgent message to everyone writes %d rows, %v", seen.written, err)
	}
	page := call[kernel.Page[chat.RoomMember]](li, http.MethodGet, "/rooms/"+room.ID.String()+"/members?limit=200", nil)
	if len(page.Items) != 200 || page.Items[0].Role != "owner" || page.Next == "" {
		t.Errorf("the first page has %d members", len(page.Items))
	}
}
