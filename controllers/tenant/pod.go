package tenant

import (
	"path"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/tenant-app/contract"
)

// nonroot is the user of the app's image.
const nonroot = 65532

const (
	settingsVolume = "settings"
	scratchVolume  = "tmp"
)

// podLabels select the pods of one component of the tenant. They never change, since
// the selector of a Deployment cannot: further labels belong to the template alone.
func (s *scope) podLabels(component string) map[string]string {
	return map[string]string{
		v1alpha1.LabelTenantID: s.id, v1alpha1.LabelTenant: s.tenant.Name,
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelComponent: component,
	}
}

// resources that the plan gives each pod.
func (s *scope) resources() *corev1.ResourceRequirements { return resources(s.plan) }

func resources(plan *v1alpha1.Plan) *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{
		Requests: amounts(plan.Spec.Resources.Requests), Limits: amounts(plan.Spec.Resources.Limits),
	}
}

// Pod is one of a company that runs the app's image.
type Pod struct {
	Labels   map[string]string
	Release  *v1alpha1.Release
	Plan     *v1alpha1.Plan // gives the resources
	Settings string         // name of the ConfigMap with settings.json
	Database string         // name of the Secret with database.json
}

// pod of the company itself.
func (s *scope) pod(component, databaseSecret string) Pod {
	return Pod{Labels: s.podLabels(component), Release: s.release, Plan: s.plan, Settings: v1alpha1.OfficeName, Database: databaseSecret}
}

// Migrate brings the schema that database.json names to the release, once.
func (p Pod) Migrate() corev1.PodTemplateSpec {
	template := p.Run(corev1.Container{Name: componentMigrate, Args: []string{contract.CommandMigrate, "up"}})
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	return template
}

// Run gives a container the app's image, under the restricted profile, with the
// settings mounted and nothing else writable than its scratch folder.
func (p Pod) Run(container corev1.Container) corev1.PodTemplateSpec {
	yes, no, user := true, false, int64(nonroot)
	container.Image = p.Release.Spec.Image
	container.ImagePullPolicy = corev1.PullIfNotPresent
	container.TerminationMessagePolicy = corev1.TerminationMessageFallbackToLogsOnError
	container.Resources = *resources(p.Plan)
	container.SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	container.VolumeMounts = []corev1.VolumeMount{
		{Name: settingsVolume, MountPath: contract.DefaultSettingsDir, ReadOnly: true},
		{Name: scratchVolume, MountPath: "/tmp"},
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: p.Labels},
		Spec: corev1.PodSpec{
			ServiceAccountName:           v1alpha1.OfficeName,
			AutomountServiceAccountToken: &no,
			EnableServiceLinks:           &no,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{container},
			Volumes:    p.volumes(),
		},
	}
}

// volumes join settings.json, database.json, bucket.json and keys.json in one folder, so
// that a program sees a change of any of them by one swap of a link.
func (p Pod) volumes() []corev1.Volume {
	mode, size := int32(0o440), resource.MustParse("64Mi")
	return []corev1.Volume{
		{Name: settingsVolume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			DefaultMode: &mode,
			Sources: []corev1.VolumeProjection{
				{ConfigMap: &corev1.ConfigMapProjection{
					LocalObjectReference: corev1.LocalObjectReference{Name: p.Settings}, Items: item(contract.FileSettings),
				}},
				{Secret: &corev1.SecretProjection{
					LocalObjectReference: corev1.LocalObjectReference{Name: p.Database}, Items: item(contract.FileDatabase),
				}},
				{Secret: &corev1.SecretProjection{
					LocalObjectReference: corev1.LocalObjectReference{Name: v1alpha1.SecretOfficeBucket}, Items: item(contract.FileBucket),
				}},
				{Secret: &corev1.SecretProjection{
					LocalObjectReference: corev1.LocalObjectReference{Name: v1alpha1.SecretOfficeKeys}, Items: item(contract.FileKeys),
					Optional: new(true), // a company whose root key is lost still rolls out
				}},
			},
		}}},
		{Name: scratchVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}},
	}
}

func item(file string) []corev1.KeyToPath {
	return []corev1.KeyToPath{{Key: file, Path: path.Base(file)}}
}
