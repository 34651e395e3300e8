package chat_test

import (
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// What a message sends to the database: the session's query, and one transaction.
func TestAMessageTakesFewStatements(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li := c.people[0], c.people[1]
	group := admin.group("项目组", c.people[1:]...)
	pair := admin.direct(li)
	for room, want := range map[kernel.ID]int{group.ID: 8, pair.ID: 9} { // of a pair the other one is called
		if sent := c.Statements(t, func() { admin.say(room, "开会") }); len(sent) != want {
			t.Errorf("a message takes %d statements, want %d: %q", len(sent), want, sent)
		}
	}
}
