package auth

import (
	"context"
	"log/slog"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Audit keeps what happened to accounts. What was typed never goes there: people type
// passwords into the wrong field.
type Audit interface {
	Write(ctx context.Context, event string, person kernel.ID, details map[string]any) error
}

// Consent keeps who agreed to the texts of package privacy, which implements it.
type Consent interface {
	Agree(ctx context.Context, person kernel.ID, edition int, shown kernel.Locale) error
	Refuse(ctx context.Context, person kernel.ID) error
	Withdraw(ctx context.Context, person kernel.ID) error
	Given(ctx context.Context, person kernel.ID) (edition int, at time.Time, ok bool, err error)
}

// Config is what signing in needs.
type Config struct {
	DB       *store.DB
	People   People
	Rights   Permissions
	Settings func() contract.Settings // the settings as they are now
	Clock    kernel.Clock
	Log      *slog.Logger
	Audit    Audit
	Consent  Consent
	Release  string // of this program

	// Warm gives the addresses of the files that the app's page loads first.
	Warm func() []string

	// Ended hears that sessions of a person end with the transaction of ctx: one, or
	// with kernel.NoID all except another.
	Ended func(ctx context.Context, person, session, except kernel.ID)
}

// Service is how people sign in.
type Service struct {
	db       *store.DB
	people   People
	rights   Permissions
	settings func() contract.Settings
	clock    kernel.Clock
	log      *slog.Logger
	audit    Audit
	consent  Consent
	release  string
	warm     func() []string
	ended    func(ctx context.Context, person, session, except kernel.ID)
	hasher   *hasher
	sessions *store.Together[tokenHash, *session]
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{
		db: c.DB, people: c.People, rights: c.Rights, settings: c.Settings, clock: c.Clock, log: c.Log, audit: c.Audit, consent: c.Consent,
		release: c.Release, warm: c.Warm, ended: c.Ended, hasher: newHasher(),
	}
	s.sessions = store.NewTogether(s.findSessions)
	return s
}

// CleanUp deletes what has expired. It is safe to run on several replicas at once.
func (s *Service) CleanUp(ctx context.Context) error {
	now := s.clock()
	if err := s.deleteExpired(ctx, now); err != nil {
		return err
	}
	return s.forgetAttempts(ctx, now.Add(-longestWindow))
}
