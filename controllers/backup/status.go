package backup

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"

	"atrium.dev/atrium/controllers/agentjob"
)

func (r *Reconciler) conditions(s *scope) agentjob.Conditions {
	return agentjob.Conditions{List: &s.backup.Status.Conditions, Generation: s.backup.Generation, Now: r.Now()}
}

// conclude puts the conditions of a backup that is finished.
func (r *Reconciler) conclude(s *scope, kind, reason, message string) {
	r.conditions(s).Conclude(kind, reason, message)
	s.backup.Status.Duration = agentjob.Lasted(s.backup.Status.Started, s.backup.Status.Finished)
}

// writeStatus applies the status unless it is so already.
func (r *Reconciler) writeStatus(ctx context.Context, s *scope) error {
	s.backup.Status.ObservedGeneration = s.backup.Generation
	if equality.Semantic.DeepEqual(s.before.Status, s.backup.Status) {
		return nil
	}
	return r.statuses.Write(ctx, r.Client, FieldOwner, s.backup, &s.backup.Status)
}

// forget drops what is remembered about a backup that is gone.
func (r *Reconciler) forget(name string) {
	r.statuses.Forget(name)
	r.leave(name)
}
