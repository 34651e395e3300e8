package tenant

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/tenant-app/contract"
)

// pods of one component, read at the API server: pods are looked at only while
// something is not as it should be.
func (r *Reconciler) pods(ctx context.Context, s *scope, component string) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := r.Live.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels(s.podLabels(component)))
	if err != nil {
		return nil, fmt.Errorf("list the pods of namespace %s: %w", s.namespace, err)
	}
	return list.Items, nil
}

// podTrouble says what keeps pods from running, if anything does that will not pass
// by itself.
func (r *Reconciler) podTrouble(ctx context.Context, s *scope, component string) error {
	pods, err := r.pods(ctx, s, component)
	if err != nil {
		return err
	}
	for i := range pods {
		if pods[i].Spec.Containers[0].Image != s.release.Spec.Image {
			continue // of an earlier release
		}
		if why := s.trouble(&pods[i]); why != nil {
			return why
		}
	}
	return nil
}

func (s *scope) trouble(pod *corev1.Pod) error {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return fault.New(v1alpha1.ReasonPodsBlocked, nil, "no node takes the pod: %s; add nodes, or lower the resources of plan %s", c.Message, s.plan.Name)
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		if w := status.State.Waiting; w != nil {
			switch w.Reason {
			case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable":
				return fault.New(v1alpha1.ReasonImageUnavailable, nil,
					"the image %s of Release %s cannot be pulled (%s): correct the Release, push the image, or load it on the nodes", s.release.Spec.Image, s.release.Name, w.Reason)
			case "CreateContainerError", "CreateContainerConfigError", "RunContainerError":
				return fault.New(v1alpha1.ReasonCrashing, nil, "the pod %s cannot start (%s): is the image of Release %s the office app?", pod.Name, w.Reason, s.release.Name)
			}
		}
		if t := lastEnd(status); t != nil && status.RestartCount > 0 && !status.Ready {
			return s.crash(pod, t)
		}
	}
	return nil
}

func lastEnd(status corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if status.State.Terminated != nil {
		return status.State.Terminated
	}
	return status.LastTerminationState.Terminated
}

func (s *scope) crash(pod *corev1.Pod, end *corev1.ContainerStateTerminated) error {
	logs := fmt.Sprintf("see `kubectl logs -n %s %s --previous`", pod.Namespace, pod.Name)
	switch {
	case end.Reason == "OOMKilled":
		return fault.New(v1alpha1.ReasonCrashing, nil, "the app needs more memory than plan %s allows (%s): raise limits.memory", s.plan.Name, s.plan.Spec.Resources.Limits.Memory.String())
	case end.ExitCode == contract.ExitUsage:
		return fault.New(v1alpha1.ReasonSettingsInvalid, nil, "release %s refuses its settings: %s", s.release.Spec.Version, logs)
	case end.ExitCode == contract.ExitSchema:
		return fault.OfUser(v1alpha1.ReasonSchemaTooNew, "the company's data is newer than release %s can use: set spec.release to a later one", s.release.Spec.Version)
	}
	return fault.New(v1alpha1.ReasonCrashing, nil, "the app ends with exit code %d after its start: %s", end.ExitCode, logs)
}
