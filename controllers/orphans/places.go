package orphans

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/orphans"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// living asks every registry which tenants of any installation there are, active or
// retained, and which active ones of ours, with their row on this place, have no
// Tenant. Without an answer of all registries nothing may be decided.
func (s *Sweeper) living(ctx context.Context, p place) (living map[string]bool, unclaimed []string, err error) {
	var tenants v1alpha1.TenantList
	if err := s.Client.List(ctx, &tenants); err != nil {
		return nil, nil, fmt.Errorf("list Tenants: %w", err)
	}
	living = map[string]bool{}
	err = s.registries(ctx, func(server *postgres.Server) error {
		known, err := s.Registry.Everyone(ctx, server)
		for _, k := range known {
			living[k.ID] = living[k.ID] || k.State != registry.Dropped
			if here := p.kind == databaseKind && server.Name() == p.object.GetName(); here && k.Installation == s.Installation &&
				k.State == registry.Active && !claimed(k, tenants.Items) {
				unclaimed = append(unclaimed, fmt.Sprintf("%s%s (%s)", orphans.Unclaimed, k.Name, k.ID))
			}
		}
		return err
	})
	return living, unclaimed, err
}

// claimed says whether a Tenant is, or may yet become, the one of a row.
func claimed(k registry.Known, tenants []v1alpha1.Tenant) bool {
	return slices.ContainsFunc(tenants, func(t v1alpha1.Tenant) bool {
		return t.Status.ID == k.ID || t.Status.ID == "" && t.Name == k.Name
	})
}

// registries visits the registry of every DatabaseServer.
func (s *Sweeper) registries(ctx context.Context, visit func(*postgres.Server) error) error {
	var list v1alpha1.DatabaseServerList
	if err := s.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("list DatabaseServers: %w", err)
	}
	for i := range list.Items {
		server, err := s.Servers.Database(ctx, &list.Items[i])
		if err == nil {
			err = visit(server)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fenced makes sure that no other operator took over, on any server.
func (s *Sweeper) fenced(ctx context.Context) error {
	return s.registries(ctx, func(server *postgres.Server) error {
		return s.Registry.Leading(ctx, server, func(pgx.Tx) error { return nil })
	})
}

const (
	databaseKind = "DatabaseServer"
	storeKind    = "ObjectStore"
)

// database is the place of a DatabaseServer. What lies in the cluster is reported
// with it as well: with the server that is first by name.
func (s *Sweeper) database(object client.Object) place {
	d := object.(*v1alpha1.DatabaseServer)
	return place{
		object: d, kind: databaseKind, status: &d.Status.ServerStatus,
		things: func(ctx context.Context) (things []orphans.Thing, err error) {
			first, err := s.first(ctx, d)
			if err != nil {
				return nil, err
			}
			if first {
				if things, err = s.inCluster(ctx); err != nil {
					return nil, err
				}
			}
			return s.inDatabase(ctx, d, things)
		},
		remove: func(ctx context.Context, name string) error { return s.removeFrom(ctx, d, name) },
	}
}

func (s *Sweeper) first(ctx context.Context, d *v1alpha1.DatabaseServer) (bool, error) {
	var list v1alpha1.DatabaseServerList
	if err := s.Client.List(ctx, &list); err != nil {
		return false, fmt.Errorf("list DatabaseServers: %w", err)
	}
	return !slices.ContainsFunc(list.Items, func(o v1alpha1.DatabaseServer) bool { return o.Name < d.Name }), nil
}

// inDatabase adds schemas and roles. While another installation uses the database,
// nothing tells whose they are, and none is taken for ours.
func (s *Sweeper) inDatabase(ctx context.Context, d *v1alpha1.DatabaseServer, things []orphans.Thing) ([]orphans.Thing, error) {
	server, err := s.Servers.Database(ctx, d)
	if err != nil {
		return nil, err
	}
	alone, err := s.Registry.Alone(ctx, server)
	if err != nil || !alone {
		return things, err
	}
	all, err := server.Belongings(ctx)
	for _, b := range all {
		things = append(things, orphans.Thing{Name: b.Kind + "/" + b.Name, ID: b.ID})
	}
	return things, err
}

// inCluster lists namespaces and Secrets with root keys.
func (s *Sweeper) inCluster(ctx context.Context) (things []orphans.Thing, err error) {
	var namespaces corev1.NamespaceList
	if err := s.Client.List(ctx, &namespaces, client.HasLabels{v1alpha1.LabelTenantID}); err != nil {
		return nil, fmt.Errorf("list namespaces of tenants: %w", err)
	}
	for _, n := range namespaces.Items {
		if id := n.Labels[v1alpha1.LabelTenantID]; n.DeletionTimestamp.IsZero() && n.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy {
			things = append(things, orphans.Thing{Name: "namespace/" + n.Name + "/" + id, ID: id})
		}
	}
	secrets := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}}
	err = s.Live.List(ctx, &secrets, client.InNamespace(s.Namespace), client.HasLabels{v1alpha1.LabelTenantID},
		client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
	if err != nil {
		return nil, fmt.Errorf("list Secrets of tenants in namespace %s: %w", s.Namespace, err)
	}
	for _, one := range secrets.Items {
		id := one.Labels[v1alpha1.LabelTenantID]
		things = append(things, orphans.Thing{Name: "secret/" + one.Name + "/" + id, ID: id})
	}
	return things, nil
}

// removeFrom removes one orphan of a DatabaseServer's report.
func (s *Sweeper) removeFrom(ctx context.Context, d *v1alpha1.DatabaseServer, name string) error {
	if err := s.fenced(ctx); err != nil {
		return err
	}
	kind, rest, _ := strings.Cut(name, "/")
	switch kind {
	case "namespace":
		return s.removeObject(ctx, &corev1.Namespace{}, "", rest)
	case "secret":
		return s.removeObject(ctx, &corev1.Secret{}, s.Namespace, rest)
	}
	server, err := s.Servers.Database(ctx, d)
	if err != nil {
		return err
	}
	return s.Registry.Leading(ctx, server, func(tx pgx.Tx) error {
		return server.Remove(ctx, tx, postgres.Belonging{Kind: kind, Name: rest})
	})
}

// removeObject deletes an object of the cluster if it still is the one that was
// found: name and id stand in what is removed.
func (s *Sweeper) removeObject(ctx context.Context, empty client.Object, namespace, found string) error {
	name, id, _ := strings.Cut(found, "/")
	object := metav1.PartialObjectMetadata{}
	gvk, err := s.Client.GroupVersionKindFor(empty)
	if err != nil {
		return fmt.Errorf("find the kind of %T: %w", empty, err)
	}
	object.SetGroupVersionKind(gvk)
	if err := s.Live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &object); err != nil {
		return client.IgnoreNotFound(err)
	}
	if object.Labels[v1alpha1.LabelTenantID] != id {
		return nil // another one by now
	}
	uid := object.UID
	if err := s.Client.Delete(ctx, &object, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
		return fault.New(v1alpha1.ReasonClusterRefused, err, "the API server refuses to delete %s %s: %v", gvk.Kind, name, err)
	}
	return nil
}

