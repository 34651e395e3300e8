package restore

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// scope is what one pass over one restore knows.
type scope struct {
	restore, before *v1alpha1.TenantRestore

	tenant  *v1alpha1.Tenant
	source  *v1alpha1.TenantBackup
	release *v1alpha1.Release
	row     registry.Row // as read last

	databaseServer *v1alpha1.DatabaseServer
	database       *postgres.Server
	bucket         *v1alpha1.ObjectStore // of the tenant's bucket
	bucketStore    *objectstore.Store
	copies         *v1alpha1.ObjectStore // of the backup
	copiesStore    *objectstore.Store

	keys     backup.Keys // of the company that the backup is of
	manifest *backup.Manifest
}

// waiting says that a restore is on its way and nothing is wrong.
type waiting struct {
	reason  string
	message string
	again   time.Duration
}

func (w *waiting) Error() string { return w.message }

func asWaiting(err error) (w *waiting, ok bool) {
	ok = errors.As(err, &w)
	return w, ok
}

// then ends a pass whose result has to be written down before the next step.
func then(message string) error { return &waiting{v1alpha1.ReasonRunning, message, cacheLag} }

func (s *scope) id() string { return s.restore.Status.TenantID }

// holder is how the tenant's row names this restore: as who works on the company's
// backups, and as who keeps it stopped.
func (s *scope) holder() string { return registry.Restores + s.restore.Name }

// work is what the agent does for it.
func (s *scope) work() agentjob.Work {
	return agentjob.Work{
		Name: "restore-" + s.restore.Name, Label: v1alpha1.LabelRestore, Of: s.restore.Name,
		Namespace: v1alpha1.NamespacePrefix + s.restore.Spec.Tenant, Tenant: s.restore.Spec.Tenant, TenantID: s.id(),
	}
}

// job names that of the attempt at a step: m migrates, l loads, p proves.
func (s *scope) job(step string) string {
	return fmt.Sprintf("%s-%s%d", s.work().Name, step, s.restore.Status.Attempt)
}

// names on the database server, with the schema that is filled.
func (s *scope) names() postgres.Names {
	n := postgres.NamesOf(s.id(), 1)
	n.Schema = s.restore.Status.Schema
	return n
}

// logins that people's requests come by.
func (s *scope) logins() []string { return []string{s.names().LoginA, s.names().LoginB} }

// files are the small files in the source's bucket of backups.
func (s *scope) files() *objectstore.Vault { return s.copiesStore.Backups(s.source.Status.Bucket) }

// undoing says whether a finished restore is to be taken back.
func (s *scope) undoing() bool {
	c := meta.FindStatusCondition(s.restore.Status.Conditions, v1alpha1.ConditionUndone)
	return s.restore.Spec.Undo && meta.IsStatusConditionTrue(s.restore.Status.Conditions, v1alpha1.ConditionComplete) && (c == nil || c.Status == metav1.ConditionUnknown)
}

func (s *scope) undoBegun() bool {
	return meta.FindStatusCondition(s.restore.Status.Conditions, v1alpha1.ConditionUndone) != nil
}

// findTenant reads the Tenant; one that goes is none.
func (r *Reconciler) findTenant(ctx context.Context, s *scope) error {
	var t v1alpha1.Tenant
	err := r.Client.Get(ctx, client.ObjectKey{Name: s.restore.Spec.Tenant}, &t)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read Tenant %s: %w", s.restore.Spec.Tenant, err)
	}
	if err != nil || !t.DeletionTimestamp.IsZero() {
		return fault.OfUser(v1alpha1.ReasonTenantNotFound,
			"there is no Tenant %q, or it is being deleted: for a company that left, make a Tenant with spec.restoreFrom", s.restore.Spec.Tenant)
	}
	s.tenant = &t
	return nil
}

// findBackup reads the TenantBackup and the Release that wrote its rows.
func (r *Reconciler) findBackup(ctx context.Context, s *scope) error {
	var b v1alpha1.TenantBackup
	err := r.Client.Get(ctx, client.ObjectKey{Name: s.restore.Spec.Backup}, &b)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read TenantBackup %s: %w", s.restore.Spec.Backup, err)
	}
	if err != nil || !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete) || b.Status.Contents == nil || b.Status.Moment == nil {
		return fault.OfUser(v1alpha1.ReasonBackupNotFound,
			"there is no TenantBackup %q that is Complete: name another one in a new TenantRestore, or wait for it", s.restore.Spec.Backup)
	}
	var release v1alpha1.Release
	if err := r.Client.Get(ctx, client.ObjectKey{Name: b.Status.Contents.Release}, &release); apierrors.IsNotFound(err) {
		return fault.Blocked(v1alpha1.ReasonReleaseNotFound, err,
			"the rows of backup %s are of Release %s, whose image makes their tables, and it is not there: apply that Release again", b.Name, b.Status.Contents.Release)
	} else if err != nil {
		return fmt.Errorf("read Release %s: %w", b.Status.Contents.Release, err)
	}
	s.source, s.release = &b, &release
	return nil
}

// openServers opens where the rows and objects go, and where the backup lies.
func (r *Reconciler) openServers(ctx context.Context, s *scope) (err error) {
	at := s.tenant.Status.Placement
	if s.databaseServer, s.database, err = r.Servers.NamedDatabase(ctx, r.Client, at.DatabaseServer); err != nil {
		return err
	}
	if s.bucket, s.bucketStore, err = r.Servers.NamedStore(ctx, r.Client, at.ObjectStore); err != nil {
		return err
	}
	s.copies, s.copiesStore, err = r.Servers.NamedStore(ctx, r.Client, s.source.Status.Store)
	return err
}

// resolve finds what a restore needs that has begun. The company may have gone
// meanwhile, or another one may have its name. What swaps needs no backup any more.
func (r *Reconciler) resolve(ctx context.Context, s *scope) error {
	err := r.findTenant(ctx, s)
	if fault.Is(err, v1alpha1.ReasonTenantNotFound) || err == nil && s.tenant.Status.ID != s.id() {
		if finished(s.restore) {
			r.refuseUndo(s, "the company was deleted")
			return nil
		}
		return r.fail(ctx, s, v1alpha1.ReasonTenantNotFound, "the company was deleted while it was restored")
	}
	if err != nil {
		return err
	}
	if step := s.restore.Status.Step; finished(s.restore) || step == v1alpha1.RestoreHolding || step == v1alpha1.RestoreStarting {
		s.databaseServer, s.database, err = r.Servers.NamedDatabase(ctx, r.Client, s.restore.Status.DatabaseServer)
		return err
	}
	if err := r.findBackup(ctx, s); err != nil {
		return err
	}
	return r.openServers(ctx, s)
}

func (r *Reconciler) conditions(s *scope) agentjob.Conditions {
	return agentjob.Conditions{List: &s.restore.Status.Conditions, Generation: s.restore.Generation, Now: r.Now()}
}

// writeStatus applies the status unless it is so already.
func (r *Reconciler) writeStatus(ctx context.Context, s *scope) error {
	s.restore.Status.ObservedGeneration = s.restore.Generation
	if equality.Semantic.DeepEqual(s.before.Status, s.restore.Status) {
		return nil
	}
	return r.statuses.Write(ctx, r.Client, FieldOwner, s.restore, &s.restore.Status)
}

// event tells people who watch.
func (r *Reconciler) event(s *scope, kind, reason, format string, args ...any) {
	r.Events.Eventf(s.restore, nil, kind, reason, "Restore", format, args...)
}

const (
	normal  = corev1.EventTypeNormal
	warning = corev1.EventTypeWarning
)
