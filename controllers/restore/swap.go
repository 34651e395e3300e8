package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// holding stops the company's app, and swaps its schemas once nobody can read or write
// the one that goes.
func (r *Reconciler) holding(ctx context.Context, s *scope) error {
	if s.restore.Status.Held == nil {
		return r.hold(ctx, s)
	}
	if swapped, err := r.swapped(ctx, s); err != nil || swapped {
		if err == nil {
			err = s.swappedTo()
		}
		return err
	}
	if err := r.annotate(ctx, s, s.restore.Name); err != nil {
		return err
	}
	if still, err := r.works(ctx, s); err != nil || still != "" {
		if err == nil {
			err = &waiting{v1alpha1.ReasonRestoring, "the company is stopped: " + still, swapLook}
		}
		return err
	}
	return r.swap(ctx, s)
}

// hold writes on the tenant's row that the company stays stopped, and notes what it had.
func (r *Reconciler) hold(ctx context.Context, s *scope) error {
	err := r.lease(ctx, s, func(pgx.Tx) error { return nil })
	if err != nil {
		return err
	}
	from, _, _ := s.swaps()
	err = r.Registry.Locked(ctx, s.database, s.id(), func(_ pgx.Tx, row *registry.Row) error {
		if row.Backup != s.holder() || row.Hold != "" && row.Hold != s.holder() {
			return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s is held by %q, and %q works on its backups: it is tried again", s.tenant.Name, row.Hold, row.Backup)
		}
		if from != "" && row.Schema != from {
			return fault.OfUser(v1alpha1.ReasonTooLate, "Tenant %s has schema %s by now, and this restore brought %s: undo the latest restore", s.tenant.Name, row.Schema, from)
		}
		row.Hold, s.row = s.holder(), *row
		return nil
	})
	if fault.Is(err, v1alpha1.ReasonTooLate) {
		r.refuseUndo(s, err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	now, status := metav1.NewTime(r.Now()).Rfc3339Copy(), &s.restore.Status
	if !s.undoing() {
		status.FormerSchema, status.FormerRelease = s.row.Schema, s.row.Release
	}
	status.Held = &now
	r.event(s, normal, v1alpha1.ReasonRestoring, "the app of %s is stopped: its rows are about to be replaced", s.tenant.Name)
	return &waiting{v1alpha1.ReasonRestoring, "the company is being stopped", cacheLag}
}

// swapped says whether the company has the other schema: a pass that was cut off may
// have given it that, and could not write it down.
func (r *Reconciler) swapped(ctx context.Context, s *scope) (yes bool, err error) {
	_, to, _ := s.swaps()
	err = r.Registry.Locked(ctx, s.database, s.id(), func(_ pgx.Tx, row *registry.Row) error {
		yes = row.Schema == to
		return nil
	})
	return yes, err
}

func (s *scope) swappedTo() error {
	_, to, _ := s.swaps()
	s.restore.Status.Step = v1alpha1.RestoreStarting
	return &waiting{v1alpha1.ReasonStarting, "the company has the other schema " + to + ", and its app starts", cacheLag}
}

// swaps says which schema the company has, which one it gets, and of what release.
func (s *scope) swaps() (from, to, release string) {
	status := s.restore.Status
	if s.undoing() {
		return status.Schema, status.FormerSchema, status.FormerRelease
	}
	return status.FormerSchema, status.Schema, status.Release
}

// annotate wakes the tenant controller, which reads the row at each pass while the
// annotation is there; an empty name takes it away. What the rest of the pass sees is what
// was written: a pass that sets it may be the one that takes it away.
func (r *Reconciler) annotate(ctx context.Context, s *scope, name string) error {
	if s.tenant == nil || s.tenant.Annotations[v1alpha1.AnnotationRestore] == name {
		return nil
	}
	value := "null"
	if name != "" {
		value = fmt.Sprintf("%q", name)
	}
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"uid":%q,"annotations":{%q:%s}}}`, s.tenant.UID, v1alpha1.AnnotationRestore, value))
	after := s.tenant.DeepCopy()
	if err := r.Client.Patch(ctx, after, patch, FieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotate Tenant %s: %w", s.tenant.Name, err)
	}
	s.tenant = after
	return nil
}

// works says what of the company's app is still at work; empty: nothing.
func (r *Reconciler) works(ctx context.Context, s *scope) (string, error) {
	c := meta.FindStatusCondition(s.tenant.Status.Conditions, v1alpha1.ConditionWorkloadReady)
	if c == nil || c.Reason != v1alpha1.ReasonRestoring && c.Reason != v1alpha1.ReasonSuspended {
		return "its app is told to end", nil
	}
	var pods corev1.PodList
	labels := client.MatchingLabels{v1alpha1.LabelTenantID: s.id(), v1alpha1.LabelComponent: v1alpha1.OfficeName}
	if err := r.Live.List(ctx, &pods, client.InNamespace(s.work().Namespace), labels); err != nil {
		return "", fmt.Errorf("list the pods of namespace %s: %w", s.work().Namespace, err)
	}
	if slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool {
		return p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
	}) {
		return "its app is ending", nil
	}
	return "", nil
}

// swap gives the company the other schema, in one transaction and after all sessions of
// the app have ended: that the logins are closed is committed before, or one could begin
// again.
func (r *Reconciler) swap(ctx context.Context, s *scope) error {
	if !s.undoing() && s.restore.Status.Compared == nil {
		return fmt.Errorf("swap the schemas of tenant %s: what came back was not compared", s.tenant.Name)
	}
	err := r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, _ *registry.Row) error {
		return postgres.CloseLogins(ctx, tx, s.logins())
	})
	if err != nil {
		return err
	}
	from, to, release := s.swaps()
	left := 0
	err = r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, row *registry.Row) (err error) {
		if row.Schema != from || row.Hold != s.holder() {
			return fault.Blocked(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s has schema %s and is held by %q: somebody changed its row in the registry behind this restore", s.tenant.Name, row.Schema, row.Hold)
		}
		if err := postgres.EndSessions(ctx, tx, s.logins()); err != nil {
			return err
		}
		if left, err = postgres.Sessions(ctx, tx, s.logins()); err != nil || left > 0 {
			return err
		}
		row.Schema, row.Release, row.Target, row.Hold, row.Backup = to, release, "", "", ""
		row.NextEpoch(r.Now())
		return nil
	})
	if err != nil {
		return err
	}
	if left > 0 {
		return &waiting{v1alpha1.ReasonRestoring, fmt.Sprintf("the company is stopped: %d of its sessions are ending", left), swapLook}
	}
	return s.swappedTo()
}

// starting waits until people can work again.
func (r *Reconciler) starting(ctx context.Context, s *scope) error {
	if err := r.annotate(ctx, s, s.restore.Name); err != nil {
		return err
	}
	ready := meta.FindStatusCondition(s.tenant.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Reason != v1alpha1.ReasonSuspended && ready.Status != metav1.ConditionTrue {
		message := "the app starts"
		if ready != nil {
			message += ": " + ready.Message
		}
		return &waiting{v1alpha1.ReasonStarting, message, swapLook}
	}
	if err := r.shut(ctx, s); err != nil {
		return err
	}
	status := &s.restore.Status
	switch {
	case s.undoing():
		r.undone(s)
		return nil
	case s.restore.Spec.Mode == v1alpha1.RestoreInto:
		r.succeed(s, fmt.Sprintf("Tenant %s began with the rows of %s", s.tenant.Name, status.Moment.UTC().Format(inWords)))
		return nil
	}
	until := metav1.NewTime(r.Now().Add(formerKept)).Rfc3339Copy()
	status.Downtime, status.FormerUntil = lasted(status.Held, &ready.LastTransitionTime), &until
	r.succeed(s, fmt.Sprintf("Tenant %s has the rows of %s; what it had before stays until %s: set spec.undo to true to have it again",
		s.tenant.Name, status.Moment.UTC().Format(inWords), until.UTC().Format(inWords)))
	return nil
}

const inWords = "2006-01-02 15:04:05 UTC"

// progressOf the agent's work in the store.
func (s *scope) progressOf() string { return backup.ProgressOf(s.restore.Spec.Backup) }
