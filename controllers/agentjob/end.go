package agentjob

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/tenant-app/contract"
)

// Ended says whether nothing more comes of a Job.
func Ended(job *batchv1.Job) bool {
	_, failed := since(job, batchv1.JobFailed)
	return Succeeded(job) || failed
}

// Succeeded says whether a Job's pod ended well.
func Succeeded(job *batchv1.Job) bool {
	_, complete := since(job, batchv1.JobComplete)
	return complete
}

func since(job *batchv1.Job, kind batchv1.JobConditionType) (c batchv1.JobCondition, ok bool) {
	for _, c := range job.Status.Conditions {
		if c.Type == kind && c.Status == corev1.ConditionTrue {
			return c, true
		}
	}
	return c, false
}

// Failure of a run.
type Failure struct {
	Reason  string
	Message string
	Again   bool // whether another run may help
	At      time.Time
}

// Reasons by which a controller names failures.
type Reasons struct {
	Failed, TooLong, Unavailable string
	Differs, Broken              string // empty: Failed
}

// Why reads from the pod of a Job that ended, well or not, the exit code that the
// contract gives a meaning, and the last word.
func (r *Runner) Why(ctx context.Context, job *batchv1.Job, reasons Reasons) (Failure, error) {
	c, bad := since(job, batchv1.JobFailed)
	if !bad {
		c, _ = since(job, batchv1.JobComplete)
	}
	why := Failure{Reason: reasons.Failed, Again: true, At: c.LastTransitionTime.Time}
	logs := fmt.Sprintf("see `kubectl logs -n %s job/%s`", job.Namespace, job.Name)
	if c.Reason == batchv1.JobReasonDeadlineExceeded {
		why.Reason, why.Message = reasons.TooLong, fmt.Sprintf("it did not end within %s: %s; see whether database and stores are slow", time.Duration(*job.Spec.ActiveDeadlineSeconds)*time.Second, logs)
		return why, nil
	}
	pods, err := r.pods(ctx, job)
	if err != nil {
		return why, err
	}
	end := termination(pods)
	if end == nil {
		why.Message = "the pod was removed before it ended: " + logs
		return why, nil
	}
	why.judge(end, reasons, logs)
	return why, nil
}

func (why *Failure) judge(end *corev1.ContainerStateTerminated, reasons Reasons, logs string) {
	var said backup.Outcome
	if json.Unmarshal([]byte(end.Message), &said) != nil || said.Message == "" {
		said.Message = fmt.Sprintf("it ended with exit code %d: %s", end.ExitCode, logs)
	}
	why.Message = said.Message
	switch {
	case end.Reason == "OOMKilled":
		why.Message = fmt.Sprintf("it needed more memory than it may use: %s, and report it", logs)
	case end.ExitCode == contract.ExitUnavailable:
		why.Reason = reasons.Unavailable
	case end.ExitCode == contract.ExitUsage:
		why.Reason, why.Again = v1alpha1.ReasonSettingsInvalid, false
	case end.ExitCode == backup.ExitBroken:
		// What was to be read is not whole: no further run mends that.
		why.Again = false
		if reasons.Broken != "" {
			why.Reason = reasons.Broken
		}
	case end.ExitCode == backup.ExitDiffers && reasons.Differs != "":
		why.Reason, why.Again = reasons.Differs, false
	}
}

func (r *Runner) pods(ctx context.Context, job *batchv1.Job) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := r.Live.List(ctx, &list, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job.Name})
	if err != nil {
		return nil, fmt.Errorf("list the pods of Job %s: %w", job.Name, err)
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

// Trouble says what keeps a Job's pod from starting; empty: nothing that is known.
func (r *Runner) Trouble(ctx context.Context, job *batchv1.Job) (string, error) {
	pods, err := r.pods(ctx, job)
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return "no node takes the pod: " + c.Message, nil
			}
		}
		for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			if w := status.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
				return fmt.Sprintf("the pod does not start (%s): see whether image %s can be pulled", w.Reason, status.Image), nil
			}
		}
	}
	return "", nil
}

// Follow tells how far the agent is: what it says of itself, or what keeps its pod from
// starting. Progress is nil until it says something.
func (r *Runner) Follow(ctx context.Context, files *objectstore.Vault, of string, job *batchv1.Job) (p *v1alpha1.BackupProgress, message string, err error) {
	raw, err := files.Get(ctx, backup.ProgressOf(of), 64<<10)
	if err != nil {
		return nil, "", err
	}
	var said backup.Progress
	if raw == nil || json.Unmarshal(raw, &said) != nil || said.Step == "" {
		message, err = r.Trouble(ctx, job)
		if message == "" {
			message = "the agent starts"
		}
		return nil, message, err
	}
	p = &v1alpha1.BackupProgress{
		Step: said.Step, At: metav1.NewTime(said.At).Rfc3339Copy(), ReadBytes: said.ReadBytes,
		Tables: fmt.Sprintf("%d of %d", said.Tables, said.TablesAll), Objects: fmt.Sprintf("%d of %d", said.Objects, said.ObjectsAll),
	}
	return p, fmt.Sprintf("%s; %s tables, %s objects", p.Step, p.Tables, p.Objects), nil
}
