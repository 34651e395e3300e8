// Package agentjob runs the agent in companies' namespaces, for those who back up and
// those who restore: its Job with the pod, its task and its way to the backup store, the
// credentials that it needs, and what became of it. It decides nothing about backups.
package agentjob

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
)

// Times of the agent.
const (
	// Deadline ends a run. Credentials outlast it, and so does the time for which the
	// tenant's row says that somebody works on its backups.
	Deadline = 4 * time.Hour

	FirstLook = 3 * time.Second // at a Job: a pod that cannot start says so by then
	Look      = backup.ProgressEvery
)

// Runner runs the agent for one controller.
type Runner struct {
	Client client.Client
	Live   client.Reader
	Owner  client.FieldOwner // of all that it applies

	Installation string
	Namespace    string // of the operator
	Image        string // of the agent
	Now          func() time.Time
}

// Work is what one object, a TenantBackup for example, has the agent do.
type Work struct {
	Name      string // of its Secret and its policy
	Label     string // key of the label that tells what is made for it …
	Of        string // … and its value: the object's name
	Namespace string // of the company
	Tenant    string
	TenantID  string
}

// Labels of all that is made.
func (w Work) Labels() map[string]string {
	return map[string]string{
		v1alpha1.LabelTenantID: w.TenantID, v1alpha1.LabelTenant: w.Tenant, v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
		v1alpha1.LabelComponent: v1alpha1.AgentName, w.Label: w.Of,
	}
}

// Meta of an object that is made.
func (w Work) Meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: w.Namespace, Labels: w.Labels()}
}

// WriteTask puts the task into a Secret of the company's namespace.
func (r *Runner) WriteTask(ctx context.Context, w Work, task *backup.Task) error {
	raw, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("write the task of %s: %w", w.Name, err)
	}
	return r.Apply(ctx, &corev1.Secret{ObjectMeta: w.Meta(w.Name), Type: corev1.SecretTypeOpaque, Data: map[string][]byte{backup.TaskFile: raw}})
}

// Start makes the Job of one run, after the way to the backup store is open. The Job is
// one pod, once: when the next run is due depends on why this one failed.
func (r *Runner) Start(ctx context.Context, w Work, store *v1alpha1.ObjectStore, job, command string, deadline time.Duration) error {
	policy, err := r.policy(ctx, w, store)
	if err != nil {
		return err
	}
	if err := r.Apply(ctx, policy); err != nil {
		return err
	}
	return r.Create(ctx, w.Job(job, deadline, corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: w.Labels()}, Spec: r.pod(w, command)}))
}

// Job of one pod, once. It stays a day for people to look at.
func (w Work) Job(name string, deadline time.Duration, template corev1.PodTemplateSpec) *batchv1.Job {
	backoff, seconds, kept := int32(0), int64(deadline/time.Second), int32(24*60*60)
	return &batchv1.Job{ObjectMeta: w.Meta(name), Spec: batchv1.JobSpec{
		BackoffLimit: &backoff, ActiveDeadlineSeconds: &seconds, TTLSecondsAfterFinished: &kept, Template: template,
	}}
}

// Create makes a Job that may be there already.
func (r *Runner) Create(ctx context.Context, job *batchv1.Job) error {
	if err := r.Client.Create(ctx, job, r.Owner); err != nil && !apierrors.IsAlreadyExists(err) {
		return refused(fmt.Errorf("make Job %s: %w", job.Name, err))
	}
	return nil
}

// policy opens the way to the backup store for this work's pods; names, database and
// the company's bucket are open to each pod of the namespace.
func (r *Runner) policy(ctx context.Context, w Work, store *v1alpha1.ObjectStore) (*networkingv1.NetworkPolicy, error) {
	way, err := tenant.EgressToStore(ctx, r.Live, store)
	if err != nil {
		return nil, err
	}
	return &networkingv1.NetworkPolicy{ObjectMeta: w.Meta(w.Name), Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{w.Label: w.Of}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Egress:      []networkingv1.NetworkPolicyEgressRule{way},
	}}, nil
}

// Apply makes an object as it should be.
func (r *Runner) Apply(ctx context.Context, object client.Object) error {
	gvk, err := apiutil.GVKForObject(object, r.Client.Scheme())
	if err != nil {
		return fmt.Errorf("find the kind of %T: %w", object, err)
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return fmt.Errorf("render %s %s: %w", gvk.Kind, object.GetName(), err)
	}
	delete(fields, "status")
	want := &unstructured.Unstructured{Object: fields}
	want.SetGroupVersionKind(gvk)
	unstructured.RemoveNestedField(want.Object, "metadata", "creationTimestamp")
	if err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(want), r.Owner, client.ForceOwnership); err != nil {
		return refused(fmt.Errorf("apply %s %s: %w", gvk.Kind, object.GetName(), err))
	}
	return nil
}

// refused gives an answer of the API server a reason that does not pass by itself.
func refused(err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		return fault.New(v1alpha1.ReasonClusterRefused, err, "the API server refused: %v; check quotas, admission policies and the operator's rights", err)
	}
	return err
}

// RemoveJobs ends the Jobs of a work that have not ended. Others stay for people to look
// at.
func (r *Runner) RemoveJobs(ctx context.Context, w Work) error {
	var list batchv1.JobList
	err := r.Live.List(ctx, &list, client.InNamespace(w.Namespace), client.MatchingLabels{w.Label: w.Of})
	if apierrors.IsForbidden(err) {
		return nil // the namespace is gone, or the operator's rights in it
	}
	if err != nil {
		return fmt.Errorf("list the Jobs of %s: %w", w.Name, err)
	}
	for i := range list.Items {
		if Ended(&list.Items[i]) {
			continue
		}
		if err := r.Remove(ctx, &list.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

// RemoveFormer removes the Jobs that an earlier object of the same name has left, before
// the first of this one is made: it would be taken for it. It says whether some are left.
func (r *Runner) RemoveFormer(ctx context.Context, w Work) (left bool, err error) {
	var list batchv1.JobList
	if err := r.Live.List(ctx, &list, client.InNamespace(w.Namespace), client.MatchingLabels{w.Label: w.Of}); err != nil {
		return false, refused(fmt.Errorf("list the Jobs of %s: %w", w.Name, err))
	}
	for i := range list.Items {
		if err := r.Remove(ctx, &list.Items[i]); err != nil {
			return true, err
		}
	}
	return len(list.Items) > 0, nil
}

// RemoveObjects removes Secret and policy of a work. A namespace that is gone, or goes,
// takes them along.
func (r *Runner) RemoveObjects(ctx context.Context, w Work) error {
	for _, object := range []client.Object{&corev1.Secret{ObjectMeta: w.Meta(w.Name)}, &networkingv1.NetworkPolicy{ObjectMeta: w.Meta(w.Name)}} {
		if err := r.Remove(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes an object, if it is there.
func (r *Runner) Remove(ctx context.Context, object client.Object) error {
	err := r.Client.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return fmt.Errorf("remove %T %s/%s: %w", object, object.GetNamespace(), object.GetName(), err)
	}
	return nil
}
