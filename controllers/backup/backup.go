// Package backup makes TenantBackups true: each gets its turn, a bucket, credentials
// that reach what it needs for as long as it needs them, and a Job of the agent; what
// the agent left is read back and checked before a backup counts. Whatever was opened
// for it is closed after. It deletes nothing of a backup.
package backup

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/controllers/servers"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/registry"
)

// FieldOwner of everything that this controller applies.
const FieldOwner = client.FieldOwner("atrium-backup")

// Times of a backup.
const (
	closeRoom = 30 * time.Minute // after an attempt's deadline, to take back what was open
	attempts  = 3
	// startWithin is how long a backup waits for its turn and for what it needs;
	// endWithin how long all attempts may take.
	startWithin = 6 * time.Hour
	endWithin   = 16 * time.Hour

	queueLook = 5 * time.Second
	faultLook = 15 * time.Second
	cacheLag  = 20 * time.Millisecond
)

// pauses before the second and the third attempt.
var pauses = [attempts]time.Duration{0, time.Minute, 5 * time.Minute}

// Reconciler makes TenantBackups true.
type Reconciler struct {
	Client   client.Client // reads of labelled objects and of our kinds come from the cache
	Live     client.Reader // reads of all else
	Agent    *agentjob.Runner
	Servers  *servers.Servers
	Registry *registry.Registry
	Events   events.EventRecorder

	Installation string
	Namespace    string // of the operator
	Version      string // of the operator, for manifests

	Now    func() time.Time
	Random io.Reader

	mu       sync.Mutex
	atWork   map[string]backup.Waiting // those whose turn came, which the cache may not show yet
	statuses agentjob.Statuses
}

// +kubebuilder:rbac:groups=atrium.dev,resources=tenantbackups,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenantbackups/status,verbs=patch
// +kubebuilder:rbac:groups=atrium.dev,resources=tenants;databaseservers;objectstores;releases,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=atrium-system,resources=secrets,verbs=get

// Reconcile brings one backup a step further.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var b v1alpha1.TenantBackup
	if err := r.Client.Get(ctx, req.NamespacedName, &b); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if r.statuses.Behind(&b) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	s := &scope{backup: &b, before: b.DeepCopy()}
	if !b.DeletionTimestamp.IsZero() || finished(&b) {
		return r.release(ctx, s)
	}
	err := r.advance(ctx, s)
	result, err := r.outcome(ctx, s, err)
	if finished(&b) {
		result.RequeueAfter = cacheLag // to take the finalizer
	}
	if statusErr := r.writeStatus(ctx, s); apierrors.IsConflict(statusErr) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil // somebody changed it meanwhile
	} else if statusErr != nil {
		return ctrl.Result{}, statusErr
	}
	if finished(&b) {
		r.leave(b.Name) // the cache still counts it until it shows the end
	}
	return result, err
}

// advance takes the next step: a turn, a Job, a look at the Job, the end.
func (r *Reconciler) advance(ctx context.Context, s *scope) error {
	if place := s.backup.Annotations[v1alpha1.AnnotationFound]; place != "" {
		return r.found(ctx, s, place)
	}
	if s.backup.Status.Started == nil {
		return r.begin(ctx, s)
	}
	if err := r.resolveStarted(ctx, s); err != nil || finished(s.backup) {
		return err
	}
	return r.attempt(ctx, s)
}

// outcome turns what came of a step into conditions and the time of the next look.
func (r *Reconciler) outcome(ctx context.Context, s *scope, err error) (ctrl.Result, error) {
	if err == nil {
		return ctrl.Result{}, nil
	}
	if w, ok := asWaiting(err); ok {
		if s.backup.Status.Started == nil && r.Now().After(s.backup.CreationTimestamp.Add(startWithin)) {
			return ctrl.Result{}, r.fail(ctx, s, w.reason, fmt.Sprintf("its turn did not come within %s: %s", startWithin, w.message))
		}
		r.conditions(s).Say(w.reason, w.message)
		return ctrl.Result{RequeueAfter: w.again}, nil
	}
	f, ok := fault.As(err)
	if !ok {
		return ctrl.Result{}, fmt.Errorf("backup %s: %w", s.backup.Name, err)
	}
	if f.Reason == v1alpha1.ReasonFenceLost {
		return ctrl.Result{}, err
	}
	started, limit := s.backup.Status.Started, endWithin
	since := s.backup.CreationTimestamp.Time
	if started == nil {
		limit = startWithin
	} else {
		since = started.Time
	}
	if r.Now().After(since.Add(limit)) {
		return ctrl.Result{}, r.fail(ctx, s, f.Reason, fmt.Sprintf("given up after %s: %s", limit, f.Message))
	}
	r.conditions(s).Say(f.Reason, f.Message)
	return ctrl.Result{RequeueAfter: faultLook}, nil
}

// release lets a backup rest that is finished, and closes what is open for one that is
// deleted while it is at work.
func (r *Reconciler) release(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(s.backup, v1alpha1.BackupFinalizer) {
		r.leave(s.backup.Name)
		return ctrl.Result{}, nil
	}
	if !finished(s.backup) {
		if err := r.shut(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
	}
	controllerutil.RemoveFinalizer(s.backup, v1alpha1.BackupFinalizer)
	err := r.Client.Patch(ctx, s.backup, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{}))
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("take the finalizer from backup %s: %w", s.backup.Name, err)
	}
	r.leave(s.backup.Name)
	return ctrl.Result{}, nil
}

// finished says whether nothing more happens to a backup.
func finished(b *v1alpha1.TenantBackup) bool {
	return complete(b) || expired(b) || meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionFailed)
}

func complete(b *v1alpha1.TenantBackup) bool {
	return meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionComplete)
}

func expired(b *v1alpha1.TenantBackup) bool {
	return meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionExpired)
}
