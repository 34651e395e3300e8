package chat

import (
	"context"
	"log/slog"
	"time"

	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/fact"
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
	Emit(ctx context.Context, events ...store.Event) error
}

// Facts keeps what happened, for reports. Package fact implements it.
type Facts interface {
	Record(ctx context.Context, facts ...fact.Fact) error
}

// Config is what chat needs.
type Config struct {
	DB     *store.DB
	Clock  kernel.Clock
	Live   Live
	Events Events
	Files  Files
	Index  Index
	Facts  Facts
	Rights directory.Filters
	Log    *slog.Logger
}

// Service holds the use cases.
type Service struct {
	db     *store.DB
	clock  kernel.Clock
	live   Live
	events Events
	files  Files
	index  Index
	facts  Facts
	rights directory.Filters
	log    *slog.Logger
	writer writer
}

// New makes the chat of the company in c.DB.
func New(c Config) *Service {
	s := &Service{db: c.DB, clock: c.Clock, live: c.Live, events: c.Events, files: c.Files, index: c.Index, facts: c.Facts, rights: c.Rights, log: c.Log}
	s.writer.apart = map[kernel.ID][]*post{}
	return s
}

// who is the person behind the request.
func who(ctx context.Context) kernel.Principal {
	p, _ := kernel.PrincipalFrom(ctx)
	return p
}
