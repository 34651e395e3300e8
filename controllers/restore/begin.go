package restore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// begin sees whether the company can be restored from the backup, and waits until
// nobody else works on its backups. Then it names the schema that is filled; that stands
// in status before anything is made.
func (r *Reconciler) begin(ctx context.Context, s *scope) error {
	if err := r.findTenant(ctx, s); err != nil {
		return err
	}
	if err := prepared(s.tenant); err != nil {
		return err
	}
	if err := r.findBackup(ctx, s); err != nil {
		return err
	}
	if s.restore.Spec.Mode != v1alpha1.RestoreInto && s.source.Status.TenantID != s.tenant.Status.ID {
		return r.fail(ctx, s, v1alpha1.ReasonBackupOfAnother, fmt.Sprintf(
			"backup %s is of the company with id %s, and Tenant %s has id %s: for another company make a Tenant with spec.restoreFrom", s.source.Name, s.source.Status.TenantID, s.tenant.Name, s.tenant.Status.ID))
	}
	if err := r.openServers(ctx, s); err != nil {
		return err
	}
	status := &s.restore.Status
	status.TenantID, status.SourceID, status.DatabaseServer = s.tenant.Status.ID, s.source.Status.TenantID, s.databaseServer.Name
	if err := r.readKeys(ctx, s); err != nil {
		return err
	}
	if err := r.finalizer(ctx, s); err != nil {
		return err
	}
	if err := r.Agent.RemoveLate(ctx, s.work()); err != nil {
		return err
	}
	if left, err := r.Agent.RemoveFormer(ctx, s.work()); err != nil {
		return err
	} else if left {
		return &waiting{v1alpha1.ReasonPreparing, "what an earlier TenantRestore of this name left is removed", time.Second}
	}
	err := r.lease(ctx, s, func(tx pgx.Tx) error { return r.chooseSchema(ctx, s, tx) })
	if fault.Is(err, v1alpha1.ReasonNotEmpty) {
		return r.fail(ctx, s, v1alpha1.ReasonNotEmpty, err.Error())
	}
	if err != nil {
		return err
	}
	now := metav1.NewTime(r.Now()).Rfc3339Copy()
	status.Release, status.Moment, status.Started, status.Attempt, status.Step = s.release.Name, s.source.Status.Moment, &now, 1, v1alpha1.RestoreMigrating
	r.event(s, normal, v1alpha1.ReasonPreparing, "backup %s of %s is restored %s as schema %s", s.source.Name, s.source.Status.Moment.UTC().Format(time.RFC3339), s.restore.Spec.Mode, status.Schema)
	return then("schema " + status.Schema + " is made for the rows")
}

// prepared says whether a company has what a restore's Jobs run with: a place, a
// namespace, logins and settings.
func prepared(t *v1alpha1.Tenant) error {
	if t.Status.ID == "" || t.Status.Placement == nil || !meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionCredentialsReady) {
		return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s has no place, logins or settings yet: see its conditions", t.Name)
	}
	if t.Spec.Suspended {
		return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s is suspended, so all of its logins are closed: set spec.suspended to false first", t.Name)
	}
	return nil
}

// chooseSchema names the schema that is filled, under the row's lock: a new one, or that
// of a company that was made for it and holds nothing yet.
func (r *Reconciler) chooseSchema(ctx context.Context, s *scope, tx pgx.Tx) (err error) {
	if s.restore.Spec.Mode == v1alpha1.RestoreInto {
		if s.row.Release != "" || s.row.Restored != "" || s.row.Schema == "" {
			return fault.OfUser(v1alpha1.ReasonNotEmpty,
				"Tenant %s has data of its own already, which nothing here overwrites: make a new Tenant with spec.restoreFrom.backup %s", s.tenant.Name, s.source.Name)
		}
		s.restore.Status.Schema = s.row.Schema
		return nil
	}
	if s.row.Release == "" || s.row.Schema == "" {
		return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s was never migrated, so there is nothing to take back: see its conditions", s.tenant.Name)
	}
	s.restore.Status.Schema, err = postgres.NextSchema(ctx, tx, s.id())
	return err
}

// lease writes on the tenant's row that this restore works on its backups, longer than
// a Job may take: no backup reads rows that are about to go, and retention lets the
// backup be. Do runs under the row's lock.
func (r *Reconciler) lease(ctx context.Context, s *scope, do func(pgx.Tx) error) error {
	var other string
	err := r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, row *registry.Row) error {
		s.row = *row
		if row.State != registry.Active {
			return fault.New(v1alpha1.ReasonTenantNotReady, nil, "the registry says that tenant %s is %s: see its conditions", s.restore.Spec.Tenant, row.State)
		}
		if row.Backup != s.holder() && row.BackingUp(r.Now()) {
			other = strings.Replace(row.Backup, "/", " ", 1)
			return nil
		}
		row.Backup, row.BackupUntil = s.holder(), r.Now().Add(agentjob.Deadline+closeRoom).UTC().Truncate(time.Second)
		s.row = *row
		return do(tx)
	})
	if err == nil && other != "" {
		return &waiting{v1alpha1.ReasonQueued, "it waits: " + other + " works on this company's backups", queueLook}
	}
	return err
}

// finalizer is stored before anything is opened.
func (r *Reconciler) finalizer(ctx context.Context, s *scope) error {
	if controllerutil.ContainsFinalizer(s.restore, v1alpha1.RestoreFinalizer) {
		return nil
	}
	after := s.before.DeepCopy()
	controllerutil.AddFinalizer(after, v1alpha1.RestoreFinalizer)
	if err := r.Client.Patch(ctx, after, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("store the finalizer of restore %s: %w", s.restore.Name, err)
	}
	s.restore.Finalizers, s.restore.ResourceVersion = after.Finalizers, after.ResourceVersion
	return nil
}
