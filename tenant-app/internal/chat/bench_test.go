package chat_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// BenchmarkPost stores messages of many people in one room, through HTTP and below it.
func BenchmarkPost(b *testing.B) {
	c := start(b, "李娜", "张伟", "陈静")
	room := c.people[0].group("项目组", c.people[1:]...)
	var n atomic.Int64
	b.Run("http", func(b *testing.B) {
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			p := c.people[int(n.Add(1))%len(c.people)]
			for pb.Next() {
				p.say(room.ID, "今天下午三点在二楼会议室开会")
			}
		})
	})
	b.Run("service", func(b *testing.B) {
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			p := c.people[int(n.Add(1))%len(c.people)]
			ctx := kernel.WithPrincipal(b.Context(), kernel.Principal{PersonID: p.id, Name: p.name})
			for pb.Next() {
				if _, err := c.App.Chat.Post(ctx, room.ID, chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: fmt.Sprint(n.Load())}); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
