package tenant

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// place finds out who this tenant is and where its data lies, or decides it.
func (r *Reconciler) place(ctx context.Context, s *scope) error {
	if err := r.references(ctx, s); err != nil {
		return err
	}
	if s.id != "" {
		r.room.drop(s.tenant.Name)
		return r.openServers(ctx, s, s.tenant.Status.Placement)
	}
	found, err := r.lookup(ctx, s.tenant.Name)
	if err != nil {
		return err
	}
	known, err := choose(found, s.tenant)
	if err != nil {
		return err
	}
	if known == nil {
		return r.placeNew(ctx, s)
	}
	at := v1alpha1.Placement{DatabaseServer: known.server, ObjectStore: known.row.Store}
	if err := r.openServers(ctx, s, &at); err != nil {
		return err
	}
	s.id, s.row = known.row.ID, known.row
	abandoned, err := r.abandoned(ctx, s.row.Hold)
	if err != nil || known.row.State == registry.Active && !abandoned {
		return err
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
		row.State = registry.Active
		if abandoned {
			row.Hold = ""
		}
		s.row = *row
		return nil
	})
}

// abandoned says whether the restore that holds a tenant went with its cluster. It has
// swapped nothing: with a swap the hold ends.
func (r *Reconciler) abandoned(ctx context.Context, hold string) (bool, error) {
	name, ok := strings.CutPrefix(hold, registry.Restores)
	if !ok {
		return false, nil
	}
	err := r.Client.Get(ctx, types.NamespacedName{Name: name}, &v1alpha1.TenantRestore{})
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("read TenantRestore %s: %w", name, err)
	}
	return err != nil, nil
}

// references resolves what the spec names.
func (r *Reconciler) references(ctx context.Context, s *scope) error {
	spec := s.tenant.Spec
	var plan v1alpha1.Plan
	if err := r.Client.Get(ctx, types.NamespacedName{Name: spec.Plan}, &plan); apierrors.IsNotFound(err) {
		return fault.OfUser(v1alpha1.ReasonPlanNotFound, "there is no Plan %q: create it, or name one of `kubectl get plans` in spec.plan", spec.Plan)
	} else if err != nil {
		return fmt.Errorf("read Plan %s: %w", spec.Plan, err)
	}
	var release v1alpha1.Release
	if err := r.Client.Get(ctx, types.NamespacedName{Name: spec.Release}, &release); apierrors.IsNotFound(err) {
		return fault.OfUser(v1alpha1.ReasonReleaseNotFound, "there is no Release %q: create it, or name one of `kubectl get releases` in spec.release", spec.Release)
	} else if err != nil {
		return fmt.Errorf("read Release %s: %w", spec.Release, err)
	}
	s.plan, s.release = &plan, &release
	return nil
}

// openServers opens the servers of a placement.
func (r *Reconciler) openServers(ctx context.Context, s *scope, at *v1alpha1.Placement) error {
	if at == nil {
		at = &v1alpha1.Placement{}
	}
	var database v1alpha1.DatabaseServer
	if err := r.Client.Get(ctx, types.NamespacedName{Name: at.DatabaseServer}, &database); err != nil {
		return missing("DatabaseServer", at.DatabaseServer, err)
	}
	var store v1alpha1.ObjectStore
	if err := r.Client.Get(ctx, types.NamespacedName{Name: at.ObjectStore}, &store); err != nil {
		return missing("ObjectStore", at.ObjectStore, err)
	}
	s.databaseServer, s.objectStore = &database, &store
	var err error
	if s.database, err = r.Servers.Database(ctx, &database); err != nil {
		return err
	}
	s.store, err = r.Servers.Store(ctx, &store)
	return err
}

func missing(kind, name string, err error) error {
	if apierrors.IsNotFound(err) {
		return fault.Blocked(v1alpha1.ReasonServerNotFound, err,
			"this tenant's data lies on %s %q, which is not there: create it again with the address of that server", kind, name)
	}
	return fmt.Errorf("read %s %s: %w", kind, name, err)
}

// placeNew gives a new tenant an id and a place, and writes both to the registry.
func (r *Reconciler) placeNew(ctx context.Context, s *scope) error {
	at, err := r.choosePlace(ctx, s)
	if err != nil {
		return err
	}
	defer func() {
		if s.id == "" {
			r.room.drop(s.tenant.Name) // it may find another place the next time
		}
	}()
	if err := r.openServers(ctx, s, at); err != nil {
		return err
	}
	id, err := newID(r.Random)
	if err != nil {
		return err
	}
	row := registry.Row{
		ID: id, Name: s.tenant.Name, State: registry.Active,
		Store: at.ObjectStore, Bucket: r.Installation + "-" + id, Target: s.release.Name,
	}
	if s.row, err = r.Registry.Insert(ctx, s.database, row); err != nil {
		return err
	}
	s.id = id
	return nil
}
