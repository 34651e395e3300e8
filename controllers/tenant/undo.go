package tenant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// undo takes the steps back in reverse order and releases the Tenant after the
// last one. It reports whether the Tenant is released.
func (r *Reconciler) undo(ctx context.Context, s *scope) (deleted bool, err error) {
	if going, err := r.stillGoing(ctx, s); err != nil || !going {
		return !going, err
	}
	if s.definitionGoes, err = r.definitionGoes(ctx, s); err != nil {
		return false, err
	}
	steps := r.steps()
	found, err := r.locate(ctx, s)
	if err != nil {
		s.results = append(s.results, result{step: steps[0], ran: true, err: leaving(s, classed(err), steps)})
		return false, nil
	}
	if found {
		if s.empty, err = r.namespaceEmpty(ctx, s); err != nil {
			return false, err
		}
		for i, st := range slices.Backward(steps) {
			if st.undo == nil {
				continue
			}
			err := leaving(s, timed(ctx, "Undo"+st.name, s, st.undo), steps[:i+1])
			s.results = append(s.results, result{step: st, ran: true, err: err})
			if err != nil {
				return false, nil
			}
		}
	}
	before := s.tenant.DeepCopy()
	s.tenant.Finalizers = slices.DeleteFunc(s.tenant.Finalizers, func(f string) bool { return f == v1alpha1.Finalizer })
	if err := r.Client.Patch(ctx, s.tenant, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("release tenant %s: %w", s.tenant.Name, err)
	}
	r.forget(s.tenant.Name)
	return true, nil
}

// stillGoing asks the API server itself whether this Tenant is there and being
// deleted. A cache that lags may show one that was released long ago, when another of
// its name has adopted its data: that one's must not be taken back.
func (r *Reconciler) stillGoing(ctx context.Context, s *scope) (bool, error) {
	var live v1alpha1.Tenant
	err := r.Live.Get(ctx, client.ObjectKeyFromObject(s.tenant), &live)
	if client.IgnoreNotFound(err) != nil {
		return true, fmt.Errorf("read tenant %s again before anything of it is taken back: %w", s.tenant.Name, err)
	}
	return err == nil && live.UID == s.tenant.UID && controllerutil.ContainsFinalizer(&live, v1alpha1.Finalizer), nil
}

// leaving adds to a fault what the deletion has still to take back with steps, the
// last one first.
func leaving(s *scope, err error, steps []step) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	var left []string
	for _, st := range slices.Backward(steps) {
		if st.left == nil {
			continue
		}
		if what := st.left(s); what != "" {
			left = append(left, what)
		}
	}
	return f.Adding("; the deletion then goes on by itself; what is left: " + strings.Join(left, ", "))
}

// lies says where the tenant's data is, also while its servers do not answer.
func (s *scope) lies() v1alpha1.Placement {
	if s.tenant.Status.Placement != nil {
		return *s.tenant.Status.Placement
	}
	return v1alpha1.Placement{DatabaseServer: s.databaseServer.Name, ObjectStore: s.row.Store}
}

func leftPods(s *scope) string {
	if s.empty {
		return ""
	}
	return "the app's pods"
}

func leftBucket(s *scope) string {
	if !s.drops() {
		return ""
	}
	return fmt.Sprintf("bucket %s on ObjectStore %s", cmp.Or(s.row.Bucket, s.tenant.Status.Bucket), s.lies().ObjectStore)
}

func leftDatabase(s *scope) string {
	schema := cmp.Or(s.row.Schema, s.tenant.Status.Schema)
	switch {
	case schema == "":
		return ""
	case s.drops():
		return fmt.Sprintf("schema %s with its roles on DatabaseServer %s", schema, s.lies().DatabaseServer)
	}
	return fmt.Sprintf("the open logins of schema %s on DatabaseServer %s", schema, s.lies().DatabaseServer)
}

func leftNamespace(s *scope) string { return "namespace " + s.namespace }

func leftRow(s *scope) string {
	if !s.drops() {
		return ""
	}
	return "its name in the registry"
}

// locate finds an existing tenant's row without deciding anything. It reports
// whether there is anything to undo or to list. A row that this Tenant would not
// have been given is not its own: it stays as it is.
func (r *Reconciler) locate(ctx context.Context, s *scope) (bool, error) {
	at := s.tenant.Status.Placement
	if s.id == "" {
		found, err := r.lookup(ctx, s.tenant.Name)
		if err != nil {
			return false, err
		}
		known, err := choose(found, s.tenant)
		if err != nil || known == nil || known.row.State != registry.Active {
			return false, nil //nolint:nilerr // it waits for a person's choice and owns nothing yet
		}
		s.id = known.row.ID
		at = &v1alpha1.Placement{DatabaseServer: known.server, ObjectStore: known.row.Store}
	}
	if err := r.openServers(ctx, s, at); err != nil {
		return false, err
	}
	err := r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
		s.row = *row
		return nil
	})
	return err == nil, err
}

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=tenants.atrium.dev,verbs=get

// definitionGoes says whether this Tenant is deleted because its definition is,
// with every other one: nobody meant this company then, so its data is kept
// whatever its policy is. It is asked only when data would be destroyed.
func (r *Reconciler) definitionGoes(ctx context.Context, s *scope) (bool, error) {
	if !s.drops() {
		return false, nil
	}
	definition := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}}
	if err := r.Live.Get(ctx, client.ObjectKey{Name: "tenants." + v1alpha1.GroupVersion.Group}, definition); err != nil {
		return false, fmt.Errorf("look whether the definition of Tenants is being deleted: %w", err)
	}
	since := definition.DeletionTimestamp
	return since != nil && !s.tenant.DeletionTimestamp.Before(since), nil
}

// unplace records what became of the tenant.
func (r *Reconciler) unplace(ctx context.Context, s *scope) error {
	state := registry.Retained
	if s.drops() {
		state = registry.Dropped
	}
	return r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
		if row.State != registry.Dropped { // what is gone does not come back by a change of mind
			row.State = state
		}
		row.AppDigest, row.MigrateDigest, row.CloseOther, row.Hold = nil, nil, nil, ""
		return nil
	})
}

func (r *Reconciler) placeInventory(_ context.Context, s *scope) ([]string, error) {
	if s.row.State == registry.Dropped {
		return nil, nil // the note that there was somebody
	}
	return []string{"registry/" + s.id + "/" + string(s.row.State)}, nil
}
