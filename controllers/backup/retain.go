package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// sweepLasts bounds one removal; what it did not reach goes with the next.
const sweepLasts = 8 * time.Minute

// retainAgain is when a removal is tried again that a server kept from its end.
const retainAgain = 10 * time.Minute

// retained follows retention, and says when to look again. What keeps it from its work
// holds up no backup: it is told in an event and tried again.
func (s *Scheduler) retained(ctx context.Context, t *v1alpha1.Tenant, keep backup.Retention, all []v1alpha1.TenantBackup, again time.Duration) (time.Duration, error) {
	err := s.retain(ctx, t, keep, all)
	if w, ok := asWaiting(err); ok {
		return min(again, w.again), nil
	}
	f, ok := fault.As(err)
	if !ok || f.Reason == v1alpha1.ReasonFenceLost {
		return again, err
	}
	s.Backups.Events.Eventf(t, nil, corev1.EventTypeWarning, f.Reason, "Retention", "expired backups stay for now: %s", f.Message)
	return min(again, retainAgain), nil
}

// retain removes what retention does not keep, by whole generations and epochs. First
// each backup that goes is marked, so that nobody offers it or goes on from it; then its
// bytes go, under the tenant's row; its TenantBackup goes last. Cut off in the middle,
// the next pass finds the marks.
func (s *Scheduler) retain(ctx context.Context, t *v1alpha1.Tenant, keep backup.Retention, all []v1alpha1.TenantBackup) error {
	for _, store := range storesOf(t, all) {
		living := done(all, t.Status.ID, store)
		removal := backup.Sweep(living, keep, location(t))
		if err := s.inUse(ctx, removal.Backups); err != nil {
			return err
		}
		for i := range all {
			if b := &all[i]; b.Status.Store == store && slices.Contains(removal.Backups, b.Name) {
				if err := s.mark(ctx, b, removal); err != nil {
					return err
				}
			}
		}
		living = slices.DeleteFunc(living, func(d backup.Done) bool { return slices.Contains(removal.Backups, d.Name) })
		var gone []*v1alpha1.TenantBackup
		for i := range all {
			if b := &all[i]; b.Status.TenantID == t.Status.ID && b.Status.Store == store && expired(b) {
				gone = append(gone, b)
			}
		}
		if len(gone) == 0 {
			continue
		}
		if err := s.discard(ctx, t, store, gone, living); err != nil {
			return err
		}
	}
	return nil
}

func storesOf(t *v1alpha1.Tenant, all []v1alpha1.TenantBackup) (stores []string) {
	for i := range all {
		if b := &all[i]; b.Status.TenantID == t.Status.ID && b.Status.Store != "" && !slices.Contains(stores, b.Status.Store) {
			stores = append(stores, b.Status.Store)
		}
	}
	return stores
}

// mark says that a backup is not offered any more.
func (s *Scheduler) mark(ctx context.Context, b *v1alpha1.TenantBackup, removal backup.Removal) error {
	r, sc := s.Backups, &scope{backup: b, before: b.DeepCopy()}
	message := fmt.Sprintf("retention keeps it no longer; what goes: %s", removal)
	conditions := r.conditions(sc)
	conditions.Set(v1alpha1.ConditionComplete, metav1.ConditionFalse, v1alpha1.ReasonExpired, message)
	conditions.Set(v1alpha1.ConditionExpired, metav1.ConditionTrue, v1alpha1.ReasonExpired, message)
	return r.writeStatus(ctx, sc)
}

// discard removes the bytes of backups that are marked, and then their objects.
func (s *Scheduler) discard(ctx context.Context, t *v1alpha1.Tenant, store string, gone []*v1alpha1.TenantBackup, living []backup.Done) error {
	r := s.Backups
	_, database, err := r.Servers.NamedDatabase(ctx, r.Client, t.Status.Placement.DatabaseServer)
	if err != nil {
		return err
	}
	_, target, err := r.Servers.NamedStore(ctx, r.Client, store)
	if err != nil {
		return err
	}
	holder := "retention/" + t.Name
	if err := s.hold(ctx, database, t.Status.ID, holder, true); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, sweepLasts)
	defer cancel()
	files := target.Backups(backup.Bucket(r.Installation, t.Status.ID))
	for _, prefix := range prefixes(gone, living) {
		if _, err := files.Clear(limited, prefix); err != nil {
			return err
		}
	}
	if err := s.hold(ctx, database, t.Status.ID, holder, false); err != nil {
		return err
	}
	for _, b := range gone {
		if err := r.Client.Delete(ctx, b, client.Preconditions{UID: &b.UID}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete the expired TenantBackup %s: %w", b.Name, err)
		}
		r.Events.Eventf(t, nil, corev1.EventTypeNormal, v1alpha1.ReasonExpired, "Backup", "backup %s of %s is removed from ObjectStore %s: retention keeps it no longer", b.Name, b.Status.Moment, store)
	}
	return nil
}

// prefixes of what goes: manifests first, so that nothing in the store promises what is
// going; then generations and epochs that no backup that lives needs.
func prefixes(gone []*v1alpha1.TenantBackup, living []backup.Done) []string {
	var manifests, bytes []string
	needed := func(holds func(backup.Done) bool) bool { return slices.ContainsFunc(living, holds) }
	add := func(prefix string) {
		if !slices.Contains(bytes, prefix) {
			bytes = append(bytes, prefix)
		}
	}
	for _, b := range gone {
		manifests = append(manifests, strings.TrimSuffix(backup.ManifestOf(b.Name), "json"))
		if !needed(func(d backup.Done) bool { return d.Generation == b.Status.Generation }) {
			add(backup.RepositoryOf(b.Status.Generation) + "/")
		}
		for _, epoch := range append([]string{b.Status.Epoch}, b.Status.Epochs...) {
			if !needed(func(d backup.Done) bool { return d.Epoch == epoch || slices.Contains(d.Epochs, epoch) }) {
				add(strings.TrimSuffix(backup.IdentityOf(epoch), "identity"))
			}
		}
	}
	return append(manifests, bytes...)
}

// hold takes the tenant's row for a removal, or gives it back.
func (s *Scheduler) hold(ctx context.Context, database *postgres.Server, id, holder string, take bool) error {
	r, busy := s.Backups, ""
	err := r.Registry.Locked(ctx, database, id, func(_ pgx.Tx, row *registry.Row) error {
		switch {
		case row.Backup != holder && row.BackingUp(r.Now()):
			busy = row.Backup
		case take:
			row.Backup, row.BackupUntil = holder, r.Now().Add(2*sweepLasts).UTC().Truncate(time.Second)
		case row.Backup == holder:
			row.Backup = ""
		}
		return nil
	})
	if err == nil && busy != "" && take {
		return &waiting{v1alpha1.ReasonQueued, busy + " works on the company's backups", pendingLook}
	}
	return err
}
