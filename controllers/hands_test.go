package controllers_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// hands do what the controller manager and the kubelets of a cluster would: Jobs
// end, Deployments get their pods, namespaces go when they are deleted. The API
// server is real; pods that really run are tested in test/e2e.
type hands struct {
	client client.Client
	kube   kubernetes.Interface

	mu   sync.Mutex
	exit int32 // of migrations
	pods bool  // whether Deployments get pods
}

func quantity(text string) resource.Quantity { return resource.MustParse(text) }

func startHands(t *testing.T, c client.Client, config *rest.Config) *hands {
	t.Helper()
	k, err := kubernetes.NewForConfig(config)
	check(t, err)
	h := &hands{client: c, kube: k, pods: true}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				// An error passes: the next round tries again.
				_ = h.jobs(ctx)
				_ = h.deployments(ctx)
				_ = h.namespaces(ctx)
			}
		}
	}()
	return h
}

// migrationsExit sets the exit code of migrations from now on.
func (h *hands) migrationsExit(code int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.exit = code
}

// givePods says whether Deployments get pods from now on.
func (h *hands) givePods(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pods = yes
}

func (h *hands) now() (exit int32, pods bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.exit, h.pods
}

func (h *hands) jobs(ctx context.Context) error {
	exit, _ := h.now()
	var list batchv1.JobList
	if err := h.client.List(ctx, &list, client.HasLabels{v1alpha1.LabelTenantID}); err != nil {
		return err
	}
	for i := range list.Items {
		job := &list.Items[i]
		if len(job.Status.Conditions) > 0 || !job.DeletionTimestamp.IsZero() {
			continue
		}
		if exit >= 0 {
			if err := h.endJob(ctx, job, exit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *hands) endJob(ctx context.Context, job *batchv1.Job, exit int32) error {
	now := metav1.Now()
	conditions := []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete}
	job.Status.Succeeded = 1
	if exit != 0 {
		conditions = []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed}
		job.Status.Succeeded, job.Status.Failed = 0, 1
		if err := h.failedPod(ctx, job, exit); err != nil {
			return err
		}
	} else {
		job.Status.CompletionTime = &now
	}
	job.Status.StartTime = &now
	for _, kind := range conditions {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now, LastProbeTime: now, Reason: "Test",
		})
	}
	return h.client.Status().Update(ctx, job)
}

// failedPod is what is left of a Job's pod.
func (h *hands) failedPod(ctx context.Context, job *batchv1.Job, exit int32) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: job.Name + "-", Namespace: job.Namespace, Labels: job.Spec.Template.Labels},
		Spec:       job.Spec.Template.Spec,
	}
	pod.Labels[batchv1.JobNameLabel] = job.Name
	if err := h.client.Create(ctx, pod); err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodFailed
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "migrate", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: exit}},
	}}
	return h.client.Status().Update(ctx, pod)
}

func (h *hands) deployments(ctx context.Context) error {
	_, pods := h.now()
	var list appsv1.DeploymentList
	if err := h.client.List(ctx, &list, client.HasLabels{v1alpha1.LabelTenantID}); err != nil {
		return err
	}
	for i := range list.Items {
		d := &list.Items[i]
		want := appsv1.DeploymentStatus{ObservedGeneration: d.Generation}
		if pods {
			n := *d.Spec.Replicas
			want.Replicas, want.UpdatedReplicas, want.ReadyReplicas, want.AvailableReplicas = n, n, n, n
		}
		if d.Status.ObservedGeneration == want.ObservedGeneration && d.Status.AvailableReplicas == want.AvailableReplicas {
			continue
		}
		d.Status = want
		if err := h.client.Status().Update(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// namespaces empties and releases those that are being deleted.
func (h *hands) namespaces(ctx context.Context) error {
	var list corev1.NamespaceList
	if err := h.client.List(ctx, &list); err != nil {
		return err
	}
	for i := range list.Items {
		n := &list.Items[i]
		if n.DeletionTimestamp.IsZero() || len(n.Spec.Finalizers) == 0 {
			continue
		}
		for _, kind := range []client.Object{
			&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Pod{}, &batchv1.Job{}, &appsv1.Deployment{}, &appsv1.ControllerRevision{}, &corev1.ServiceAccount{},
		} {
			if err := h.client.DeleteAllOf(ctx, kind, client.InNamespace(n.Name), client.GracePeriodSeconds(0)); err != nil {
				return err
			}
		}
		n.Spec.Finalizers = nil
		if _, err := h.kube.CoreV1().Namespaces().Finalize(ctx, n, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// children are lists of the kinds that a tenant's namespace holds.
func children() []client.ObjectList {
	return []client.ObjectList{
		&corev1.NamespaceList{}, &corev1.SecretList{}, &corev1.ConfigMapList{}, &corev1.ServiceAccountList{}, &corev1.ResourceQuotaList{},
		&corev1.LimitRangeList{}, &corev1.ServiceList{}, &rbacv1.RoleBindingList{}, &networkingv1.NetworkPolicyList{},
		&policyv1.PodDisruptionBudgetList{}, &batchv1.JobList{}, &appsv1.DeploymentList{}, &appsv1.ControllerRevisionList{},
	}
}

func namesOf(t *testing.T, list client.ObjectList) (names []string) {
	t.Helper()
	check(t, meta.EachListItem(list, func(o runtime.Object) error {
		names = append(names, fmt.Sprintf("%T %s", o, o.(client.Object).GetName()))
		return nil
	}))
	return names
}
