package backup

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
)

// begin waits for a backup's turn. Then it decides where the backup goes; that stands
// in status, and on the tenant's row who works on its backups, before anything is made.
func (r *Reconciler) begin(ctx context.Context, s *scope) error {
	if err := r.findTenant(ctx, s); err != nil {
		return err
	}
	var all v1alpha1.TenantBackupList
	if err := r.Client.List(ctx, &all); err != nil {
		return fmt.Errorf("list TenantBackups: %w", err)
	}
	target, err := r.chooseStore(ctx, s, all.Items)
	if err != nil {
		return err
	}
	at := s.tenant.Status.Placement
	me := backup.Waiting{
		Name: s.backup.Name, TenantID: s.tenant.Status.ID, Database: at.DatabaseServer, Store: target,
		Created: s.backup.CreationTimestamp.Time, AtWork: true,
	}
	waits, err := r.waits(ctx, all.Items)
	if err != nil {
		return err
	}
	if why := r.turn(me, waits); why != "" {
		return &waiting{v1alpha1.ReasonQueued, "it waits: " + why, queueLook}
	}
	err = r.take(ctx, s, me, all.Items)
	if s.backup.Status.Started == nil {
		r.leave(me.Name)
	}
	return err
}

// take makes the turn good.
func (r *Reconciler) take(ctx context.Context, s *scope, me backup.Waiting, all []v1alpha1.TenantBackup) error {
	if err := r.openServers(ctx, s, me.Database, s.tenant.Status.Placement.ObjectStore, me.Store); err != nil {
		return err
	}
	s.backup.Status.TenantID, s.backup.Status.DatabaseServer, s.backup.Status.Store = me.TenantID, me.Database, me.Store
	s.backup.Status.Bucket = backup.Bucket(r.Installation, me.TenantID)
	if err := r.finalizer(ctx, s); err != nil {
		return err
	}
	if err := r.Agent.RemoveLate(ctx, s.work()); err != nil {
		return err
	}
	if left, err := r.Agent.RemoveFormer(ctx, s.work()); err != nil {
		return err
	} else if left {
		return &waiting{v1alpha1.ReasonPreparing, "what an earlier TenantBackup of this name left is removed", time.Second}
	}
	if err := r.lease(ctx, s, nil); err != nil {
		return err
	}
	if s.row.Release == "" || s.row.Schema == "" || s.row.Key == "" {
		return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s has no data yet, or no root key: see its conditions", s.tenant.Name)
	}
	if err := r.readKey(ctx, s); err != nil {
		return err
	}
	found, err := s.files().Get(ctx, backup.ManifestOf(me.Name), 1)
	if err != nil {
		return err
	}
	if found != nil {
		return r.fail(ctx, s, v1alpha1.ReasonBackupNameTaken, fmt.Sprintf(
			"a backup of the name %s lies in bucket %s of ObjectStore %s already: make a TenantBackup of another name", me.Name, s.backup.Status.Bucket, me.Store))
	}
	r.decide(s, all)
	if err := r.recur(ctx, s, all); err != nil {
		s.backup.Status.Started = nil
		return err
	}
	r.event(s, normal, v1alpha1.ReasonPreparing, "%s backup of %s goes to generation %s on ObjectStore %s", s.backup.Status.Type, s.tenant.Name, s.backup.Status.Generation, me.Store)
	return &waiting{v1alpha1.ReasonPreparing, "its bucket, credentials and Job are made", cacheLag}
}

func (r *Reconciler) decide(s *scope, all []v1alpha1.TenantBackup) {
	status, now := &s.backup.Status, metav1.NewTime(r.Now()).Rfc3339Copy()
	next := backup.Next(s.backup.Name, s.backup.Spec.Type == v1alpha1.BackupFull, s.key.ID(), now.Time, done(all, s.tenant.Status.ID, status.Store))
	status.Type = v1alpha1.BackupIncremental
	if next.Full {
		status.Type = v1alpha1.BackupFull
	}
	status.Generation, status.Epoch, status.Previous, status.KeyID = next.Generation, next.Epoch, next.Previous, s.key.ID()
	status.Started, status.Attempt = &now, 1
}

