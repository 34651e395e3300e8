package agentjob

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
)

const (
	nonroot = 65532       // user of the agent's image
	scratch = "256Mi"     // of /tmp, the one place that can be written
	goLimit = "188743680" // of Go's memory, 180 MiB: below what the pod may use
)

// pod runs the agent under the restricted profile, with its task mounted and nothing
// else writable than its scratch folder. It knows no token of the cluster.
func (r *Runner) pod(w Work, command string) corev1.PodSpec {
	yes, no, user, mode, size := true, false, int64(nonroot), int32(0o440), resource.MustParse(scratch)
	return corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, ServiceAccountName: v1alpha1.OfficeName,
		AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: v1alpha1.AgentName, Image: r.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: []string{command},
			Env:                      []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: goLimit}, {Name: "HOME", Value: "/tmp"}},
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			Resources: corev1.ResourceRequirements{
				Requests: amounts(tenant.AgentResources.Requests), Limits: amounts(tenant.AgentResources.Limits),
			},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "task", MountPath: backup.TaskDir, ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}},
		}},
		Volumes: []corev1.Volume{
			{Name: "task", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: w.Name, DefaultMode: &mode}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}},
		},
	}
}

// Beside makes the agent the one container that ends a pod of the app: the app runs
// beside it until then, and the agent reaches it on loopback.
func (r *Runner) Beside(w Work, office corev1.PodTemplateSpec, command string) corev1.PodTemplateSpec {
	always, agent := corev1.ContainerRestartPolicyAlways, r.pod(w, command)
	for _, container := range office.Spec.Containers {
		container.RestartPolicy = &always
		office.Spec.InitContainers = append(office.Spec.InitContainers, container)
	}
	office.Spec.Containers, office.Spec.RestartPolicy = agent.Containers, agent.RestartPolicy
	office.Spec.Volumes = append(office.Spec.Volumes, agent.Volumes[0]) // its scratch folder is the app's
	return office
}

func amounts(of v1alpha1.ResourceAmounts) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: of.CPU, corev1.ResourceMemory: of.Memory}
}
