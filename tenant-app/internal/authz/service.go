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
	known     *known
}

// New makes the service; modules add their rights and resources before it is used.
func New(db *store.DB, clock kernel.Clock, audit Audit) *Service {
	if db != nil { // there is none where an office only describes itself
		db.StampWrites(accessStamp, accessTables...)
	}
	return &Service{db: db, clock: clock, audit: audit, rights: ownRights, resources: map[string]Resource{}, known: newKnown()}
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
	e, err := s.load(ctx, person)
	if err != nil {
		return kernel.Principal{}, err
	}
	return s.admit(e)
}

// EnterAt is Enter without a query, if the person came in while the stamp of access
// (table stamp) was what it is now.
func (s *Service) EnterAt(ctx context.Context, person, stamp kernel.ID) (kernel.Principal, error) {
	if e := s.known.get(person, stamp, s.clock()); e != nil {
		return s.admit(e)
	}
	// What a transaction wrote and did not commit has no stamp yet: not to be kept.
	e, err := s.load(store.WithoutTx(ctx), person)
	if err != nil {
		return kernel.Principal{}, err
	}
	s.known.keep(e, s.clock())
	return s.admit(e)
}

func (s *Service) admit(e *entrant) (kernel.Principal, error) {
	if !e.enters(s.clock()) {
		return kernel.Principal{}, kernel.Unauthorized("session_ended")
	}
	return e.principal, nil
}

// RequireReach refuses with forbidden account_guarded where a person holds a guarded
// right that the person behind the request does not: the three administrators stay
// three, whoever of them can set passwords.
func (s *Service) RequireReach(ctx context.Context, person kernel.ID) error {
	who, _ := kernel.PrincipalFrom(ctx)
	e, err := s.load(ctx, person)
	if err != nil || e == nil {
		return err
	}
	for _, right := range s.rights {
		if right.Guarded && e.Has(right.Name) && !who.May(right.Name) {
			return kernel.Forbidden("account_guarded").With("right", right.Name)
		}
	}
	return nil
}

// As gives a context in which a person acts outside of a request of theirs.
func (s *Service) As(ctx context.Context, person kernel.ID) (context.Context, error) {
	who, err := s.Enter(ctx, person)
	if err != nil {
		return nil, err
	}
	return kernel.WithPrincipal(ctx, who), nil
}
