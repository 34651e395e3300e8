package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
)

// catalogueLook is how often a store is looked through.
const catalogueLook = 15 * time.Minute

// Catalogue makes TenantBackups of the backups that lie in a store and have none: those
// of a cluster that was lost. What they hold comes from their signed manifests, so it
// waits for the company's root key.
type Catalogue struct {
	Backups *Reconciler
}

// Reconcile looks through one store. The name of each TenantBackup that it makes, and
// AnnotationFound, are all that the backup controller needs.
func (c *Catalogue) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r := c.Backups
	at, store, err := r.Servers.NamedStore(ctx, r.Client, req.Name)
	if fault.Is(err, v1alpha1.ReasonServerNotFound) || err == nil && at.Spec.Purpose != v1alpha1.PurposeBackup {
		return ctrl.Result{}, nil
	}
	var buckets map[string]string
	if err == nil {
		buckets, err = store.BackupBuckets(ctx, r.Installation)
	}
	var all v1alpha1.TenantBackupList
	if err == nil {
		err = r.Client.List(ctx, &all, client.UnsafeDisableDeepCopy)
	}
	listed := map[string]bool{}
	for i := range all.Items {
		listed[all.Items[i].Name] = true
	}
	for _, id := range buckets {
		if err == nil {
			err = c.bucket(ctx, at, store, id, listed)
		}
	}
	if f, ok := fault.As(err); ok { // the store's own conditions tell of it
		ctrl.LoggerFrom(ctx).Info("a backup store is looked through later", "reason", f.Reason)
		return ctrl.Result{RequeueAfter: faultLook}, nil
	}
	return ctrl.Result{RequeueAfter: catalogueLook}, err
}

// bucket looks through the manifests of one company.
func (c *Catalogue) bucket(ctx context.Context, at *v1alpha1.ObjectStore, store *objectstore.Store, id string, listed map[string]bool) error {
	files := store.Backups(backup.Bucket(c.Backups.Installation, id))
	names, err := files.List(ctx, "m/")
	if err != nil {
		return err
	}
	var derived *backup.Keys
	for _, file := range names {
		name, ok := manifestName(file)
		if !ok || listed[name] {
			continue
		}
		if derived == nil {
			if derived, err = c.Backups.keysOf(ctx, id); err == nil && derived == nil {
				derived, err = c.recovered(ctx, at, store, id, names)
			}
			if err != nil || derived == nil {
				return err
			}
		}
		found, err := agentjob.Manifest(ctx, files, name, id, derived.Verifier())
		if err != nil {
			return err
		}
		if found == nil || found.Wrong != nil {
			continue
		}
		if err := c.add(ctx, at.Name, &found.Manifest); err != nil {
			return err
		}
	}
	return nil
}

// manifestName is the backup whose manifest a file is.
func manifestName(file string) (string, bool) {
	return strings.CutSuffix(strings.TrimPrefix(file, "m/"), ".json")
}

func (c *Catalogue) add(ctx context.Context, store string, m *backup.Manifest) error {
	b := &v1alpha1.TenantBackup{
		ObjectMeta: metav1.ObjectMeta{
			Name:        m.Backup,
			Labels:      map[string]string{v1alpha1.LabelTenant: m.Tenant, v1alpha1.LabelTenantID: m.TenantID, v1alpha1.LabelManagedBy: v1alpha1.ManagedBy},
			Annotations: map[string]string{v1alpha1.AnnotationFound: store + "/" + m.TenantID},
		},
		Spec: v1alpha1.TenantBackupSpec{Tenant: m.Tenant, Type: kindOf(m)},
	}
	if err := c.Backups.Client.Create(ctx, b, FieldOwner); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make TenantBackup %s of what lies in ObjectStore %s: %w", m.Backup, store, err)
	}
	return nil
}

func kindOf(m *backup.Manifest) v1alpha1.BackupType {
	if m.Full {
		return v1alpha1.BackupFull
	}
	return v1alpha1.BackupIncremental
}

// keysOf a company whose root key is here, active or not; nil: it is not. That they are
// the right ones shows in the signatures of its manifests.
func (r *Reconciler) keysOf(ctx context.Context, id string) (*backup.Keys, error) {
	var secret corev1.Secret // as docs/operations.md describes it, "Keys and their recovery"
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: "key-" + id}, &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret key-%s: %w", id, err)
	}
	key, err := keys.Parse(secret.Data["key"])
	if err != nil {
		return nil, nil //nolint:nilerr // said by condition KeyReady of the Tenant
	}
	derived := backup.KeysOf(key.Derive(keys.Backup))
	return &derived, nil
}

// found fills the status of a TenantBackup that was made of what lies in a store. One
// whose bytes are gone meanwhile goes.
func (r *Reconciler) found(ctx context.Context, s *scope, place string) (err error) {
	status := &s.backup.Status
	status.Store, status.TenantID, _ = strings.Cut(place, "/")
	status.Bucket = backup.Bucket(r.Installation, status.TenantID)
	if s.target, s.targetStore, err = r.Servers.NamedStore(ctx, r.Client, status.Store); err != nil {
		return err
	}
	derived, err := r.keysOf(ctx, s.id())
	if err != nil {
		return err
	}
	if derived == nil {
		return fault.Blocked(v1alpha1.ReasonKeyMissing, nil, "the root key of company %s is not here (Secret key-%s): a backup can be read with it alone", s.id(), s.id())
	}
	m, err := agentjob.Manifest(ctx, s.files(), s.backup.Name, s.id(), derived.Verifier())
	if err != nil {
		return err
	}
	if m == nil {
		return client.IgnoreNotFound(r.Client.Delete(ctx, s.backup, client.Preconditions{UID: &s.backup.UID}))
	}
	if m.Wrong != nil {
		return r.fail(ctx, s, v1alpha1.ReasonManifestWrong, fmt.Sprintf("the manifest %s in bucket %s of ObjectStore %s: %v", backup.ManifestOf(s.backup.Name), status.Bucket, status.Store, m.Wrong))
	}
	status.Type, status.Generation, status.Previous, status.KeyID = kindOf(&m.Manifest), m.Generation, m.Previous, m.KeyID
	status.Epoch = m.SchemaEpoch // new objects of a generation go where its schema went
	s.fill(&m.Manifest)
	r.conclude(s, v1alpha1.ConditionComplete, v1alpha1.ReasonDone, fmt.Sprintf("it was found on ObjectStore %s; the manifest's signature holds", status.Store))
	return nil
}

// SetupWithManager registers the controller and its watch.
func (c *Catalogue) SetupWithManager(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).Named("backup-catalogue").
		For(&v1alpha1.ObjectStore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(c.all)). // recovery-identity is the one that is watched
		WithOptions(controller.Options{ReconciliationTimeout: sweepLasts}).
		Complete(c)
	if err != nil {
		return fmt.Errorf("set up controller backup-catalogue: %w", err)
	}
	return nil
}
