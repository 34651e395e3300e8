package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// failure of an attempt.
type failure struct {
	reason  string
	message string
	again   bool // whether another attempt may help
	at      time.Time
}

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
	if !absent && !ended(&job) {
		return r.follow(ctx, s)
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
		why.reason, why.message = v1alpha1.ReasonManifestWrong, wrong
	}
	return r.failed(ctx, s, why)
}

func ended(job *batchv1.Job) bool {
	_, complete := since(job, batchv1.JobComplete)
	_, failed := since(job, batchv1.JobFailed)
	return complete || failed
}

func since(job *batchv1.Job, kind batchv1.JobConditionType) (c batchv1.JobCondition, ok bool) {
	for _, c := range job.Status.Conditions {
		if c.Type == kind && c.Status == corev1.ConditionTrue {
			return c, true
		}
	}
	return c, false
}

// follow brings what the agent says of itself into status.
func (r *Reconciler) follow(ctx context.Context, s *scope) error {
	message := fmt.Sprintf("attempt %d of %d: the agent starts", s.backup.Status.Attempt, attempts)
	raw, err := s.files().Get(ctx, backup.ProgressOf(s.backup.Name), 64<<10)
	if err != nil {
		return err
	}
	var p backup.Progress
	if raw != nil && json.Unmarshal(raw, &p) == nil && p.Step != "" {
		s.backup.Status.Progress = &v1alpha1.BackupProgress{
			Step: p.Step, At: metav1.NewTime(p.At).Rfc3339Copy(), ReadBytes: p.ReadBytes,
			Tables: fmt.Sprintf("%d of %d", p.Tables, p.TablesAll), Objects: fmt.Sprintf("%d of %d", p.Objects, p.ObjectsAll),
		}
		message = fmt.Sprintf("attempt %d of %d: %s; %d of %d tables, %d of %d objects", s.backup.Status.Attempt, attempts, p.Step, p.Tables, p.TablesAll, p.Objects, p.ObjectsAll)
	} else if trouble, err := r.trouble(ctx, s); err != nil || trouble != "" {
		if err != nil {
			return err
		}
		message = fmt.Sprintf("attempt %d of %d: %s", s.backup.Status.Attempt, attempts, trouble)
	}
	return &waiting{v1alpha1.ReasonRunning, message, jobLook}
}

// failed says why an attempt failed, and begins the next one when its time has come.
func (r *Reconciler) failed(ctx context.Context, s *scope, why failure) error {
	status := &s.backup.Status
	if !why.again || status.Attempt >= attempts {
		return r.fail(ctx, s, why.reason, why.message)
	}
	due := why.at.Add(pauses[status.Attempt])
	if !r.Now().Before(due) {
		status.Attempt, status.Progress = status.Attempt+1, nil
		return &waiting{v1alpha1.ReasonPreparing, fmt.Sprintf("attempt %d of %d begins: the one before failed (%s): %s", status.Attempt, attempts, why.reason, why.message), cacheLag}
	}
	c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionComplete)
	if c == nil || c.Reason != v1alpha1.ReasonRetrying {
		if err := r.removeObjects(ctx, s); err != nil {
			return err
		}
		if err := r.shutLogin(ctx, s, false); err != nil {
			return err
		}
		r.event(s, warning, why.reason, "attempt %d of %d failed: %s", status.Attempt, attempts, why.message)
	}
	return &waiting{v1alpha1.ReasonRetrying, fmt.Sprintf("attempt %d of %d failed (%s): %s; the next one begins at %s", status.Attempt, attempts, why.reason, why.message, due.UTC().Format(time.TimeOnly)), max(due.Sub(r.Now()), time.Second)}
}

// whyEnded reads the exit code that the contract gives a meaning, and the agent's own
// last word.
func (r *Reconciler) whyEnded(ctx context.Context, s *scope, job *batchv1.Job) (failure, error) {
	c, bad := since(job, batchv1.JobFailed)
	if !bad {
		c, _ = since(job, batchv1.JobComplete)
	}
	why := failure{reason: v1alpha1.ReasonBackupFailed, again: true, at: c.LastTransitionTime.Time}
	if !bad {
		why.reason, why.message = v1alpha1.ReasonManifestMissing, "the agent ended well and left no manifest: see whether somebody removes objects from bucket "+s.backup.Status.Bucket
		return why, nil
	}
	logs := fmt.Sprintf("see `kubectl logs -n %s job/%s`", s.namespace, job.Name)
	pods, err := r.pods(ctx, s)
	if err != nil {
		return why, err
	}
	end := termination(pods)
	if c.Reason == batchv1.JobReasonDeadlineExceeded {
		why.reason, why.message = v1alpha1.ReasonBackupTooLong, fmt.Sprintf("the agent did not end within %s: %s; see whether database and stores are slow", jobDeadline, logs)
		return why, nil
	}
	if end == nil {
		why.message = "the agent's pod was removed before it ended: " + logs
		return why, nil
	}
	var said backup.Outcome
	if json.Unmarshal([]byte(end.Message), &said) != nil || said.Message == "" {
		said.Message = fmt.Sprintf("the agent ended with exit code %d: %s", end.ExitCode, logs)
	}
	why.message = said.Message
	switch {
	case end.Reason == "OOMKilled":
		why.message = fmt.Sprintf("the agent needed more memory than it may use: %s, and report it", logs)
	case end.ExitCode == contract.ExitUnavailable:
		why.reason = v1alpha1.ReasonBackupUnavailable
	case end.ExitCode == contract.ExitUsage:
		why.reason, why.again = v1alpha1.ReasonSettingsInvalid, false
	case end.ExitCode == backup.ExitBroken:
		// What it would go on from is not whole. Only a full backup helps.
		why.again = false
	}
	return why, nil
}

func (r *Reconciler) pods(ctx context.Context, s *scope) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := r.Live.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{batchv1.JobNameLabel: s.job()})
	if err != nil {
		return nil, fmt.Errorf("list the pods of Job %s: %w", s.job(), err)
	}
	return list.Items, nil
}

func termination(pods []corev1.Pod) *corev1.ContainerStateTerminated {
	for _, pod := range pods {
		for _, status := range pod.Status.ContainerStatuses {
			if t := status.State.Terminated; t != nil {
				return t
			}
		}
	}
	return nil
}

// trouble says what keeps the agent's pod from starting.
func (r *Reconciler) trouble(ctx context.Context, s *scope) (string, error) {
	pods, err := r.pods(ctx, s)
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return "no node takes the agent's pod: " + c.Message, nil
			}
		}
		for _, status := range pod.Status.ContainerStatuses {
			if w := status.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
				return fmt.Sprintf("the agent's pod does not start (%s): see whether image %s can be pulled", w.Reason, r.Image), nil
			}
		}
	}
	return "", nil
}
