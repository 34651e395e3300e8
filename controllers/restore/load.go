package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/tenant-app/contract"
)

// conns is how many connections a Job of a restore has.
const conns = 2

var reasons = agentjob.Reasons{
	Failed: v1alpha1.ReasonRestoreFailed, TooLong: v1alpha1.ReasonRestoreTooLong, Unavailable: v1alpha1.ReasonRestoreUnavailable,
	Differs: v1alpha1.ReasonRestoreDiffers, Broken: v1alpha1.ReasonBackupBroken,
}

// migrating gives the schema the tables of the backup's release, by that release's own
// image.
func (r *Reconciler) migrating(ctx context.Context, s *scope) error {
	job, err := r.attempt(ctx, s, "m")
	if err != nil {
		return err
	}
	if job == nil {
		return r.migrate(ctx, s)
	}
	if !agentjob.Ended(job) {
		trouble, err := r.Agent.Trouble(ctx, job)
		if err != nil {
			return err
		}
		return s.running("release "+s.release.Spec.Version+" makes the tables", trouble)
	}
	if !agentjob.Succeeded(job) {
		return r.failed(ctx, s, job)
	}
	s.restore.Status.Step = v1alpha1.RestoreLoading
	return then("rows and objects come back")
}

func (r *Reconciler) migrate(ctx context.Context, s *scope) error {
	err := r.lease(ctx, s, func(tx pgx.Tx) error {
		if s.restore.Spec.Mode == v1alpha1.RestoreInto {
			return nil // the company's own
		}
		return s.database.EnsureSchema(ctx, tx, s.names())
	})
	if err != nil {
		return err
	}
	var plan v1alpha1.Plan
	if err := r.Client.Get(ctx, client.ObjectKey{Name: s.tenant.Spec.Plan}, &plan); err != nil {
		return fmt.Errorf("read Plan %s: %w", s.tenant.Spec.Plan, err)
	}
	database, err := r.login(ctx, s)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(database)
	if err != nil {
		return fmt.Errorf("write %s: %w", contract.FileDatabase, err)
	}
	w := s.work()
	if err := r.Agent.Apply(ctx, &corev1.Secret{ObjectMeta: w.Meta(w.Name), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{contract.FileDatabase: raw}}); err != nil {
		return err
	}
	pod := tenant.Pod{Labels: w.Labels(), Release: s.release, Plan: &plan, Settings: v1alpha1.OfficeName, Database: w.Name}
	if err := r.Agent.Create(ctx, w.Job(s.job("m"), migrateEnds, pod.Migrate())); err != nil {
		return err
	}
	return s.running("release "+s.release.Spec.Version+" makes the tables", "")
}

// login is the company's login that may take the owner's role, at the schema that is
// filled. Its password is the one that the tenant controller gave it.
func (r *Reconciler) login(ctx context.Context, s *scope) (contract.Database, error) {
	var d contract.Database
	var secret corev1.Secret
	name := client.ObjectKey{Namespace: s.work().Namespace, Name: v1alpha1.SecretOfficeMigrate}
	if err := r.Live.Get(ctx, name, &secret); err != nil {
		return d, fmt.Errorf("read Secret %s: %w", name, err)
	}
	if err := json.Unmarshal(secret.Data[contract.FileDatabase], &d); err != nil {
		return d, fault.New(v1alpha1.ReasonTenantNotReady, nil, "Secret %s holds no login: it is made again by itself, see condition CredentialsReady of Tenant %s", name, s.tenant.Name)
	}
	d.Schema, d.Role, d.MaxConns = s.restore.Status.Schema, s.names().Owner, conns
	return d, nil
}

// loading lets the agent bring rows and objects back. That it ended well says that all
// was compared.
func (r *Reconciler) loading(ctx context.Context, s *scope) error {
	if err := r.readKeys(ctx, s); err != nil {
		return err
	}
	job, err := r.attempt(ctx, s, "l")
	if err != nil {
		return err
	}
	if job == nil {
		return r.load(ctx, s)
	}
	if !agentjob.Ended(job) {
		progress, message, err := r.Agent.Follow(ctx, s.files(), s.source.Name, job)
		if err != nil {
			return err
		}
		if progress != nil {
			s.restore.Status.Progress = progress
		}
		return s.running(message, "")
	}
	if !agentjob.Succeeded(job) {
		return r.failed(ctx, s, job)
	}
	if err := r.readManifest(ctx, s); err != nil {
		return err
	}
	return r.loaded(ctx, s)
}

