package tenant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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

// choose picks the row that this Tenant continues; nil means that it is new. An
// active row of its name is its own, or was before the cluster was lost. A retained
// one belongs to a company that left: its data is opened only to whom names its id.
func choose(found []entry, tenant *v1alpha1.Tenant) (*entry, error) {
	active, retained := distinct(found, registry.Active), distinct(found, registry.Retained)
	wanted := tenant.Spec.Adopt
	if wanted != "" && wanted != v1alpha1.AdoptNone {
		return named(active, retained, tenant)
	}
	switch {
	case len(active) > 1:
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRequired,
			"several tenants of this name are in the registries (%s): set spec.adopt to the id of the one that this is", listed(active))
	case len(active) == 1:
		return &active[0], nil
	case len(retained) > 0 && wanted == "":
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRequired,
			"a former tenant of this name left data: set spec.adopt to its id (%s) to continue with it, or to none to begin empty", listed(retained))
	}
	return nil, nil
}

// named finds the row whose id spec.adopt names. An active row of another id stands
// in its way: a name has one active tenant.
func named(active, retained []entry, tenant *v1alpha1.Tenant) (*entry, error) {
	is := func(one entry) bool { return one.row.ID == tenant.Spec.Adopt }
	if i := slices.IndexFunc(active, is); i >= 0 {
		return &active[i], nil
	}
	i := slices.IndexFunc(retained, is)
	if i < 0 {
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRefused,
			"spec.adopt names %s, but no tenant of the name %q with that id left data to this installation (there is: %s): correct spec.adopt, or set it to none to begin empty",
			tenant.Spec.Adopt, tenant.Name, cmp.Or(listed(append(active, retained...)), "nothing"))
	}
	if len(active) > 0 {
		return nil, fault.OfUser(v1alpha1.ReasonAdoptionRefused,
			"spec.adopt names %s, but the tenant of this name is %s: take spec.adopt out to continue with that one; to change, delete this Tenant first and apply it again with spec.adopt %[1]s",
			tenant.Spec.Adopt, listed(active))
	}
	return &retained[i], nil
}

// distinct are the rows in a state, each id once: two DatabaseServers may lead to
// one database.
func distinct(found []entry, state registry.State) (rows []entry) {
	for _, one := range found {
		if one.row.State == state && !slices.ContainsFunc(rows, func(o entry) bool { return o.row.ID == one.row.ID }) {
			rows = append(rows, one)
		}
	}
	return rows
}

func listed(rows []entry) string {
	var words []string
	for _, one := range rows {
		words = append(words, fmt.Sprintf("%s on DatabaseServer %s", one.row.ID, one.server))
	}
	return strings.Join(words, ", ")
}
