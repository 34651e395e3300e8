package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
	"atrium.dev/atrium/tenant-app/contract"
)

// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=list;watch

const (
	componentMigrate = "migrate"
	// annotationInputs is a digest of what a migration was started with: a failed one
	// runs again at once when that changes.
	annotationInputs = "atrium.dev/inputs"

	migrateDeadline = 10 * 60      // seconds
	migrateKept     = 24 * 60 * 60 // seconds that a finished Job stays for people to look at
	migrateLook     = 5 * time.Second
	retryUnanswered = 10 * time.Second // after the database or the bucket did not answer
	retryFailed     = 2 * time.Minute  // after any other failure
)

// migrate brings the tenant's schema and page files to the release, by a Job. The
// registry says for which release that was done.
func (r *Reconciler) migrate(ctx context.Context, s *scope) error {
	if err := r.filled(ctx, s); err != nil || s.row.Release == s.release.Name {
		return err
	}
	if s.keyless {
		return &waiting{v1alpha1.ReasonWaiting, fmt.Sprintf("the change to release %s waits for the root key: see KeyReady", s.release.Spec.Version), blockedRetry}
	}
	want := s.migrateJob()
	var live batchv1.Job
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(want), &live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Job %s: %w", want.Name, err)
	}
	if apierrors.IsNotFound(err) {
		return r.startMigration(ctx, s, want)
	}
	if !live.DeletionTimestamp.IsZero() {
		return &waiting{v1alpha1.ReasonMigrating, "the migration that failed is removed before the next attempt", migrateLook}
	}
	if live.Annotations[annotationInputs] != want.Annotations[annotationInputs] && finished(&live) {
		return r.removeJob(ctx, &live)
	}
	switch {
	case jobHas(&live, batchv1.JobComplete):
		return r.recordRelease(ctx, s)
	case jobHas(&live, batchv1.JobFailed):
		return r.failedMigration(ctx, s, &live)
	}
	if err := r.podTrouble(ctx, s, componentMigrate); err != nil {
		return err
	}
	return migrating(s)
}

func migrating(s *scope) error {
	return &waiting{v1alpha1.ReasonMigrating, fmt.Sprintf("the database is brought to release %s (schema %d)", s.release.Spec.Version, s.release.Spec.SchemaVersion), migrateLook}
}

// startMigration records where the migration leads before it starts one. None begins
// while somebody holds the tenant, which nobody does before its first.
func (r *Reconciler) startMigration(ctx context.Context, s *scope, job *batchv1.Job) error {
	if s.row.Target != s.release.Name || s.row.Release != "" {
		err := r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
			if row.Hold == "" {
				row.Target = s.release.Name
			}
			s.row = *row
			return nil
		})
		if err != nil {
			return err
		}
		r.remember(s)
	}
	if s.row.Hold != "" {
		return &waiting{v1alpha1.ReasonRestoring, "the change to release " + s.release.Spec.Version + " waits for " + holderOf(s.row.Hold), heldLook}
	}
	if err := r.apply(ctx, s, job, &batchv1.Job{}); err != nil {
		return err
	}
	return migrating(s)
}

func (r *Reconciler) recordRelease(ctx context.Context, s *scope) error {
	err := r.Registry.Locked(ctx, s.database, s.id, func(_ tx, row *registry.Row) error {
		row.Release = s.release.Name
		s.row = *row
		return nil
	})
	if err != nil {
		return err
	}
	r.remember(s)
	return nil
}

func (s *scope) migrateJob() *batchv1.Job {
	backoff, deadline, kept := int32(0), int64(migrateDeadline), int32(migrateKept)
	release := strings.ReplaceAll(s.release.Name, ".", "-")
	schema := s.row.Schema[strings.LastIndexByte(s.row.Schema, '_')+1:]
	job := &batchv1.Job{
		ObjectMeta: s.meta(fmt.Sprintf("%s-%s-%s", componentMigrate, release, schema)),
		Spec: batchv1.JobSpec{
			// One attempt a Job: how long to wait before the next depends on the exit
			// code, and the reason shows in a condition meanwhile.
			BackoffLimit: &backoff, ActiveDeadlineSeconds: &deadline, TTLSecondsAfterFinished: &kept,
			Template: s.pod(componentMigrate, v1alpha1.SecretOfficeMigrate).Migrate(),
		},
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{
		s.release.Spec.Image, s.row.Release, s.row.Schema, s.url, s.tenant.Spec.Timezone,
		s.databaseServer.Spec.Host, strconv.Itoa(int(s.databaseServer.Spec.Port)), s.objectStore.Spec.Endpoint, string(s.row.MigrateDigest),
	}, "\n")))
	job.Annotations = map[string]string{annotationInputs: hex.EncodeToString(sum[:8])}
	return job
}

func jobHas(job *batchv1.Job, condition batchv1.JobConditionType) bool {
	return jobSince(job, condition) != (metav1.Time{})
}

