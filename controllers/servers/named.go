package servers

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
)

// NamedDatabase opens the DatabaseServer of a name, which holds data already: it is a
// fault when it is gone, or did not answer when it was measured last.
func (s *Servers) NamedDatabase(ctx context.Context, c client.Reader, name string) (*v1alpha1.DatabaseServer, *postgres.Server, error) {
	var at v1alpha1.DatabaseServer
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &at); err != nil {
		return nil, nil, missing("DatabaseServer", name, err)
	}
	if err := Silent(at.Generation, &at.Status.ServerStatus); err != nil {
		return nil, nil, err
	}
	server, err := s.Database(ctx, &at)
	return &at, server, err
}

// NamedStore opens the ObjectStore of a name as NamedDatabase does.
func (s *Servers) NamedStore(ctx context.Context, c client.Reader, name string) (*v1alpha1.ObjectStore, *objectstore.Store, error) {
	var at v1alpha1.ObjectStore
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &at); err != nil {
		return nil, nil, missing("ObjectStore", name, err)
	}
	if err := Silent(at.Generation, &at.Status.ServerStatus); err != nil {
		return nil, nil, err
	}
	store, err := s.Store(ctx, &at)
	return &at, store, err
}

func missing(kind, name string, err error) error {
	if apierrors.IsNotFound(err) {
		return fault.Blocked(v1alpha1.ReasonServerNotFound, err, "%s %q is not there: create it again with the address of that server", kind, name)
	}
	return fmt.Errorf("read %s %s: %w", kind, name, err)
}
