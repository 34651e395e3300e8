package tenant

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/tenant-app/contract"
)

// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=list;watch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=list;watch

const (
	rolloutDeadline = 120 // seconds without progress until the Deployment says so
	rolloutLook     = 5 * time.Second
	// drainSeconds lets the gateway hear that a pod is going before it stops taking
	// connections; graceSeconds ends it at last.
	drainSeconds = 3
	graceSeconds = 40
)

// workload runs the app: Deployment and Service, and where there is more than one pod a
// disruption budget and a Service by which they find each other.
func (r *Reconciler) workload(ctx context.Context, s *scope) error {
	if err := r.apply(ctx, s, office(s), nil); err != nil {
		return err
	}
	for _, object := range []client.Object{disruptionBudget(s), peers(s)} {
		if err := r.ofSeveral(ctx, s, object); err != nil {
			return err
		}
	}
	var live appsv1.Deployment
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: v1alpha1.OfficeName}, &live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	template, err := r.podTemplate(ctx, s, &live)
	if err != nil {
		return err
	}
	want, err := template.deployment(s)
	if err != nil {
		return err
	}
	if err := r.apply(ctx, s, want, &live); err != nil {
		return err
	}
	return r.rollout(ctx, s)
}

func office(s *scope) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: s.meta(v1alpha1.OfficeName),
		Spec: corev1.ServiceSpec{
			Selector: s.podLabels(v1alpha1.OfficeName),
			Ports: []corev1.ServicePort{
				{Name: "http", Port: v1alpha1.OfficePortHTTP, TargetPort: intstr.FromInt(contract.PortHTTP), Protocol: corev1.ProtocolTCP},
				{Name: "ops", Port: v1alpha1.OfficePortOps, TargetPort: intstr.FromInt(contract.PortOps), Protocol: corev1.ProtocolTCP},
			},
		},
	}
}

// deployment without its pod template.
func (s *scope) deployment() *appsv1.Deployment {
	replicas, deadline, history := s.plan.Spec.Replicas, int32(rolloutDeadline), int32(2)
	surge, unavailable := intstr.FromInt(1), intstr.FromInt(0)
	return &appsv1.Deployment{
		ObjectMeta: s.meta(v1alpha1.OfficeName),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, ProgressDeadlineSeconds: &deadline, RevisionHistoryLimit: &history,
			Selector: &metav1.LabelSelector{MatchLabels: s.podLabels(v1alpha1.OfficeName)},
			Strategy: appsv1.DeploymentStrategy{
				Type:          appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable},
			},
		},
	}
}

// servePod is how this operator renders the pods that serve. Tenants that run keep
// what an earlier one rendered until their release changes (see podTemplate), so
// nothing here may depend on the plan.
func (s *scope) servePod() *corev1.PodTemplateSpec {
	template := s.pod(v1alpha1.OfficeName, v1alpha1.SecretOfficeDatabase).Run(corev1.Container{
		Name: v1alpha1.OfficeName,
		Args: []string{contract.CommandServe},
		Ports: []corev1.ContainerPort{
			{Name: "http", ContainerPort: contract.PortHTTP, Protocol: corev1.ProtocolTCP},
			{Name: "ops", ContainerPort: contract.PortOps, Protocol: corev1.ProtocolTCP},
		},
		StartupProbe:   probe(contract.PathReady, 1, 60),
		ReadinessProbe: probe(contract.PathReady, 5, 2),
		LivenessProbe:  probe(contract.PathHealth, 10, 3),
		Lifecycle:      &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: drainSeconds}}},
	})
	grace := int64(graceSeconds)
	template.Spec.TerminationGracePeriodSeconds = &grace
	template.Annotations = map[string]string{
		"prometheus.io/scrape": "true",
		"prometheus.io/port":   fmt.Sprint(contract.PortOps),
		"prometheus.io/path":   contract.PathMetrics,
	}
	template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: s.podLabels(v1alpha1.OfficeName)},
	}}
	return &template
}

// probe asks the operations port. One second apart at the start, people wait less.
func probe(path string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: path, Port: intstr.FromInt(contract.PortOps), Scheme: corev1.URISchemeHTTP,
		}},
		PeriodSeconds: period, FailureThreshold: failures, TimeoutSeconds: 3,
	}
}