func jobSince(job *batchv1.Job, condition batchv1.JobConditionType) metav1.Time {
	for _, c := range job.Status.Conditions {
		if c.Type == condition && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime
		}
	}
	return metav1.Time{}
}

func finished(job *batchv1.Job) bool {
	return jobHas(job, batchv1.JobComplete) || jobHas(job, batchv1.JobFailed)
}

// failedMigration says why a migration failed, and starts the next attempt when its
// time has come.
func (r *Reconciler) failedMigration(ctx context.Context, s *scope, job *batchv1.Job) error {
	why, pause, err := r.whyFailed(ctx, s, job)
	if err != nil {
		return err
	}
	if due := jobSince(job, batchv1.JobFailed).Add(pause); !r.Now().Before(due) {
		if err := r.removeJob(ctx, job); err != nil {
			if _, ok := asWaiting(err); !ok {
				return err
			}
		}
	}
	return why
}

// whyFailed reads the exit code that the contract gives a meaning.
func (r *Reconciler) whyFailed(ctx context.Context, s *scope, job *batchv1.Job) (*fault.Error, time.Duration, error) {
	pods, err := r.pods(ctx, s, componentMigrate)
	if err != nil {
		return nil, 0, err
	}
	logs := fmt.Sprintf("see `kubectl logs -n %s job/%s`", s.namespace, job.Name)
	code, ended := exitCode(pods, job.Name)
	if !ended {
		return fault.New(v1alpha1.ReasonMigrationFailed, nil,
			"the migration to release %s did not end within %s or its pod was removed: %s; it is tried again", s.release.Spec.Version, migrateDeadline*time.Second, logs), retryFailed, nil
	}
	switch code {
	case contract.ExitUnavailable:
		return fault.New(v1alpha1.ReasonMigrationUnavailable, nil,
			"the migration could not reach the database or the bucket: see whether %s and %s answer from namespace %s; it is tried again", s.databaseServer.Name, s.objectStore.Name, s.namespace), retryUnanswered, nil
	case contract.ExitUsage:
		return fault.Blocked(v1alpha1.ReasonSettingsInvalid, nil,
			"release %s refuses its settings: %s; use a Release whose image keeps the contract, or correct the Tenant", s.release.Spec.Version, logs), retryFailed, nil
	case contract.ExitSchema:
		return fault.OfUser(v1alpha1.ReasonSchemaTooNew,
			"the company's data is newer than release %s can use: set spec.release to the release it had (%s) or a later one", s.release.Spec.Version, s.row.Release), retryFailed, nil
	}
	return fault.Blocked(v1alpha1.ReasonMigrationFailed, nil,
		"the migration to release %s failed with exit code %d: %s; correct the Release or name another in spec.release", s.release.Spec.Version, code, logs), retryFailed, nil
}

func exitCode(pods []corev1.Pod, job string) (code int32, ended bool) {
	for _, pod := range pods {
		if pod.Labels[batchv1.JobNameLabel] != job {
			continue
		}
		for _, status := range pod.Status.ContainerStatuses {
			if t := status.State.Terminated; t != nil && t.ExitCode != 0 {
				return t.ExitCode, true
			}
		}
	}
	return 0, false
}

func (r *Reconciler) removeJob(ctx context.Context, job *batchv1.Job) error {
	policy := client.PropagationPolicy(metav1.DeletePropagationBackground)
	if err := r.Client.Delete(ctx, job, policy, client.Preconditions{UID: &job.UID}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove Job %s: %w", job.Name, err)
	}
	return &waiting{v1alpha1.ReasonMigrating, "an earlier migration is removed before the next", time.Second}
}

// removeJobs ends migrations before the data is touched, and when the Tenant goes
// also what backs it up or restores it, but for its final backup.
func (r *Reconciler) removeJobs(ctx context.Context, s *scope) error {
	if s.empty {
		return nil
	}
	var jobs batchv1.JobList
	if err := r.Client.List(ctx, &jobs, client.InNamespace(s.namespace), client.MatchingLabels{v1alpha1.LabelTenantID: s.id}); err != nil {
		return fmt.Errorf("list Jobs of namespace %s: %w", s.namespace, err)
	}
	for i := range jobs.Items {
		labels := jobs.Items[i].Labels
		others := labels[v1alpha1.LabelBackup] != "" || labels[v1alpha1.LabelRestore] != ""
		if !jobs.Items[i].DeletionTimestamp.IsZero() || others && s.tenant.DeletionTimestamp.IsZero() || IsFinal(s.tenant, labels[v1alpha1.LabelBackup]) {
			continue
		}
		if err := r.removeJob(ctx, &jobs.Items[i]); err != nil {
			if _, ok := asWaiting(err); !ok {
				return err
			}
		}
	}
	return nil
}
