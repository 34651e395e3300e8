// Package restore makes TenantRestores true: rows of a backup come into a schema that
// nobody uses, are compared there, and only then a company gets them: by a swap that can
// be undone, or because it was made for them. A drill lets nobody have them. Until the
// swap a company loses nothing, whatever fails.
package restore

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// FieldOwner of everything that this controller applies.
const FieldOwner = client.FieldOwner("atrium-restore")

// Times of a restore.
const (
	attempts    = 3
	startWithin = 6 * time.Hour    // until its turn comes
	endWithin   = 16 * time.Hour   // all attempts, until the company has the rows
	holdWithin  = 15 * time.Minute // until the app has ended: people wait
	closeRoom   = 30 * time.Minute // after a Job's deadline, to take back what was open
	migrateEnds = 30 * time.Minute // deadline of the Job that makes the tables
	// formerKept is how long a company's former rows stay: longer than it takes until
	// somebody misses something after a holiday.
	formerKept = 7 * 24 * time.Hour

	queueLook = 5 * time.Second
	jobLook   = 5 * time.Second
	swapLook  = time.Second // while people are cut off
	faultLook = 15 * time.Second
	cacheLag  = 20 * time.Millisecond
)

// pauses before the second and the third attempt.
var pauses = [attempts]time.Duration{0, time.Minute, 5 * time.Minute}

// Reconciler makes TenantRestores true.
type Reconciler struct {
	Client   client.Client // reads of labelled objects and of our kinds come from the cache
	Live     client.Reader // reads of all else
	Agent    *agentjob.Runner
	Servers  *servers.Servers
	Registry *registry.Registry
	Events   events.EventRecorder

	Installation string
	Namespace    string // of the operator
	Now          func() time.Time

	statuses agentjob.Statuses
}

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantrestores,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenantrestores/status,verbs=patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenantbackups;plans;databaseservers;objectstores;releases,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=get

// Reconcile brings one restore a step further.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var tr v1alpha1.TenantRestore
	if err := r.Client.Get(ctx, req.NamespacedName, &tr); err != nil {
		if apierrors.IsNotFound(err) {
			r.statuses.Forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if r.statuses.Behind(&tr) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	s := &scope{restore: &tr, before: tr.DeepCopy()}
	if !tr.DeletionTimestamp.IsZero() {
		return r.release(ctx, s)
	}
	result, err := r.outcome(ctx, s, r.advance(ctx, s))
	if statusErr := r.writeStatus(ctx, s); apierrors.IsConflict(statusErr) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil // somebody changed it meanwhile
	} else if statusErr != nil {
		return ctrl.Result{}, statusErr
	}
	return result, err
}

// advance takes the next step.
func (r *Reconciler) advance(ctx context.Context, s *scope) error {
	switch {
	case finished(s.restore) && !s.undoing():
		return r.rest(ctx, s)
	case s.restore.Status.Started == nil:
		return r.begin(ctx, s)
	}
	if err := r.resolve(ctx, s); err != nil {
		return err
	}
	if finished(s.restore) && !s.undoing() {
		return nil
	}
	if s.undoing() && !s.undoBegun() {
		return r.beginUndo(s)
	}
	switch s.restore.Status.Step {
	case v1alpha1.RestoreMigrating:
		return r.migrating(ctx, s)
	case v1alpha1.RestoreLoading:
		return r.loading(ctx, s)
	case v1alpha1.RestoreProving:
		return r.proving(ctx, s)
	case v1alpha1.RestoreHolding:
		return r.holding(ctx, s)
	}
	return r.starting(ctx, s)
}

// outcome turns what came of a step into conditions and the time of the next look.
func (r *Reconciler) outcome(ctx context.Context, s *scope, err error) (ctrl.Result, error) {
	if err == nil {
		return r.next(s), nil
	}
	w, waits := asWaiting(err)
	if !waits {
		f, ok := fault.As(err)
		if !ok {
			return ctrl.Result{}, fmt.Errorf("restore %s: %w", s.restore.Name, err)
		}
		if f.Reason == v1alpha1.ReasonFenceLost {
			return ctrl.Result{}, err
		}
		w = &waiting{f.Reason, f.Message, faultLook}
	}
	if finished(s.restore) { // it is being undone, or what it kept is to be dropped
		r.conditions(s).Set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, w.reason, w.message)
		return ctrl.Result{RequeueAfter: w.again}, nil
	}
	if over, err := r.over(ctx, s); err != nil {
		return ctrl.Result{}, err
	} else if over {
		if waits {
			w.reason = v1alpha1.ReasonRestoreTooLong
		}
		return ctrl.Result{RequeueAfter: cacheLag}, r.fail(ctx, s, w.reason, "it took too long and is given up: "+w.message)
	}
	r.conditions(s).Say(w.reason, w.message)
	return ctrl.Result{RequeueAfter: w.again}, nil
}

// over says whether a restore is to be given up. One whose schemas are swapped, though
// it may not know, never is.
func (r *Reconciler) over(ctx context.Context, s *scope) (bool, error) {
	limit := s.limit()
	if limit.IsZero() || !r.Now().After(limit) {
		return false, nil
	}
	if s.restore.Status.Step != v1alpha1.RestoreHolding || s.restore.Status.Held == nil {
		return true, nil
	}
	if s.database == nil {
		return false, nil
	}
	swapped, err := r.swapped(ctx, s)
	return !swapped, err
}

// limit is when a restore is given up; zero once the company has the rows: from then on
// it goes forward only.
func (s *scope) limit() time.Time {
	status := s.restore.Status
	switch {
	case status.Started == nil:
		return s.restore.CreationTimestamp.Add(startWithin)
	case status.Step == v1alpha1.RestoreStarting:
		return time.Time{}
	case status.Step == v1alpha1.RestoreHolding && status.Held != nil:
		return status.Held.Add(holdWithin)
	}
	return status.Started.Add(endWithin)
}

// next look at a restore that is finished.
func (r *Reconciler) next(s *scope) ctrl.Result {
	until := s.restore.Status.FormerUntil
	if s.restore.Status.FormerSchema == "" || until == nil {
		if finished(s.restore) && controllerutil.ContainsFinalizer(s.restore, v1alpha1.RestoreFinalizer) {
			return ctrl.Result{RequeueAfter: cacheLag} // to take it
		}
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(until.Sub(r.Now()), time.Second)}
}

// release takes back what is open for a restore that is deleted, and gives up its undo.
func (r *Reconciler) release(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(s.restore, v1alpha1.RestoreFinalizer) {
		return ctrl.Result{}, nil
	}
	if err := r.shut(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	controllerutil.RemoveFinalizer(s.restore, v1alpha1.RestoreFinalizer)
	err := r.Client.Patch(ctx, s.restore, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{}))
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("take the finalizer from restore %s: %w", s.restore.Name, err)
	}
	return ctrl.Result{}, nil
}

// finished says whether nothing more happens to a restore by itself.
func finished(tr *v1alpha1.TenantRestore) bool {
	return meta.IsStatusConditionTrue(tr.Status.Conditions, v1alpha1.ConditionComplete) || meta.IsStatusConditionTrue(tr.Status.Conditions, v1alpha1.ConditionFailed)
}
