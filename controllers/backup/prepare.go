package backup

import (
	"context"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/tenant-app/contract"
)

// prepare makes all that an attempt needs, and its Job last. Cut off in the middle, the
// next pass makes new credentials: no Job knows those before.
func (r *Reconciler) prepare(ctx context.Context, s *scope) error {
	if err := r.lease(ctx, s, nil); err != nil {
		return err
	}
	owner := objectstore.Owner{Installation: r.Installation, TenantID: s.id()}
	var all v1alpha1.TenantBackupList
	if err := r.Client.List(ctx, &all); err != nil {
		return fmt.Errorf("list TenantBackups: %w", err)
	}
	before := done(all.Items, s.id(), s.backup.Status.Store)
	if err := s.targetStore.EnsureBucket(ctx, s.backup.Status.Bucket, owner, len(before) > 0); err != nil {
		return err
	}
	if err := r.clearHalfMade(ctx, s); err != nil {
		return err
	}
	task, err := r.task(ctx, s)
	if err != nil {
		return err
	}
	deadline, err := r.credentials(ctx, s, task)
	if err != nil {
		return err
	}
	// The Secret comes before the password works: one that nobody wrote down would be
	// of no use.
	if err := r.Agent.WriteTask(ctx, s.work(), task); err != nil {
		return err
	}
	err = r.lease(ctx, s, func(tx pgx.Tx) error { return postgres.OpenLogin(ctx, tx, s.names().Backup, task.Database.Password) })
	if err != nil {
		return err
	}
	if err := r.Agent.Start(ctx, s.work(), s.target, s.job(), backup.CommandBackup, deadline); err != nil {
		return err
	}
	return &waiting{v1alpha1.ReasonRunning, fmt.Sprintf("attempt %d of %d: the agent starts", s.backup.Status.Attempt, attempts), agentjob.FirstLook}
}

// task is what the agent is told, but for credentials of the stores.
func (r *Reconciler) task(ctx context.Context, s *scope) (*backup.Task, error) {
	var release v1alpha1.Release
	if err := r.Client.Get(ctx, client.ObjectKey{Name: s.row.Release}, &release); apierrors.IsNotFound(err) {
		return nil, fault.Blocked(v1alpha1.ReasonReleaseNotFound, err,
			"the company's data is that of Release %s, which is not there, and a backup has to name its schema: apply that Release again", s.row.Release)
	} else if err != nil {
		return nil, fmt.Errorf("read Release %s: %w", s.row.Release, err)
	}
	password, err := randomText(r.Random)
	if err != nil {
		return nil, err
	}
	status, server := s.backup.Status, s.databaseServer.Spec
	task := &backup.Task{
		Backup: s.backup.Name, TenantID: s.id(), Tenant: s.tenant.Name, Installation: r.Installation,
		Release: s.row.Release, SchemaVersion: int(release.Spec.SchemaVersion), OperatorVersion: r.Version, KeyID: s.key.ID(),
		Database: contract.Database{
			Host: server.Host, Port: int(server.Port), Name: server.Database, User: s.names().Backup, Password: password,
			Schema: s.row.Schema, SSLMode: server.SSLMode, CABundle: server.CABundle, MaxConns: postgres.BackupConnections,
		},
		Generation: status.Generation, Password: s.keys.Password(status.Generation), Full: status.Type == v1alpha1.BackupFull,
		Sign: s.keys.Signer().Seed(), Verify: s.keys.Verifier(),
	}
	previous, err := r.previous(ctx, s)
	if err != nil {
		return nil, err
	}
	if previous != nil {
		task.Previous = backup.Former{Backup: previous.Backup, Password: s.keys.Password(previous.Generation)}
	}
	task.Epoch, err = r.epoch(ctx, s, previous)
	return task, err
}

// previous is the manifest of the backup that this one goes on from; nil: none.
func (r *Reconciler) previous(ctx context.Context, s *scope) (*backup.Manifest, error) {
	name := s.backup.Status.Previous
	if name == "" {
		return nil, nil
	}
	found, err := agentjob.Manifest(ctx, s.files(), name, s.id(), s.keys.Verifier())
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, r.anew(s, "its manifest is gone")
	}
	if found.Wrong != nil {
		return nil, r.anew(s, "its manifest: "+found.Wrong.Error())
	}
	return &found.Manifest, nil
}

// epoch opens the epoch for new objects, or begins it: its age identity lies in the
// bucket, sealed, and is written once.
func (r *Reconciler) epoch(ctx context.Context, s *scope, previous *backup.Manifest) (backup.Epoch, error) {
	id, files := s.backup.Status.Epoch, s.files()
	identity, there, err := agentjob.Identity(ctx, files, s.keys, id)
	if err != nil {
		return backup.Epoch{}, err
	}
	if !there {
		made, err := age.GenerateX25519Identity()
		if err != nil {
			return backup.Epoch{}, fmt.Errorf("make the identity of epoch %s: %w", id, err)
		}
		if err := files.Put(ctx, backup.IdentityOf(id), s.keys.SealIdentity(id, []byte(made.String()))); err != nil {
			return backup.Epoch{}, err
		}
		// Another operator may have been first.
		if identity, _, err = agentjob.Identity(ctx, files, s.keys, id); err != nil {
			return backup.Epoch{}, err
		}
	}
	if identity == nil {
		return backup.Epoch{}, wrongEpoch(s, "cannot be opened with the company's root key")
	}
	epoch := backup.Epoch{ID: id, Recipient: identity.Recipient().String()}
	if previous != nil {
		for _, e := range previous.Epochs {
			if e.ID == id && e.Recipient != epoch.Recipient {
				return backup.Epoch{}, wrongEpoch(s, "is another one than backup "+previous.Backup+" was made with")
			}
		}
	}
	return epoch, nil
}

func wrongEpoch(s *scope, what string) error {
	return fault.Blocked(v1alpha1.ReasonEpochWrong, nil,
		"the sealed identity %s in bucket %s of ObjectStore %s %s: somebody wrote over it; bring its first version back",
		backup.IdentityOf(s.backup.Status.Epoch), s.backup.Status.Bucket, s.backup.Status.Store, what)
}

// credentials for the tenant's bucket and that of its backups.
func (r *Reconciler) credentials(ctx context.Context, s *scope, task *backup.Task) (deadline time.Duration, err error) {
	return r.Agent.Credentials(ctx,
		agentjob.Reach{Into: &task.Bucket, At: s.source, Store: s.sourceStore, Bucket: s.row.Bucket, Use: objectstore.UseSource, Secret: s.source.Name + "-" + s.id() + "-backup"},
		agentjob.Reach{Into: &task.Store, At: s.target, Store: s.targetStore, Bucket: s.backup.Status.Bucket, Use: objectstore.UseBackups, Secret: s.target.Name + "-" + s.id()},
	)
}