// store is the place of an ObjectStore that holds tenants' buckets.
func (s *Sweeper) store(object client.Object) place {
	o := object.(*v1alpha1.ObjectStore)
	return place{
		object: o, kind: storeKind, status: &o.Status.ServerStatus,
		things: func(ctx context.Context) (things []orphans.Thing, err error) {
			if o.Spec.Purpose == v1alpha1.PurposeBackup {
				return nil, nil // what lies there outlives its tenants, that is what it is for
			}
			store, err := s.Servers.Store(ctx, o)
			if err != nil {
				return nil, err
			}
			buckets, err := store.TenantBuckets(ctx, s.Installation)
			for bucket, id := range buckets {
				things = append(things, orphans.Thing{Name: bucketPrefix + bucket, ID: id})
			}
			return things, err
		},
		ours: func(ctx context.Context, name string) (bool, error) {
			store, err := s.Servers.Store(ctx, o)
			if err != nil {
				return false, err
			}
			return store.Belongs(ctx, strings.TrimPrefix(name, bucketPrefix), s.ownerOf(name))
		},
		remove: func(ctx context.Context, name string) error {
			if err := s.fenced(ctx); err != nil {
				return err
			}
			store, err := s.Servers.Store(ctx, o)
			if err != nil {
				return err
			}
			return store.RemoveBucket(ctx, strings.TrimPrefix(name, bucketPrefix), s.ownerOf(name))
		},
	}
}

const bucketPrefix = "bucket/"

// ownerOf is whom a bucket of an orphan's name would be marked for.
func (s *Sweeper) ownerOf(name string) objectstore.Owner {
	return objectstore.Owner{Installation: s.Installation, TenantID: strings.TrimPrefix(name, bucketPrefix+s.Installation+"-")}
}
