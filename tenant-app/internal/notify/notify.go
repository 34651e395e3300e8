// Package notify calls people outside of the page: it points them at messages in 消息
// that they have not seen, by a way that was tested (Web Push, an application message of
// WeCom, DingTalk or Feishu, mail, SMS). What is to be said stands in the message alone.
// What is not urgent is told once, together, and not in quiet hours; what is urgent goes
// on to the next way until it was seen.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/outbound"
	"atrium.dev/atrium/tenant-app/internal/seal"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

const (
	callJob  = "notify.call"
	patience = 10 * time.Second // a page that is open shows it by then
	escalate = 5 * time.Minute  // until what is urgent goes the next way
	keepDone = 30 * 24 * time.Hour
	maxCalls = 50 // messages told together
)

// Call is a message that somebody has not seen, as they may read it.
type Call struct {
	ID     kernel.ID // of the message
	Room   kernel.ID
	From   string // who wrote it, or what a card is about
	Text   string // the beginning
	What   string // "text", "file", "picture", "voice", "forward", "card"
	Urgent bool
}

// Messages tells what there is to see. Package chat implements it.
type Messages interface {
	// Unseen gives those of messages that the person may see and has not seen, the oldest
	// first; of urgent ones those that they have not acknowledged.
	Unseen(ctx context.Context, person kernel.ID, messages []kernel.ID) ([]Call, error)
}

// Audit keeps who changed the ways out of the company. Package audit implements it.
type Audit interface {
	Write(ctx context.Context, event string, object kernel.ID, details map[string]any) error
}

// Config is what notices need.
type Config struct {
	DB       *store.DB
	Clock    kernel.Clock
	Settings func() contract.Settings
	Jobs     *store.Jobs
	Messages Messages
	Audit    Audit
	Dialer   *outbound.Dialer
	Sealer   *seal.Sealer
	Log      *slog.Logger
}

// Service calls people.
type Service struct {
	Config
	client *http.Client
}

// New makes the service with its jobs.
func New(config Config) *Service {
	s := &Service{Config: config, client: config.Dialer.Client()}
	s.Jobs.HandleOutgoing(callJob, 1, func(ctx context.Context, payload json.RawMessage) error {
		var person kernel.ID
		if err := json.Unmarshal(payload, &person); err != nil {
			return fmt.Errorf("read whom to call: %w", err)
		}
		return s.call(ctx, person)
	})
	s.Jobs.Every("notify.forget", 24*time.Hour, s.forget)
	s.Jobs.Every("notify.reseal", 24*time.Hour, s.reseal)
	return s
}

// Tell has people called for a message, in the caller's transaction, unless they see it
// in time: once, however often it is told. Whoever has no tested way is left alone.
func (s *Service) Tell(ctx context.Context, message kernel.ID, people []kernel.ID, urgent bool) error {
	if len(people) == 0 {
		return nil
	}
	now, told := s.Clock(), []kernel.ID{}
	err := s.DB.Q(ctx).NewRaw(`INSERT INTO notice (id, person_id, message_id, urgent, at)
		SELECT gen_random_uuid(), p.id, ?0, ?1, ?2 FROM person p WHERE p.id IN (?3) AND p.deactivated_at IS NULL
			AND EXISTS (SELECT FROM notice_channel c WHERE c.person_id = p.id AND c.tested_at IS NOT NULL)
		ON CONFLICT (person_id, message_id) DO NOTHING RETURNING person_id`, message, urgent, now, bun.List(people)).Scan(ctx, &told)
	if err != nil {
		return fmt.Errorf("note whom to call: %w", err)
	}
	at := now
	if !urgent {
		at = now.Add(patience)
	}
	for _, person := range told {
		if err := s.plan(ctx, person, at); err != nil {
			return err
		}
	}
	return nil
}

// plan has a person called at a time, or earlier if that is planned already.
func (s *Service) plan(ctx context.Context, person kernel.ID, at time.Time) error {
	return s.Jobs.Add(ctx, store.Job{Kind: callJob, Version: 1, Key: person.String(), Payload: person, At: at})
}

// forget deletes what was done long ago.
func (s *Service) forget(ctx context.Context) error {
	if _, err := s.DB.Q(ctx).NewRaw(`DELETE FROM notice WHERE done_at < ?`, s.Clock().Add(-keepDone)).Exec(ctx); err != nil {
		return fmt.Errorf("forget notices: %w", err)
	}
	return nil
}
