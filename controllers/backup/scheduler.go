package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/backup"
)

// SchedulerFieldOwner of status.backup of Tenants.
const SchedulerFieldOwner = client.FieldOwner("atrium-backup-schedule")

const (
	// pendingLook is when a company is looked at again whose backup is due while
	// another one is pending.
	pendingLook = time.Minute
	// fullAtLeast is the age of the last full backup at which the next one is full,
	// whatever the day: that of its week was skipped or failed.
	fullAtLeast = 8 * 24 * time.Hour
	byTenant    = "spec.tenant" // index of TenantBackups
)

// Scheduler makes TenantBackups when companies' policies ask for them, removes what
// their retention does not keep, and sums up in each Tenant what there is.
type Scheduler struct {
	Backups *Reconciler
}

// +kubebuilder:rbac:groups=atrium.dev,resources=plans,verbs=get;list;watch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenants/status,verbs=patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenantbackups,verbs=create;delete

// Reconcile looks at one company's agenda.
func (s *Scheduler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r := s.Backups
	var t v1alpha1.Tenant
	if err := r.Client.Get(ctx, req.NamespacedName, &t); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !t.DeletionTimestamp.IsZero() || t.Status.ID == "" {
		return ctrl.Result{}, nil
	}
	policy, err := s.policy(ctx, &t)
	if err != nil {
		return ctrl.Result{}, err
	}
	var list v1alpha1.TenantBackupList
	if err := r.Client.List(ctx, &list, client.MatchingFields{byTenant: t.Name}); err != nil {
		return ctrl.Result{}, fmt.Errorf("list the backups of tenant %s: %w", t.Name, err)
	}
	after := summary(&t, list.Items)
	if after.Proven, err = s.proven(ctx, &t); err != nil {
		return ctrl.Result{}, err
	}
	again, err := s.follow(ctx, &t, policy, list.Items, after)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := s.drill(ctx, &t, policy, after); err != nil {
		return ctrl.Result{}, err
	}
	if policy != nil {
		keep := backup.Retention{Daily: int(policy.Retention.Daily), Weekly: int(policy.Retention.Weekly), Monthly: int(policy.Retention.Monthly)}
		if again, err = s.retained(ctx, &t, keep, list.Items, again); err != nil {
			return ctrl.Result{}, err
		}
	}
	if err := s.write(ctx, &t, after); apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	} else if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: again}, nil
}

// policy of a company: its own, or that of its plan; nil: none.
func (s *Scheduler) policy(ctx context.Context, t *v1alpha1.Tenant) (*v1alpha1.BackupPolicy, error) {
	if t.Spec.Backup != nil {
		return t.Spec.Backup, nil
	}
	var plan v1alpha1.Plan
	if err := s.Backups.Client.Get(ctx, client.ObjectKey{Name: t.Spec.Plan}, &plan); err != nil {
		return nil, client.IgnoreNotFound(err) // the Tenant's own condition tells of it
	}
	return plan.Spec.Backup, nil
}

// summary is what there is of a company's backups, with what its schedule has counted.
func summary(t *v1alpha1.Tenant, all []v1alpha1.TenantBackup) *v1alpha1.BackupSummary {
	after := &v1alpha1.BackupSummary{}
	if was := t.Status.Backup; was != nil {
		after.Day, after.Skipped = was.Day, was.Skipped
	}
	for i := range all {
		b := &all[i]
		if b.Status.TenantID == t.Status.ID && complete(b) && b.Status.Moment != nil && (after.Moment == nil || after.Moment.Before(b.Status.Moment)) {
			after.Last, after.Moment = b.Name, b.Status.Moment.DeepCopy()
		}
	}
	return after
}

// follow does what the policy asks for now, and says when to look again; 0: at the
// next event.
func (s *Scheduler) follow(ctx context.Context, t *v1alpha1.Tenant, policy *v1alpha1.BackupPolicy, all []v1alpha1.TenantBackup, after *v1alpha1.BackupSummary) (time.Duration, error) {
	if policy == nil {
		return 0, nil
	}
	now := s.Backups.Now()
	agenda := backup.Look(t.Status.ID, window(policy, t), after.Day, now)
	next := metav1.NewTime(agenda.Next.At).Rfc3339Copy()
	after.Next = &next
	again := max(agenda.Next.At.Sub(now), time.Second)
	if agenda.Now == nil {
		return again, nil
	}
	if pending(all) {
		return pendingLook, nil // skipped, and counted later, if that takes too long
	}
	name := nameOf(t, agenda.Now.Day)
	want := &v1alpha1.TenantBackup{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		v1alpha1.LabelTenant: t.Name, v1alpha1.LabelTenantID: t.Status.ID, v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
	}}, Spec: v1alpha1.TenantBackupSpec{Tenant: t.Name, Type: v1alpha1.BackupIncremental}}
	if agenda.Now.Full || overdue(t, all, now) {
		want.Spec.Type = v1alpha1.BackupFull
	}
	if err := s.Backups.Client.Create(ctx, want, FieldOwner); err != nil && !apierrors.IsAlreadyExists(err) {
		return 0, fmt.Errorf("make backup %s of tenant %s: %w", name, t.Name, err)
	}
	after.Day, after.Skipped = agenda.Now.Day, after.Skipped+int32(agenda.Skipped) //nolint:gosec // days
	return again, nil
}

