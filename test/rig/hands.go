package rig

import (
	"context"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// Hands do what the controller manager and the kubelets of a cluster would: Jobs
// end, Deployments get their pods, namespaces go when they are deleted. The API
// server is real; pods that really run are tested in test/e2e.
type Hands struct {
	cluster *cluster
	look    chan struct{} // asks for another round

	mu   sync.Mutex
	exit int32 // of migrations
	pods bool  // whether Deployments get pods
}

// handsPause is the time between two looks without an event.
const handsPause = time.Second

func startHands(t testing.TB, c *cluster) *Hands {
	t.Helper()
	h := &Hands{cluster: c, look: make(chan struct{}, 1), pods: true}
	ctx, cancel := context.WithCancel(background(t))
	var all sync.WaitGroup
	t.Cleanup(func() { cancel(); all.Wait() })
	for _, list := range []client.ObjectList{&batchv1.JobList{}, &appsv1.DeploymentList{}, &corev1.NamespaceList{}} {
		all.Go(func() { h.listen(ctx, list) })
	}
	all.Go(func() { h.work(ctx) })
	return h
}

// listen asks for a round at each event of a kind.
func (h *Hands) listen(ctx context.Context, list client.ObjectList) {
	for ctx.Err() == nil {
		watch, err := h.cluster.client.Watch(ctx, list)
		if err != nil {
			wait(ctx, nil, handsPause/10)
			continue
		}
		for range watch.ResultChan() {
			h.ask()
		}
		watch.Stop()
	}
}

func (h *Hands) ask() {
	select {
	case h.look <- struct{}{}:
	default:
	}
}

func wait(ctx context.Context, events <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-events:
	case <-timer.C:
	}
}

func (h *Hands) work(ctx context.Context) {
	for ctx.Err() == nil {
		// An error passes: the next round tries again.
		for _, part := range []func(context.Context) error{h.jobs, h.deployments, h.namespaces} {
			if part(ctx) != nil {
				h.ask()
			}
		}
		// Events that come together are one round.
		wait(ctx, nil, handsPause/100)
		wait(ctx, h.look, handsPause)
	}
}

// MigrationsExit sets the exit code of migrations from now on; with a negative one
// they do not end.
func (h *Hands) MigrationsExit(code int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.exit = code
	h.ask()
}

// GivePods says whether Deployments get pods from now on.
func (h *Hands) GivePods(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pods = yes
	h.ask()
}

func (h *Hands) now() (exit int32, pods bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.exit, h.pods
}

func (h *Hands) jobs(ctx context.Context) error {
	exit, _ := h.now()
	var list batchv1.JobList
	if err := h.cluster.client.List(ctx, &list, client.HasLabels{v1alpha1.LabelTenantID}); err != nil {
		return err
	}
	for i := range list.Items {
		job := &list.Items[i]
		if len(job.Status.Conditions) > 0 || !job.DeletionTimestamp.IsZero() || exit < 0 || job.Labels[v1alpha1.LabelBackup]+job.Labels[v1alpha1.LabelRestore] != "" {
			continue // what backs up or restores is ended by the test, see EndJob
		}
		if err := h.endJob(ctx, job, exit, ""); err != nil {
			return err
		}
	}
	return nil
}

// EndJob ends a Job as its pod would with an exit code and a last word.
func (h *Hands) EndJob(t testing.TB, job *batchv1.Job, exit int32, message string) {
	t.Helper()
	Check(t, h.endJob(t.Context(), job, exit, message))
}

func (h *Hands) endJob(ctx context.Context, job *batchv1.Job, exit int32, message string) error {
	now := metav1.Now()
	conditions := []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete}
	job.Status.Succeeded = 1
	if exit != 0 {
		conditions = []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed}
		job.Status.Succeeded, job.Status.Failed = 0, 1
		if err := h.failedPod(ctx, job, exit, message); err != nil {
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
	return h.cluster.client.Status().Update(ctx, job)
}

// failedPod is what is left of a Job's pod.
func (h *Hands) failedPod(ctx context.Context, job *batchv1.Job, exit int32, message string) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: job.Name + "-", Namespace: job.Namespace, Labels: job.Spec.Template.Labels},
		Spec:       job.Spec.Template.Spec,
	}
	pod.Labels[batchv1.JobNameLabel] = job.Name
	if err := h.cluster.client.Create(ctx, pod); err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodFailed
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: exit, Message: message}},
	}}
	return h.cluster.client.Status().Update(ctx, pod)
}

func (h *Hands) deployments(ctx context.Context) error {
	_, pods := h.now()
	var list appsv1.DeploymentList
	if err := h.cluster.client.List(ctx, &list, client.HasLabels{v1alpha1.LabelTenantID}); err != nil {
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
		if err := h.cluster.client.Status().Update(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// namespaces empties and releases those that are being deleted.
func (h *Hands) namespaces(ctx context.Context) error {
	var list corev1.NamespaceList
	if err := h.cluster.client.List(ctx, &list); err != nil {
		return err
	}
	for i := range list.Items {
		if n := &list.Items[i]; !n.DeletionTimestamp.IsZero() && len(n.Spec.Finalizers) > 0 {
			if err := h.cluster.finishNamespace(ctx, n.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// namespaced are the kinds that a namespace is emptied of.
func namespaced() []client.Object {
	return []client.Object{
		&corev1.Pod{}, &corev1.Secret{}, &corev1.ConfigMap{}, &corev1.ServiceAccount{}, &corev1.ResourceQuota{}, &corev1.LimitRange{},
		&corev1.Service{}, &corev1.PersistentVolumeClaim{}, &rbacv1.RoleBinding{}, &rbacv1.Role{}, &networkingv1.NetworkPolicy{},
		&policyv1.PodDisruptionBudget{}, &batchv1.Job{}, &batchv1.CronJob{}, &appsv1.Deployment{}, &appsv1.StatefulSet{},
		&appsv1.ReplicaSet{}, &appsv1.ControllerRevision{},
	}
}

// listOf is an empty list of an object's kind.
func listOf(scheme *runtime.Scheme, object client.Object) (client.ObjectList, error) {
	kinds, _, err := scheme.ObjectKinds(object)
	if err != nil {
		return nil, err
	}
	list, err := scheme.New(kinds[0].GroupVersion().WithKind(kinds[0].Kind + "List"))
	if err != nil {
		return nil, err
	}
	return list.(client.ObjectList), nil
}