func (r *Reconciler) load(ctx context.Context, s *scope) error {
	if err := r.readManifest(ctx, s); err != nil {
		return err
	}
	if err := r.lease(ctx, s, func(pgx.Tx) error { return nil }); err != nil {
		return err
	}
	m := s.manifest
	task := &backup.Task{
		Backup: m.Backup, TenantID: m.TenantID, Tenant: m.Tenant, Installation: r.Installation, Release: m.Release, SchemaVersion: int(s.release.Spec.SchemaVersion),
		KeyID: m.KeyID, Generation: m.Generation, Password: s.keys.Password(m.Generation), Verify: s.keys.Verifier(),
	}
	var err error
	if task.Database, err = r.login(ctx, s); err != nil {
		return err
	}
	for _, e := range m.Epochs {
		identity, _, err := agentjob.Identity(ctx, s.files(), s.keys, e.ID)
		if err != nil {
			return err
		}
		if identity == nil || identity.Recipient().String() != e.Recipient {
			return r.fail(ctx, s, v1alpha1.ReasonEpochWrong, fmt.Sprintf("the sealed identity %s in bucket %s of ObjectStore %s is gone, or is not the one that backup %s was made with: bring its first version back",
				backup.IdentityOf(e.ID), s.source.Status.Bucket, s.copies.Name, m.Backup))
		}
		task.Epochs = append(task.Epochs, backup.Epoch{ID: e.ID, Recipient: e.Recipient, Identity: identity.String()})
	}
	deadline, err := r.credentials(ctx, s, task)
	if err != nil {
		return err
	}
	if err := r.Agent.WriteTask(ctx, s.work(), task); err != nil {
		return err
	}
	if err := r.Agent.Start(ctx, s.work(), s.copies, s.job("l"), backup.CommandRestore, deadline); err != nil {
		return err
	}
	return s.running("the agent starts", "")
}

// credentials for the backups, and but for a drill for the bucket that objects go to.
func (r *Reconciler) credentials(ctx context.Context, s *scope, task *backup.Task) (time.Duration, error) {
	reach := []agentjob.Reach{
		{Into: &task.Store, At: s.copies, Store: s.copiesStore, Bucket: s.source.Status.Bucket, Use: objectstore.UseCopies, Secret: s.copies.Name + "-" + s.restore.Status.SourceID},
	}
	if s.restore.Spec.Mode != v1alpha1.RestoreDrill {
		reach = append(reach, agentjob.Reach{
			Into: &task.Bucket, At: s.bucket, Store: s.bucketStore, Bucket: s.row.Bucket, Use: objectstore.UseTarget, Secret: s.bucket.Name + "-" + s.id(),
		})
	}
	return r.Agent.Credentials(ctx, reach...)
}

// readKeys derives the keys of the company that the backup is of from its root key.
func (r *Reconciler) readKeys(ctx context.Context, s *scope) error {
	key, err := tenant.KeyByID(ctx, r.Live, r.Namespace, s.restore.Status.SourceID, s.source.Status.KeyID)
	if err != nil {
		return err
	}
	if key == nil {
		return fault.Blocked(v1alpha1.ReasonKeyMissing, nil,
			"the root key %s that opens backup %s is not in Secret key-%s of namespace %s: bring it back with the recovery identity (operations manual, \"Keys and their recovery\")",
			s.source.Status.KeyID, s.source.Name, s.restore.Status.SourceID, r.Namespace)
	}
	s.keys = backup.KeysOf(key.Derive(keys.Backup))
	return nil
}

// readManifest reads what the backup holds, which is worth something only while its
// signature holds.
func (r *Reconciler) readManifest(ctx context.Context, s *scope) error {
	found, err := agentjob.Manifest(ctx, s.files(), s.source.Name, s.restore.Status.SourceID, s.keys.Verifier())
	if err != nil {
		return err
	}
	if found == nil || found.Wrong != nil {
		why := "it is gone"
		if found != nil {
			why = found.Wrong.Error()
		}
		return fault.Blocked(v1alpha1.ReasonManifestWrong, nil, "the manifest %s in bucket %s of ObjectStore %s cannot be used (%s): restore another backup",
			backup.ManifestOf(s.source.Name), s.source.Status.Bucket, s.copies.Name, why)
	}
	s.manifest = &found.Manifest
	return nil
}

// attempt is the Job of the attempt at a step; nil when it is not there.
func (r *Reconciler) attempt(ctx context.Context, s *scope, step string) (*batchv1.Job, error) {
	var job batchv1.Job
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: s.work().Namespace, Name: s.job(step)}, &job)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Job %s: %w", s.job(step), err)
	}
	return &job, nil
}

func (s *scope) running(message, trouble string) error {
	if trouble != "" {
		message = trouble
	}
	return &waiting{v1alpha1.ReasonRunning, fmt.Sprintf("attempt %d of %d: %s", s.restore.Status.Attempt, attempts, message), jobLook}
}

// failed says why an attempt failed, and begins the next one when its time has come.
func (r *Reconciler) failed(ctx context.Context, s *scope, job *batchv1.Job) error {
	why, err := r.Agent.Why(ctx, job, reasons)
	if err != nil {
		return err
	}
	status := &s.restore.Status
	if !why.Again || status.Attempt >= attempts {
		return r.fail(ctx, s, why.Reason, why.Message)
	}
	due := why.At.Add(pauses[status.Attempt])
	if !r.Now().Before(due) {
		status.Attempt, status.Progress = status.Attempt+1, nil
		return &waiting{v1alpha1.ReasonPreparing, fmt.Sprintf("attempt %d of %d begins: the one before failed (%s): %s", status.Attempt, attempts, why.Reason, why.Message), cacheLag}
	}
	if c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionComplete); c == nil || c.Reason != v1alpha1.ReasonRetrying {
		if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
			return err
		}
		r.event(s, warning, why.Reason, "attempt %d of %d failed: %s", status.Attempt, attempts, why.Message)
	}
	return &waiting{v1alpha1.ReasonRetrying, fmt.Sprintf("attempt %d of %d failed (%s): %s; the next one begins at %s", status.Attempt, attempts, why.Reason, why.Message, due.UTC().Format(time.TimeOnly)), max(due.Sub(r.Now()), time.Second)}
}
