package backup

import (
	"context"
	"fmt"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
)

// anew makes a backup a full one that goes on from nothing, because what it would have
// gone on from is not whole: else each backup until the next full one would fail.
func (r *Reconciler) anew(s *scope, why string) error {
	status := &s.backup.Status
	next := backup.Next(s.backup.Name, true, s.key.ID(), r.Now(), nil)
	message := fmt.Sprintf("it becomes a full one, because backup %s, which it would have gone on from, is not whole: %s", status.Previous, why)
	status.Type, status.Generation, status.Epoch, status.Previous, status.Progress = v1alpha1.BackupFull, next.Generation, next.Epoch, "", nil
	r.event(s, warning, v1alpha1.ReasonBackupBroken, "%s", message)
	return &waiting{v1alpha1.ReasonPreparing, message, cacheLag}
}

// clearHalfMade removes what a run left that was killed while it made the repository of
// this generation: without its configuration it is none, and the agent may delete
// nothing of it. The tenant's row is held.
func (r *Reconciler) clearHalfMade(ctx context.Context, s *scope) error {
	if s.backup.Status.Type != v1alpha1.BackupFull {
		return nil
	}
	place := backup.RepositoryOf(s.backup.Status.Generation) + "/"
	config, err := s.files().Get(ctx, place+"config", 1)
	if err != nil || config != nil {
		return err
	}
	_, err = s.files().Clear(ctx, place)
	return err
}