// window of a policy, in the company's time zone.
func window(policy *v1alpha1.BackupPolicy, t *v1alpha1.Tenant) backup.Window {
	w := backup.Window{Length: time.Duration(policy.Window.Hours) * time.Hour, Location: location(t)}
	if start, err := time.Parse("15:04", policy.Window.Start); err == nil {
		w.Start = time.Duration(start.Hour())*time.Hour + time.Duration(start.Minute())*time.Minute
	}
	return w
}

// location of a company; a zone that this program does not know counts as UTC.
func location(t *v1alpha1.Tenant) *time.Location {
	if in, err := time.LoadLocation(t.Spec.Timezone); err == nil {
		return in
	}
	return time.UTC
}

func pending(all []v1alpha1.TenantBackup) bool {
	for i := range all {
		if !finished(&all[i]) {
			return true
		}
	}
	return false
}

// overdue says whether a company that has backups has no young full one.
func overdue(t *v1alpha1.Tenant, all []v1alpha1.TenantBackup, now time.Time) bool {
	for i := range all {
		b := &all[i]
		if b.Status.TenantID == t.Status.ID && complete(b) && b.Status.Type == v1alpha1.BackupFull && b.Status.Moment != nil && now.Sub(b.Status.Moment.Time) < fullAtLeast {
			return false
		}
	}
	return true
}

// nameOf a scheduled backup: one for each company and day.
func nameOf(t *v1alpha1.Tenant, day string) string {
	name := strings.TrimRight(t.Name[:min(len(t.Name), 28)], "-")
	return name + "-" + t.Status.ID + "-" + strings.ReplaceAll(day, "-", "")
}

// write applies status.backup, which is ours alone.
func (s *Scheduler) write(ctx context.Context, t *v1alpha1.Tenant, after *v1alpha1.BackupSummary) error {
	before := t.Status.Backup
	if before == nil {
		before = &v1alpha1.BackupSummary{}
	}
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	if err != nil {
		return fmt.Errorf("render status.backup of tenant %s: %w", t.Name, err)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"backup": fields}}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Tenant"))
	patch.SetName(t.Name)
	patch.SetResourceVersion(t.ResourceVersion) // not a later Tenant of the same name
	if err := s.Backups.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), SchedulerFieldOwner, client.ForceOwnership); err != nil {
		return fmt.Errorf("write status.backup of tenant %s: %w", t.Name, client.IgnoreNotFound(err))
	}
	return nil
}

// Index lets TenantBackups be listed by tenant. It comes before SetupWithManager.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	err := indexer.IndexField(ctx, &v1alpha1.TenantBackup{}, byTenant, func(o client.Object) []string {
		return []string{o.(*v1alpha1.TenantBackup).Spec.Tenant}
	})
	if err != nil {
		return fmt.Errorf("index TenantBackups by tenant: %w", err)
	}
	return nil
}

// SetupWithManager registers the controller and its watches.
func (s *Scheduler) SetupWithManager(mgr ctrl.Manager) error {
	placed := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, now := e.ObjectOld.(*v1alpha1.Tenant), e.ObjectNew.(*v1alpha1.Tenant)
		return old.Generation != now.Generation || old.Status.ID != now.Status.ID
	}}
	ended := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return finished(e.ObjectOld.(*v1alpha1.TenantBackup)) != finished(e.ObjectNew.(*v1alpha1.TenantBackup))
	}}
	tenantOf := func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.(*v1alpha1.TenantBackup).Spec.Tenant}}}
	}
	err := ctrl.NewControllerManagedBy(mgr).Named("backup-schedule").
		For(&v1alpha1.Tenant{}, builder.WithPredicates(placed)).
		Watches(&v1alpha1.TenantBackup{}, handler.EnqueueRequestsFromMapFunc(tenantOf), builder.WithPredicates(ended)).
		Watches(&v1alpha1.TenantRestore{}, handler.EnqueueRequestsFromMapFunc(drilledTenant), builder.WithPredicates(drillEnded())).
		Watches(&v1alpha1.Plan{}, handler.EnqueueRequestsFromMapFunc(s.onPlan), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2, ReconciliationTimeout: sweepLasts + passLimit}).
		Complete(s)
	if err != nil {
		return fmt.Errorf("set up controller backup-schedule: %w", err)
	}
	return nil
}

// onPlan finds the companies of a Plan that changed.
func (s *Scheduler) onPlan(ctx context.Context, plan client.Object) (requests []reconcile.Request) {
	var list v1alpha1.TenantList
	if err := s.Backups.Client.List(ctx, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Tenants of a plan")
		return nil
	}
	for _, t := range list.Items {
		if t.Spec.Plan == plan.GetName() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Name: t.Name}})
		}
	}
	return requests
}
