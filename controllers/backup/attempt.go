package backup

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
)

// attempt starts the Job of an attempt, follows it, and judges it by what it left: a
// manifest that holds makes the backup complete, whatever became of the Job.
func (r *Reconciler) attempt(ctx context.Context, s *scope) error {
	if err := r.readKey(ctx, s); err != nil {
		return err
	}
	var job batchv1.Job
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: s.job()}, &job)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Job %s: %w", s.job(), err)
	}
	absent := apierrors.IsNotFound(err)
	if !absent && !agentjob.Ended(&job) {
		return r.follow(ctx, s, &job)
	}
	manifest, wrong, err := r.manifest(ctx, s)
	switch {
	case err != nil:
		return err
	case manifest != nil:
		return r.succeed(ctx, s, manifest)
	case absent:
		return r.prepare(ctx, s)
	}
	why, err := r.whyEnded(ctx, s, &job)
	if err != nil {
		return err
	}
	if wrong != "" {
		why.Reason, why.Message = v1alpha1.ReasonManifestWrong, wrong
	}
	return r.failed(ctx, s, why)
}

// follow brings what the agent says of itself into status.
func (r *Reconciler) follow(ctx context.Context, s *scope, job *batchv1.Job) error {
	progress, message, err := r.Agent.Follow(ctx, s.files(), s.backup.Name, job)
	if err != nil {
		return err
	}
	if progress != nil {
		s.backup.Status.Progress = progress
	}
	return &waiting{v1alpha1.ReasonRunning, fmt.Sprintf("attempt %d of %d: %s", s.backup.Status.Attempt, attempts, message), agentjob.Look}
}

// failed says why an attempt failed, and begins the next one when its time has come.
func (r *Reconciler) failed(ctx context.Context, s *scope, why agentjob.Failure) error {
	status := &s.backup.Status
	if why.Reason == v1alpha1.ReasonBackupBroken && status.Previous != "" {
		if err := r.endAttempt(ctx, s); err != nil {
			return err
		}
		status.Attempt++
		return r.anew(s, why.Message)
	}
	if !why.Again || status.Attempt >= attempts {
		return r.fail(ctx, s, why.Reason, why.Message)
	}
	due := why.At.Add(pauses[status.Attempt])
	if !r.Now().Before(due) {
		status.Attempt, status.Progress = status.Attempt+1, nil
		return &waiting{v1alpha1.ReasonPreparing, fmt.Sprintf("attempt %d of %d begins: the one before failed (%s): %s", status.Attempt, attempts, why.Reason, why.Message), cacheLag}
	}
	c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionComplete)
	if c == nil || c.Reason != v1alpha1.ReasonRetrying {
		if err := r.endAttempt(ctx, s); err != nil {
			return err
		}
		r.event(s, warning, why.Reason, "attempt %d of %d failed: %s", status.Attempt, attempts, why.Message)
	}
	return &waiting{v1alpha1.ReasonRetrying, fmt.Sprintf("attempt %d of %d failed (%s): %s; the next one begins at %s", status.Attempt, attempts, why.Reason, why.Message, due.UTC().Format(time.TimeOnly)), max(due.Sub(r.Now()), time.Second)}
}

// endAttempt closes what was open for an attempt; the company's row stays taken.
func (r *Reconciler) endAttempt(ctx context.Context, s *scope) error {
	if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
		return err
	}
	return r.shutLogin(ctx, s, false)
}

// whyEnded says why an attempt left no manifest.
func (r *Reconciler) whyEnded(ctx context.Context, s *scope, job *batchv1.Job) (agentjob.Failure, error) {
	why, err := r.Agent.Why(ctx, job, agentjob.Reasons{
		Failed: v1alpha1.ReasonBackupFailed, TooLong: v1alpha1.ReasonBackupTooLong, Unavailable: v1alpha1.ReasonBackupUnavailable,
		Differs: v1alpha1.ReasonBackupBroken, Broken: v1alpha1.ReasonBackupBroken,
	})
	if agentjob.Succeeded(job) {
		why.Reason, why.Message = v1alpha1.ReasonManifestMissing, "the agent ended well and left no manifest: see whether somebody removes objects from bucket "+s.backup.Status.Bucket
	}
	return why, err
}
