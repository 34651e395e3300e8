package directory

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Accounts is what the directory asks of sign-in.
type Accounts interface {
	// Invite makes a link and code with which a person sets a password.
	Invite(ctx context.Context, by, person kernel.ID) (*auth.Invitation, error)
	// EndSessions signs a person out everywhere, within the caller's transaction.
	EndSessions(ctx context.Context, person kernel.ID) error
}

// Service holds the use cases. Every one that writes runs in a transaction.
type Service struct {
	db       *store.DB
	clock    kernel.Clock
	accounts Accounts
	rights   Permissions
	pictures Pictures
	moved    []Moved
}

// Moved hears, in the transaction that changes it, that people came to departments or
// left them; nil: that departments moved, and anybody's place in the tree with them.
type Moved func(ctx context.Context, people []kernel.ID) error

// OnMoved lets a module follow where people are. Before the first request.
func (s *Service) OnMoved(fn Moved) { s.moved = append(s.moved, fn) }

func (s *Service) tellMoved(ctx context.Context, people []kernel.ID) error {
	for _, fn := range s.moved {
		if err := fn(ctx, people); err != nil {
			return err
		}
	}
	return nil
}

// New makes the directory of the company in db.
func New(db *store.DB, clock kernel.Clock, pictures Pictures, accounts Accounts, rights Permissions) *Service {
	return &Service{db: db, clock: clock, pictures: pictures, accounts: accounts, rights: rights}
}

// writing runs fn in a transaction that has the directory to itself: readers go on,
// a second writer waits. Changes here are rare and short, and rules such as "no
// department stands below itself" reach over many rows; one lock keeps them all and
// cannot deadlock.
func (s *Service) writing(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.Q(ctx).ExecContext(ctx, "LOCK TABLE department IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("wait for the directory: %w", err)
		}
		return fn(ctx)
	})
}

// checkVersion compares the version that somebody changed with the present one.
type checkVersion func(revision int64) error