// disruptionBudget keeps one pod when nodes are emptied. For a single pod it would
// only block the emptying.
func disruptionBudget(s *scope) *policyv1.PodDisruptionBudget {
	unavailable := intstr.FromInt(1)
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: s.meta(v1alpha1.OfficeName),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: &unavailable,
			Selector:       &metav1.LabelSelector{MatchLabels: s.podLabels(v1alpha1.OfficeName)},
		},
	}
}

// peers names the addresses of all pods, also of those that do not take people in yet,
// since they do so only once they hear the others. The port stands in no pod template:
// that would change with the plan, and a port needs no announcement to be listened at.
func peers(s *scope) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: s.meta(v1alpha1.OfficePeersName),
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true, Selector: s.podLabels(v1alpha1.OfficeName),
			Ports: []corev1.ServicePort{{Name: "peers", Port: contract.PortPeers, TargetPort: intstr.FromInt(contract.PortPeers), Protocol: corev1.ProtocolTCP}},
		},
	}
}

// ofSeveral keeps what belongs to companies with several pods alone.
func (r *Reconciler) ofSeveral(ctx context.Context, s *scope, want client.Object) error {
	if s.several() {
		return r.apply(ctx, s, want, nil)
	}
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(want), want)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %T %s: %w", want, want.GetName(), err)
	}
	uid := want.GetUID()
	if err := r.Client.Delete(ctx, want, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %T %s: %w", want, want.GetName(), err)
	}
	return nil
}

// several says whether the plan runs more than one pod.
func (s *scope) several() bool { return s.plan.Spec.Replicas > 1 }

// rollout waits until all pods are those that are wanted, and ready.
func (r *Reconciler) rollout(ctx context.Context, s *scope) error {
	var live appsv1.Deployment
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: v1alpha1.OfficeName}, &live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	if r.rolledOut(s, &live) {
		s.running = s.release.Name
		return nil
	}
	for _, c := range live.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return fault.New(v1alpha1.ReasonPodsBlocked, nil, "the cluster refuses the app's pods: %s; see quota and admission policies of namespace %s", c.Message, s.namespace)
		}
	}
	if err := r.podTrouble(ctx, s, v1alpha1.OfficeName); err != nil {
		return err
	}
	return &waiting{v1alpha1.ReasonStarting, fmt.Sprintf("the app's pods are starting (release %s, plan %s)", s.release.Spec.Version, s.plan.Name), rolloutLook}
}

func (r *Reconciler) rolledOut(s *scope, live *appsv1.Deployment) bool {
	last := r.applied.get(s.tenant.Name + "/Deployment/" + s.namespace + "/" + v1alpha1.OfficeName)
	want, status := s.plan.Spec.Replicas, live.Status
	return live.UID != "" && !behind(live.ResourceVersion, last.version) &&
		status.ObservedGeneration >= live.Generation && status.UpdatedReplicas == want &&
		status.Replicas == want && status.AvailableReplicas == want
}

// removeWorkload ends the app and waits for its pods, so that nothing writes any
// more when data is closed or removed.
func (r *Reconciler) removeWorkload(ctx context.Context, s *scope) error {
	if s.empty {
		return nil
	}
	objects := []client.Object{
		&appsv1.Deployment{ObjectMeta: s.meta(v1alpha1.OfficeName)},
		&corev1.Service{ObjectMeta: s.meta(v1alpha1.OfficeName)},
	}
	for _, object := range objects {
		if err := r.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			if client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("read %T %s: %w", object, object.GetName(), err)
			}
			continue
		}
		if !object.GetDeletionTimestamp().IsZero() {
			continue
		}
		uid := object.GetUID() // not one of a later Tenant of this name
		if err := r.Client.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationBackground), client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete %T %s: %w", object, object.GetName(), err)
		}
	}
	pods, err := r.pods(ctx, s, v1alpha1.OfficeName)
	if err != nil || len(pods) == 0 {
		return err
	}
	return &waiting{v1alpha1.ReasonEnding, "the app's pods are ending", time.Second}
}
