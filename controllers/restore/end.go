package restore

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// loaded goes on once all was compared with the manifest.
func (r *Reconciler) loaded(ctx context.Context, s *scope) error {
	status := &s.restore.Status
	c := &v1alpha1.RestoreCompared{Tables: int32(len(s.manifest.Tables)), Objects: s.manifest.Objects.Count, Bytes: s.manifest.Objects.Bytes} //nolint:gosec // a count of tables
	for _, t := range s.manifest.Tables {
		c.Rows += t.Rows
	}
	status.Compared, status.Progress = c, nil
	if _, err := s.files().Destroy(ctx, s.progressOf()); err != nil {
		ctrl.LoggerFrom(ctx).Info("the progress of a restore stays in its store", "error", err.Error())
	}
	if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
		return err
	}
	switch s.restore.Spec.Mode {
	case v1alpha1.RestoreInto:
		return r.fill(ctx, s)
	case v1alpha1.RestoreDrill:
		status.Step = v1alpha1.RestoreProving
	default:
		status.Step = v1alpha1.RestoreHolding
	}
	return then(fmt.Sprintf("%d rows and %d objects came back as they were", c.Rows, c.Objects))
}

// fill gives a company that was made for it what came back.
func (r *Reconciler) fill(ctx context.Context, s *scope) error {
	err := r.Registry.Locked(ctx, s.database, s.id(), func(_ pgx.Tx, row *registry.Row) error {
		if row.Restored == s.source.Name {
			return nil // cut off before that was written down
		}
		if row.Backup != s.holder() || row.Release != "" || row.Schema != s.restore.Status.Schema {
			return fault.New(v1alpha1.ReasonTenantNotReady, nil, "somebody else (%s) works on Tenant %s", row.Backup, s.tenant.Name)
		}
		row.Restored, row.Source, row.Release, row.Backup = s.source.Name, s.restore.Status.SourceID, s.restore.Status.Release, ""
		row.NextEpoch(r.Now())
		return nil
	})
	if err != nil {
		return err
	}
	s.restore.Status.Step = v1alpha1.RestoreStarting
	return &waiting{v1alpha1.ReasonStarting, "the company has the rows, and its app starts", cacheLag}
}

// succeed says what came of a restore.
func (r *Reconciler) succeed(s *scope, message string) {
	r.finish(s)
	r.conditions(s).Conclude(v1alpha1.ConditionComplete, v1alpha1.ReasonDone, message)
	c := s.restore.Status.Compared
	r.event(s, normal, v1alpha1.ReasonDone, "%d rows and %d objects came back and were compared; %s", c.Rows, c.Objects, message)
}

func (r *Reconciler) finish(s *scope) {
	now, status := metav1.NewTime(r.Now()).Rfc3339Copy(), &s.restore.Status
	status.Finished, status.Progress, status.Step = &now, nil, ""
	status.Duration = lasted(status.Started, status.Finished)
}

func lasted(from, to *metav1.Time) string { return agentjob.Lasted(from, to) }

// fail takes back all that was made and says why there is no further attempt. The
// company has what it had.
func (r *Reconciler) fail(ctx context.Context, s *scope, reason, message string) error {
	if err := r.shut(ctx, s); err != nil {
		return err
	}
	r.finish(s)
	s.restore.Status.FormerSchema, s.restore.Status.FormerRelease = "", "" // the company has it
	r.conditions(s).Conclude(v1alpha1.ConditionFailed, reason, message)
	r.event(s, warning, reason, "the restore failed, and Tenant %s has what it had: %s", s.restore.Spec.Tenant, message)
	return nil
}

