// Package keydestruction destroys the wrapped root keys of deleted tenants when a
// person asks for it by the annotation atrium.dev/destroy-key on a backup store. It
// is the end of a company's backups: nothing else removes a wrapped key.
package keydestruction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// Reasons of the events that answer a request.
const (
	eventDestroyed = "KeyDestroyed"
	eventRefused   = "KeyKept"
)

// Reconciler follows the annotation.
type Reconciler struct {
	Client       client.Client
	Servers      *servers.Servers
	Registry     *registry.Registry
	Events       events.EventRecorder
	Installation string
	Namespace    string // of the operator
	Now          func() time.Time
}

// +kubebuilder:rbac:groups=atrium.dev,resources=objectstores,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=delete

// refusal is an answer that will not change by waiting.
type refusal struct{ why string }

func (r refusal) Error() string { return r.why }

// Reconcile answers each id in the annotation with an event and takes it out. What
// cannot be decided now, because a server is away, stays in and is tried again. An id
// that was refused does not stay: left behind, it would destroy the key on the day
// that the tenant is deleted.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var store v1alpha1.ObjectStore
	if err := r.Client.Get(ctx, req.NamespacedName, &store); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	asked := idsOf(store.Annotations[v1alpha1.AnnotationDestroyKey])
	if len(asked) == 0 {
		return ctrl.Result{}, nil
	}
	var undecided []string
	var failures []error
	for _, id := range asked {
		versions, err := r.destroy(ctx, &store, id)
		// Events of one action and reason count as one.
		action := "DestroyKeyOf-" + id
		var no refusal
		switch {
		case errors.As(err, &no):
			r.Events.Eventf(&store, nil, corev1.EventTypeWarning, eventRefused, action, "the wrapped root key of %s is kept: %s", id, no.why)
		case err != nil:
			undecided = append(undecided, id)
			failures = append(failures, fmt.Errorf("destroy the wrapped root key of %s: %w", id, err))
		default:
			r.Events.Eventf(&store, nil, corev1.EventTypeNormal, eventDestroyed, action,
				"the wrapped root key of %s is destroyed (%d versions): what was sealed or backed up with it cannot be read any more", id, versions)
		}
	}
	return ctrl.Result{}, errors.Join(append(failures, r.answered(ctx, &store, undecided))...)
}

func idsOf(annotation string) []string {
	ids := strings.FieldsFunc(annotation, func(c rune) bool { return c == ',' || c == ' ' })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// answered leaves in the annotation what is still to be decided.
func (r *Reconciler) answered(ctx context.Context, store *v1alpha1.ObjectStore, undecided []string) error {
	left := strings.Join(undecided, ",")
	if left == store.Annotations[v1alpha1.AnnotationDestroyKey] {
		return nil
	}
	before := store.DeepCopy()
	store.Annotations[v1alpha1.AnnotationDestroyKey] = left
	if left == "" {
		delete(store.Annotations, v1alpha1.AnnotationDestroyKey)
	}
	err := r.Client.Patch(ctx, store, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return fmt.Errorf("take answered ids out of annotation %s of ObjectStore %s: %w", v1alpha1.AnnotationDestroyKey, store.Name, client.IgnoreNotFound(err))
	}
	return nil
}

// destroy removes an id's key from the store and from the cluster, and says how many
// versions there were. The record comes first and is never written over: a removal
// that was cut off goes on at the next attempt.
func (r *Reconciler) destroy(ctx context.Context, at *v1alpha1.ObjectStore, id string) (versions int, err error) {
	if at.Spec.Purpose != v1alpha1.PurposeBackup {
		return 0, refusal{"ObjectStore " + at.Name + " is not of purpose backup; annotate the one that is"}
	}
	server, err := r.dropped(ctx, id)
	if err != nil {
		return 0, err
	}
	store, err := r.Servers.Store(ctx, at)
	if err != nil {
		return 0, err
	}
	vault := store.Vault(r.Installation)
	if err := r.record(ctx, vault, id); err != nil {
		return 0, err
	}
	if versions, err = vault.Destroy(ctx, id+"/"); err != nil {
		return versions, err
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: "key-" + id}}
	if err := r.Client.Delete(ctx, secret); client.IgnoreNotFound(err) != nil {
		return versions, fmt.Errorf("remove Secret %s: %w", secret.Name, err)
	}
	return versions, r.Registry.Locked(ctx, server, id, func(_ pgx.Tx, row *registry.Row) error {
		if row.KeyDestroyed == nil {
			now := r.Now().UTC().Truncate(time.Second)
			row.KeyDestroyed = &now
		}
		return nil
	})
}

// dropped finds the registry that knows an id, and refuses unless its data is gone
// by a confirmed deletion: the fence is looked at too, so a former leader destroys
// nothing.
func (r *Reconciler) dropped(ctx context.Context, id string) (*postgres.Server, error) {
	var list v1alpha1.DatabaseServerList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list DatabaseServers: %w", err)
	}
	for i := range list.Items {
		server, err := r.Servers.Database(ctx, &list.Items[i])
		if err != nil {
			return nil, err
		}
		err = r.Registry.Locked(ctx, server, id, func(_ pgx.Tx, row *registry.Row) error {
			if row.State == registry.Dropped {
				return nil
			}
			return refusal{fmt.Sprintf("tenant %s is %s; delete it under policy Delete first, with the confirmation, and ask again", row.Name, row.State)}
		})
		if fault.Is(err, v1alpha1.ReasonServerNotFound) {
			continue // this registry has no such row
		}
		return server, err
	}
	return nil, refusal{"no registry knows a tenant of that id; see whether its DatabaseServer is among `kubectl get databaseservers`"}
}

// destruction is the record that stays in the store.
type destruction struct {
	ID           string    `json:"id"`
	Installation string    `json:"installation"`
	Copies       []string  `json:"copies"` // names of the wrapped keys that were there
	Began        time.Time `json:"began"`
}

func (r *Reconciler) record(ctx context.Context, vault *objectstore.Vault, id string) error {
	copies, err := vault.List(ctx, id+"/")
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(destruction{id, r.Installation, copies, r.Now().UTC().Truncate(time.Second)}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the record of a destruction: %w", err)
	}
	if err := vault.Ensure(ctx, r.Installation); err != nil {
		return err
	}
	return vault.Put(ctx, "destroyed/"+id+".json", raw)
}

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).Named("keydestruction").
		For(&v1alpha1.ObjectStore{}, builder.WithPredicates(predicate.AnnotationChangedPredicate{})).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller keydestruction: %w", err)
	}
	return nil
}
