package backup

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/objectstore"
)

// files are the small files in the company's bucket of backups.
func (s *scope) files() *objectstore.Vault { return s.targetStore.Backups(s.backup.Status.Bucket) }

// manifest reads back what the agent wrote last. Nil: there is none, or it is not the
// one of this backup, and wrong says so.
func (r *Reconciler) manifest(ctx context.Context, s *scope) (m *backup.Manifest, wrong string, err error) {
	found, err := agentjob.Manifest(ctx, s.files(), s.backup.Name, s.id(), s.keys.Verifier())
	if err != nil || found == nil {
		return nil, "", err
	}
	if found.Wrong != nil {
		return nil, fmt.Sprintf("the manifest %s in bucket %s of ObjectStore %s: %v", backup.ManifestOf(s.backup.Name), s.backup.Status.Bucket, s.backup.Status.Store, found.Wrong), nil //nolint:nilerr // it is said
	}
	if status := s.backup.Status; found.Generation != status.Generation || found.KeyID != status.KeyID {
		return nil, fmt.Sprintf("the manifest speaks of generation %s and key %s, and this backup is of generation %s and key %s", found.Generation, found.KeyID, status.Generation, status.KeyID), nil
	}
	return &found.Manifest, "", nil
}

// succeed closes what was open and says what the backup holds.
func (r *Reconciler) succeed(ctx context.Context, s *scope, m *backup.Manifest) error {
	if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
		return err
	}
	if err := r.shutLogin(ctx, s, true); err != nil {
		return err
	}
	if _, err := s.files().Destroy(ctx, backup.ProgressOf(s.backup.Name)); err != nil {
		return err
	}
	s.fill(m)
	c := s.backup.Status.Contents
	r.conclude(s, v1alpha1.ConditionComplete, v1alpha1.ReasonDone, fmt.Sprintf(
		"%d rows of %d tables and %d objects of %s lie on ObjectStore %s; the manifest's signature holds",
		c.Rows, c.Tables, c.Objects, m.Moment.UTC().Format("2006-01-02 15:04:05 UTC"), s.backup.Status.Store))
	r.event(s, normal, v1alpha1.ReasonDone, "%d rows and %d objects of %s are backed up: %d bytes read, %d stored", c.Rows, c.Objects, s.backup.Spec.Tenant, c.ReadBytes, c.StoredBytes)
	return nil
}

// fill brings what a manifest says into status.
func (s *scope) fill(m *backup.Manifest) {
	status := &s.backup.Status
	moment, finished := metav1.NewTime(m.Moment).Rfc3339Copy(), metav1.NewTime(m.Finished).Rfc3339Copy()
	if finished.Before(&moment) { // a database whose clock is ahead would be the latest for as long
		moment = finished
	}
	status.Moment, status.Finished, status.Progress = &moment, &finished, nil
	status.Epochs = nil
	for _, e := range m.Epochs {
		status.Epochs = append(status.Epochs, e.ID)
	}
	c := &v1alpha1.BackupContents{
		Release: m.Release, SchemaVersion: int32(m.SchemaVersion), PostgreSQL: m.PostgreSQL, Tables: int32(len(m.Tables)), //nolint:gosec // a count of tables
		Objects: m.Objects.Count, ObjectBytes: m.Objects.Bytes, ReadBytes: m.ReadBytes, StoredBytes: m.StoredBytes,
	}
	for _, t := range m.Tables {
		c.Rows += t.Rows
	}
	status.Contents = c
}

// fail closes what was open and says why there is no further attempt.
func (r *Reconciler) fail(ctx context.Context, s *scope, reason, message string) error {
	if err := r.shut(ctx, s); err != nil {
		return err
	}
	if s.targetStore != nil && s.backup.Status.Started != nil {
		if _, err := s.files().Destroy(ctx, backup.ProgressOf(s.backup.Name)); err != nil {
			ctrl.LoggerFrom(ctx).Info("the progress of a failed backup stays in its store", "error", err.Error())
		}
	}
	now := metav1.NewTime(r.Now()).Rfc3339Copy()
	s.backup.Status.Finished, s.backup.Status.Progress = &now, nil
	r.conclude(s, v1alpha1.ConditionFailed, reason, message)
	r.event(s, warning, reason, "the backup of %s failed: %s", s.backup.Spec.Tenant, message)
	return nil
}
