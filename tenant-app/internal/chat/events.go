package chat

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Events of messages that somebody should hear of although no page of theirs is open.
const (
	EventPosted = "chat.message.posted" // to one person, also by an assistant, or with mentions
	EventUrgent = "chat.urgent.posted"  // goes on to the next channel until it is acknowledged
)

// Posted is the payload of both, version 1. The text is read anew: it may have been
// recalled.
type Posted struct {
	Message  kernel.ID   `json:"message"`
	Room     kernel.ID   `json:"room"`
	Kind     RoomKind    `json:"kind"`
	Author   kernel.ID   `json:"author"`
	Mentions []kernel.ID `json:"mentions,omitempty"`
	All      bool        `json:"all,omitempty"`
}

// emit tells of messages for which somebody may be called to the phone. Of all others
// in a group the badge tells: a job for each of them would cost more than the message.
func (s *Service) emit(ctx context.Context, rooms map[kernel.ID]*roomRow, stored []*post) error {
	var events []store.Event
	for _, p := range stored {
		at := rooms[p.room]
		named := at.Kind == Direct || at.Kind == Assistant || p.All || len(p.row.Mentions) > 0
		if p.Kind == System || !named && !p.Urgent {
			continue
		}
		kind := EventPosted
		if p.Urgent {
			kind = EventUrgent
		}
		events = append(events, store.Event{Kind: kind, Version: 1, Ref: p.ID, Payload: Posted{
			Message: p.ID, Room: at.ID, Kind: at.Kind, Author: p.author, Mentions: p.row.Mentions, All: p.All,
		}})
	}
	return s.events.Emit(ctx, events...)
}
