package chat

import (
	"context"
	"log/slog"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Live is what chat asks of the stream to open pages. Package live implements it.
type Live interface {
	Hint(ctx context.Context, to live.To, hint live.Hint)
	HintSoon(ctx context.Context, room kernel.ID, wait time.Duration, hint live.Hint)
	Tell(ctx context.Context, people []kernel.ID, hint live.Hint) error
	Join(ctx context.Context, room kernel.ID, seq int64, people []kernel.ID)
	Leave(ctx context.Context, room kernel.ID, people []kernel.ID)
}

// Events is how others hear of messages. The queue of jobs implements it.
type Events interface {
	Emit(ctx context.Context, event store.Event) error
}

// Service holds the use cases.
type Service struct {
	db     *store.DB
	clock  kernel.Clock
	live   Live
	events Events
	files  Files
	log    *slog.Logger
	writer writer
}

// New makes the chat of the company in db.
func New(db *store.DB, clock kernel.Clock, stream Live, events Events, kept Files, log *slog.Logger) *Service {
	s := &Service{db: db, clock: clock, live: stream, events: events, files: kept, log: log}
	s.writer.queues = map[kernel.ID][]*post{}
	return s
}

// who is the person behind the request.
func who(ctx context.Context) kernel.Principal {
	p, _ := kernel.PrincipalFrom(ctx)
	return p
}
