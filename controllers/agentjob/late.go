package agentjob

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// RemoveLate removes from a company's namespace Jobs at work, and what the agent is given,
// for backups and restores that are finished or gone. An operator that stood still while another one
// ended its work may make that when it goes on, and nobody else looks for it.
func (r *Runner) RemoveLate(ctx context.Context, w Work) error {
	for _, list := range []client.ObjectList{&batchv1.JobList{}, &corev1.SecretList{}, &corev1.ConfigMapList{}, &networkingv1.NetworkPolicyList{}} {
		err := r.Live.List(ctx, list, client.InNamespace(w.Namespace), client.MatchingLabels{v1alpha1.LabelComponent: v1alpha1.AgentName})
		if err != nil {
			return refused(fmt.Errorf("list what the agent is given in namespace %s: %w", w.Namespace, err))
		}
		err = meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			if job, is := object.(*batchv1.Job); is && Ended(job) {
				return nil // it stays for people to look at
			}
			if needed, err := r.needed(ctx, object.GetLabels()); err != nil || needed {
				return err
			}
			return r.Remove(ctx, object)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// needed says whether the backup or restore that labels name is not finished.
func (r *Runner) needed(ctx context.Context, labels map[string]string) (bool, error) {
	var conditions []metav1.Condition
	var err error
	if name := labels[v1alpha1.LabelRestore]; name != "" {
		var tr v1alpha1.TenantRestore
		err = r.Live.Get(ctx, client.ObjectKey{Name: name}, &tr)
		conditions = tr.Status.Conditions
	} else if name := labels[v1alpha1.LabelBackup]; name != "" {
		var b v1alpha1.TenantBackup
		err = r.Live.Get(ctx, client.ObjectKey{Name: name}, &b)
		conditions = b.Status.Conditions
	} else {
		return true, nil // not made here
	}
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("see whether the agent's work is finished: %w", err)
	}
	for _, end := range []string{v1alpha1.ConditionComplete, v1alpha1.ConditionFailed, v1alpha1.ConditionExpired} {
		if meta.IsStatusConditionTrue(conditions, end) {
			return false, nil
		}
	}
	return true, nil
}
