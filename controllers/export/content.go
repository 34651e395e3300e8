package export

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
)

// document is one object as a person would apply it.
type document struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       any      `json:"spec"`

	id string // of a Tenant
}

type metadata struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// content is the export, the same bytes for the same objects; nil without Tenants.
func (r *Reconciler) content(ctx context.Context) ([]byte, error) {
	var releases v1alpha1.ReleaseList
	var plans v1alpha1.PlanList
	var databases v1alpha1.DatabaseServerList
	var stores v1alpha1.ObjectStoreList
	var tenants v1alpha1.TenantList
	for _, list := range []client.ObjectList{&releases, &plans, &databases, &stores, &tenants} {
		if err := r.Client.List(ctx, list); err != nil {
			return nil, fmt.Errorf("list what is exported: %w", err)
		}
	}
	companies := documents("Tenant", tenants.Items, func(t *v1alpha1.Tenant) (client.Object, any) { return t, specOf(t) })
	if len(companies) == 0 {
		return nil, nil
	}
	for i := range companies {
		at := slices.IndexFunc(tenants.Items, func(t v1alpha1.Tenant) bool { return t.Name == companies[i].Metadata.Name })
		companies[i].id = tenants.Items[at].Status.ID
	}
	all := slices.Concat(
		documents("Release", releases.Items, func(o *v1alpha1.Release) (client.Object, any) { return o, o.Spec }),
		documents("Plan", plans.Items, func(o *v1alpha1.Plan) (client.Object, any) { return o, o.Spec }),
		documents("DatabaseServer", databases.Items, func(o *v1alpha1.DatabaseServer) (client.Object, any) { return o, o.Spec }),
		documents("ObjectStore", stores.Items, func(o *v1alpha1.ObjectStore) (client.Object, any) { return o, o.Spec }),
		companies,
	)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Installation %s: what its cluster is made again from (operations manual, \"The cluster is lost\").\n", r.Installation)
	for _, d := range all {
		raw, err := yaml.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("write %s %s into the export: %w", d.Kind, d.Metadata.Name, err)
		}
		out.WriteString("---\n")
		if d.id != "" {
			fmt.Fprintf(&out, "# its id was %s\n", d.id)
		}
		out.Write(raw)
	}
	return out.Bytes(), nil
}

// documents of the objects that stay, by name.
func documents[T any](kind string, items []T, of func(*T) (client.Object, any)) (all []document) {
	for i := range items {
		o, spec := of(&items[i])
		if o.GetDeletionTimestamp().IsZero() {
			all = append(all, document{v1alpha1.GroupVersion.String(), kind, metadata{o.GetName(), o.GetLabels()}, spec, ""})
		}
	}
	slices.SortFunc(all, func(a, b document) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
	return all
}

// specOf a Tenant that begins with the company's latest backup where the registry does
// not know the company, and goes on with its data where it does. It is no copy: it calls
// others if the company did. A former one that it adopted is none of a new registry.
func specOf(t *v1alpha1.Tenant) v1alpha1.TenantSpec {
	spec := *t.Spec.DeepCopy()
	spec.Adopt = ""
	if t.Status.Backup != nil && t.Status.Backup.Last != "" {
		calls := tenant.Outbound(&t.Spec)
		spec.RestoreFrom, spec.Outbound = &v1alpha1.RestoreFrom{Backup: t.Status.Backup.Last}, &calls
	}
	return spec
}
