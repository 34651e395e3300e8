// Package export keeps in the backup stores what a cluster is made again from that was
// lost: all our objects but their secrets, encrypted to the recovery recipient, as one
// file for `kubectl apply`.
package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
)

const (
	// look is how often a store is looked at, so exports are at least that far apart.
	look      = 5 * time.Minute
	passLimit = 2 * time.Minute
	// keep is how many exports stay, and of how many days the last one of each.
	keep = 30

	prefix  = "control/"
	suffix  = ".yaml" + objectstore.WrappedKey
	stamped = "2006-01-02T15-04-05Z" // sorts as time does
)

// Reconciler writes exports.
type Reconciler struct {
	Client  client.Client // reads of our kinds come from the cache
	Servers *servers.Servers

	Installation string
	Recipient    string // of root keys, and of exports
	Now          func() time.Time

	mu    sync.Mutex
	since map[string]time.Time // by store: when it was well last, or first looked at
}

// +kubebuilder:rbac:groups=atrium.dev,resources=tenants;plans;releases;databaseservers;objectstores,verbs=get;list;watch

// Reconcile looks at one store. What keeps it from its work holds up nothing else: the
// conditions of the store, or KeyReady of the Tenants, tell of it.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	at, store, err := r.Servers.NamedStore(ctx, r.Client, req.Name)
	if fault.Is(err, v1alpha1.ReasonServerNotFound) || err == nil && at.Spec.Purpose != v1alpha1.PurposeBackup {
		r.forget(req.Name)
		return ctrl.Result{}, nil
	}
	if err == nil {
		err = r.export(ctx, store.Vault(r.Installation))
	}
	r.looked(req.Name, err == nil)
	if f, ok := fault.As(err); ok {
		ctrl.LoggerFrom(ctx).Info("what a lost cluster is made again from is exported later", "reason", f.Reason)
		err = nil
	}
	return ctrl.Result{RequeueAfter: look}, err
}

// export writes what there is, unless the latest file holds just that. A cluster without
// Tenants has nothing to lose, and may be the new one in which the file is awaited.
func (r *Reconciler) export(ctx context.Context, vault *objectstore.Vault) error {
	plain, err := r.content(ctx)
	if err != nil || plain == nil {
		return err
	}
	sum := sha256.Sum256(plain)
	digest := hex.EncodeToString(sum[:6])
	names, err := vault.List(ctx, prefix)
	if err != nil {
		return err
	}
	if len(names) > 0 && strings.HasSuffix(names[len(names)-1], "-"+digest+suffix) {
		if there, err := vault.Get(ctx, names[len(names)-1], 1); err != nil || there != nil {
			return err
		}
	}
	recipient, err := keys.ParseRecipient(r.Recipient)
	if err != nil {
		return fault.Blocked(v1alpha1.ReasonRecipientInvalid, nil, "the operator's --recovery-recipient is no age recipient")
	}
	sealed, err := recipient.Encrypt(plain)
	if err != nil {
		return fmt.Errorf("encrypt the export: %w", err)
	}
	if err := vault.Ensure(ctx, r.Installation); err != nil {
		return err
	}
	name := prefix + r.Now().UTC().Format(stamped) + "-" + digest + suffix
	if err := vault.Put(ctx, name, sealed); err != nil {
		return err
	}
	for _, old := range expired(append(names, name)) {
		if _, err := vault.Destroy(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// expired are the exports that go. A new cluster, or one that changes all the time, does
// not push out what was there yesterday.
func expired(names []string) (gone []string) {
	names = slices.Sorted(slices.Values(names))
	slices.Reverse(names)
	days := map[string]bool{}
	for i, name := range names {
		day, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "T")
		if last := !days[day] && len(days) < keep; i >= keep && !last {
			gone = append(gone, name)
		}
		days[day] = true
	}
	return gone
}

// SetupWithManager registers the controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).Named("export").
		For(&v1alpha1.ObjectStore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{ReconciliationTimeout: passLimit}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller export: %w", err)
	}
	return nil
}
