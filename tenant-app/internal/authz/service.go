package authz

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Audit keeps who changed what others may do. Package audit implements it.
type Audit interface {
	Write(ctx context.Context, event string, object kernel.ID, details map[string]any) error
}

// Service knows the rights and resources of all modules and who holds what.
type Service struct {
	db        *store.DB
	clock     kernel.Clock
	audit     Audit
	rights    []Right
	resources map[string]Resource
}

// New makes the service; modules add their rights and resources before it is used.
func New(db *store.DB, clock kernel.Clock, audit Audit) *Service {
	return &Service{db: db, clock: clock, audit: audit, rights: ownRights, resources: map[string]Resource{}}
}

// Declare adds a module's rights.
func (s *Service) Declare(rights ...Right) {
	s.rights = append(s.rights[:len(s.rights):len(s.rights)], rights...)
}

// Add adds a module's kinds of rows.
func (s *Service) Add(resources ...Resource) {
	for _, res := range resources {
		s.resources[res.Kind] = res
	}
}

func (s *Service) right(name string) (Right, bool) {
	for _, right := range s.rights {
		if right.Name == name {
			return right, true
		}
	}
	return Right{}, false
}

// Rights are all rights, in the order in which modules declared them.
func (s *Service) Rights() []Right { return s.rights }

// Enter gives a person who comes in, with all that they may do, in one query. It
// fails with unauthorized session_ended if they left, or their access ran out.
func (s *Service) Enter(ctx context.Context, person kernel.ID) (kernel.Principal, error) {
	_, who, active, err := s.load(ctx, person)
	if err != nil {
		return kernel.Principal{}, err
	}
	if !active {
		return kernel.Principal{}, kernel.Unauthorized("session_ended")
	}
	return who, nil
}

// As gives a context in which a person acts outside of a request of theirs.
func (s *Service) As(ctx context.Context, person kernel.ID) (context.Context, error) {
	who, err := s.Enter(ctx, person)
	if err != nil {
		return nil, err
	}
	return kernel.WithPrincipal(ctx, who), nil
}
