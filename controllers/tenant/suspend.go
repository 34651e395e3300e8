package tenant

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// suspend stops the app and closes the company's logins, in this order, so that the
// app ends what it has begun. Everything else stays as it is until spec.suspended is
// taken back, or whoever holds the tenant lets go of it, when each step is done again.
func (r *Reconciler) suspend(ctx context.Context, s *scope) error {
	if s.id == "" {
		if found, err := r.locate(ctx, s); err != nil {
			return err
		} else if !found {
			return suspended("nothing of this tenant was made yet, and nothing is while spec.suspended is true")
		}
	}
	if err := r.stopPods(ctx, s); err != nil {
		return err
	}
	// What was verified of the logins is not so any more.
	r.verified.drop(s.tenant.Name)
	if s.database == nil {
		if _, err := r.locate(ctx, s); err != nil {
			return err
		}
	}
	if err := r.closeLogins(ctx, s); err != nil {
		return err
	}
	if !s.tenant.Spec.Suspended {
		return &waiting{v1alpha1.ReasonRestoring, fmt.Sprintf("the app is stopped and its logins are closed while %s replaces the company's data; it starts again by itself", holderOf(s.row.Hold)), heldLook}
	}
	return suspended("the app is stopped and its logins are closed because spec.suspended is true; all data is kept, and false brings it back")
}

func suspended(message string) error {
	return &waiting{reason: v1alpha1.ReasonSuspended, message: message, again: resync}
}

// stopPods ends migrations and takes the app's replicas away, and waits until the
// last pod has ended.
func (r *Reconciler) stopPods(ctx context.Context, s *scope) error {
	if err := r.removeJobs(ctx, s); err != nil {
		return err
	}
	var live appsv1.Deployment
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: v1alpha1.OfficeName}, &live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	if live.UID != "" && (live.Spec.Replicas == nil || *live.Spec.Replicas != 0) {
		none := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`))
		if err := r.Client.Patch(ctx, &live, none, FieldOwner); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("take the replicas of Deployment %s away: %w", v1alpha1.OfficeName, err)
		}
	}
	for _, component := range []string{v1alpha1.OfficeName, componentMigrate} {
		pods, err := r.pods(ctx, s, component)
		if apierrors.IsForbidden(err) && live.UID == "" {
			return nil // a namespace that is not there, or where nothing was made yet
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pods, running) {
			return &waiting{reason: v1alpha1.ReasonEnding, message: "the app's pods are ending", again: time.Second}
		}
	}
	return nil
}

func running(pod corev1.Pod) bool {
	return pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}