// chooseStore is where the company's latest backup lies while that store is there, or
// else the first of purpose backup by name.
func (r *Reconciler) chooseStore(ctx context.Context, s *scope, all []v1alpha1.TenantBackup) (string, error) {
	var list v1alpha1.ObjectStoreList
	if err := r.Client.List(ctx, &list); err != nil {
		return "", fmt.Errorf("list ObjectStores: %w", err)
	}
	var names []string
	for _, o := range list.Items {
		if o.Spec.Purpose == v1alpha1.PurposeBackup {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return "", fault.Blocked(v1alpha1.ReasonNoBackupStore, nil, "no ObjectStore has purpose backup: create one (config/samples/objectstore-backup.yaml)")
	}
	var last *v1alpha1.TenantBackup
	for i := range all {
		b := &all[i]
		if b.Status.TenantID == s.tenant.Status.ID && complete(b) && slices.Contains(names, b.Status.Store) &&
			(last == nil || last.Status.Moment.Before(b.Status.Moment)) {
			last = b
		}
	}
	if last != nil {
		return last.Status.Store, nil
	}
	return slices.Min(names), nil
}

// done are the company's complete backups in a store.
func done(all []v1alpha1.TenantBackup, id, store string) (list []backup.Done) {
	for i := range all {
		status := all[i].Status
		if status.TenantID != id || status.Store != store || !complete(&all[i]) || status.Moment == nil {
			continue
		}
		list = append(list, backup.Done{
			Name: all[i].Name, Full: status.Type == v1alpha1.BackupFull, Generation: status.Generation,
			Epoch: status.Epoch, Epochs: status.Epochs, KeyID: status.KeyID, Moment: status.Moment.Time,
		})
	}
	return list
}

// waits are all backups that are not finished, of companies that there are.
func (r *Reconciler) waits(ctx context.Context, all []v1alpha1.TenantBackup) ([]backup.Waiting, error) {
	var tenants v1alpha1.TenantList
	if err := r.Client.List(ctx, &tenants); err != nil {
		return nil, fmt.Errorf("list Tenants: %w", err)
	}
	ids := map[string]string{}
	for _, t := range tenants.Items {
		ids[t.Name] = t.Status.ID
	}
	var list []backup.Waiting
	for i := range all {
		b := &all[i]
		id := b.Status.TenantID
		if id == "" {
			id = ids[b.Spec.Tenant]
		}
		if finished(b) || id == "" || !b.DeletionTimestamp.IsZero() && b.Status.Started == nil {
			continue
		}
		list = append(list, backup.Waiting{
			Name: b.Name, TenantID: id, Database: b.Status.DatabaseServer, Store: b.Status.Store,
			Created: b.CreationTimestamp.Time, AtWork: b.Status.Started != nil,
		})
	}
	return list, nil
}

// turn takes the turn if it has come, so that no other worker of this process counts
// without it. What the cache does not show yet is remembered.
func (r *Reconciler) turn(me backup.Waiting, all []backup.Waiting) (why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, w := range r.atWork {
		all = slices.DeleteFunc(all, func(o backup.Waiting) bool { return o.Name == name })
		all = append(all, w)
	}
	if why = backup.Turn(me, all); why == "" {
		if r.atWork == nil {
			r.atWork = map[string]backup.Waiting{}
		}
		r.atWork[me.Name] = me
	}
	return why
}

// leave gives the turn back.
func (r *Reconciler) leave(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.atWork, name)
}

// finalizer is stored before anything is opened.
func (r *Reconciler) finalizer(ctx context.Context, s *scope) error {
	if controllerutil.ContainsFinalizer(s.backup, v1alpha1.BackupFinalizer) {
		return nil
	}
	after := s.before.DeepCopy()
	controllerutil.AddFinalizer(after, v1alpha1.BackupFinalizer)
	if err := r.Client.Patch(ctx, after, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("store the finalizer of backup %s: %w", s.backup.Name, err)
	}
	s.backup.Finalizers, s.backup.ResourceVersion = after.Finalizers, after.ResourceVersion
	return nil
}