// shut takes back what was opened for a restore: Jobs at work, the hold and the lease
// on the tenant's row, and every schema of this restore that the company does not have.
// What it had before stays while the restore is there.
func (r *Reconciler) shut(ctx context.Context, s *scope) error {
	if s.id() == "" || s.restore.Status.DatabaseServer == "" {
		return nil // it never got so far
	}
	if err := r.Agent.RemoveJobs(ctx, s.work()); err != nil {
		return err
	}
	if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
		return err
	}
	if s.restore.Spec.Mode == v1alpha1.RestoreDrill {
		if err := r.Agent.Remove(ctx, &corev1.ConfigMap{ObjectMeta: s.work().Meta(s.work().Name)}); err != nil {
			return err
		}
	}
	if s.database == nil {
		_, server, err := r.Servers.NamedDatabase(ctx, r.Client, s.restore.Status.DatabaseServer)
		if fault.Is(err, v1alpha1.ReasonServerNotFound) {
			return nil // what was open went with it
		}
		if err != nil {
			return err
		}
		s.database = server
	}
	if err := r.drop(ctx, s, s.leftovers(), true); err != nil {
		return err
	}
	if s.tenant == nil {
		if err := r.findTenant(ctx, s); err != nil {
			return ignoreGone(err)
		}
	}
	if s.tenant.Annotations[v1alpha1.AnnotationRestore] != s.restore.Name {
		return nil
	}
	return r.annotate(ctx, s, "")
}

// leftovers are the schemas of a restore that nobody is to have. What a finished one has
// brought is another restore's to judge by now.
func (s *scope) leftovers() (schemas []string) {
	status := s.restore.Status
	if !finished(s.restore) {
		schemas = append(schemas, status.Schema)
	}
	if !s.restore.DeletionTimestamp.IsZero() {
		schemas = append(schemas, status.FormerSchema)
	}
	return schemas
}

func ignoreGone(err error) error {
	if fault.Is(err, v1alpha1.ReasonTenantNotFound) {
		return nil
	}
	return err
}

// drop removes schemas, but never the one that the company has. With release true the
// row is given back as well.
func (r *Reconciler) drop(ctx context.Context, s *scope, schemas []string, release bool) error {
	err := r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, row *registry.Row) error {
		for _, schema := range schemas {
			if schema == row.Schema || !strings.HasPrefix(schema, "t_"+s.id()+"_") {
				continue
			}
			if err := postgres.DropSchema(ctx, tx, schema); err != nil {
				return err
			}
		}
		if release && row.Hold == s.holder() {
			row.Hold = ""
		}
		if release && row.Backup == s.holder() {
			row.Backup = ""
		}
		return nil
	})
	if fault.Is(err, v1alpha1.ReasonServerNotFound) {
		return nil // another database by now, with no row of this tenant
	}
	return err
}

// rest drops what a company had before once its time is over, and lets a restore go
// that keeps nothing.
func (r *Reconciler) rest(ctx context.Context, s *scope) error {
	status := &s.restore.Status
	if status.FormerSchema != "" && status.FormerUntil != nil {
		if r.Now().Before(status.FormerUntil.Time) {
			return nil
		}
		var err error
		if _, s.database, err = r.Servers.NamedDatabase(ctx, r.Client, status.DatabaseServer); err != nil && !fault.Is(err, v1alpha1.ReasonServerNotFound) {
			return err
		}
		if err == nil {
			if err := r.drop(ctx, s, []string{status.FormerSchema}, false); err != nil {
				return err
			}
		}
		r.event(s, normal, v1alpha1.ReasonExpired, "schema %s of Tenant %s is dropped: its time is over", status.FormerSchema, s.restore.Spec.Tenant)
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
		status.FormerSchema, status.FormerRelease = "", ""
		return nil
	}
	if !controllerutil.ContainsFinalizer(s.restore, v1alpha1.RestoreFinalizer) {
		return nil
	}
	after := s.before.DeepCopy()
	controllerutil.RemoveFinalizer(after, v1alpha1.RestoreFinalizer)
	if err := r.Client.Patch(ctx, after, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{})); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take the finalizer from restore %s: %w", s.restore.Name, err)
	}
	return nil
}
