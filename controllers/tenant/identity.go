package tenant

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// entry is a registry row and where it was found.
type entry struct {
	server string
	row    registry.Row
}

// lookup asks every registry for rows of a name. One that does not answer could
// hold this very tenant, so nothing may be decided without it.
func (r *Reconciler) lookup(ctx context.Context, name string) ([]entry, error) {
	var list v1alpha1.DatabaseServerList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list DatabaseServers: %w", err)
	}
	var found []entry
	for i := range list.Items {
		d := &list.Items[i]
		server, err := r.Servers.Database(ctx, d)
		var rows []registry.Row
		if err == nil {
			rows, err = r.Registry.Lookup(ctx, server, name)
		}
		if f, ok := fault.As(err); ok && f.Reason != v1alpha1.ReasonFenceLost {
			return nil, fault.New(v1alpha1.ReasonRegistryUnreachable, err,
				"the registry on DatabaseServer %s could hold this tenant already, so nothing is decided without it: %s", d.Name, f.Message)
		}
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found = append(found, entry{d.Name, row})
		}
	}
	return found, nil
}

// choose picks the row that this Tenant continues; nil means that it is new.
func choose(found []entry, tenant *v1alpha1.Tenant) (*entry, error) {
	var retained []string
	for i := range found {
		switch row := found[i].row; {
		case row.State == registry.Active && (tenant.Spec.Adopt == "" || tenant.Spec.Adopt == v1alpha1.AdoptNone || tenant.Spec.Adopt == row.ID):
			return &found[i], nil
		case row.State == registry.Retained && tenant.Spec.Adopt == row.ID:
			return &found[i], nil
		default:
			retained = append(retained, row.ID)
		}
	}
	switch {
	case tenant.Spec.Adopt == v1alpha1.AdoptNone:
		return nil, nil
	case tenant.Spec.Adopt != "":
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRefused,
			"spec.adopt names %s, but no tenant of the name %q with that id left data here (there is: %s): correct spec.adopt, or set it to none to begin empty",
			tenant.Spec.Adopt, tenant.Name, orNothing(retained))
	case len(retained) > 0:
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRequired,
			"a former tenant of this name left data: set spec.adopt to its id (%s) to continue with it, or to none to begin empty", strings.Join(retained, ", "))
	}
	return nil, nil
}

func orNothing(ids []string) string {
	if len(ids) == 0 {
		return "nothing"
	}
	return strings.Join(ids, ", ")
}
