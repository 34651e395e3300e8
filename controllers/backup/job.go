package backup

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/tenant"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/objectstore"
)

const (
	nonroot = 65532        // user of the agent's image
	jobKept = 24 * 60 * 60 // seconds that a finished Job stays for people to look at
	scratch = "256Mi"      // of /tmp, the one place that can be written
	goLimit = "188743680"  // of Go's memory, 180 MiB: below what the pod may use
)

func (s *scope) bareSecret() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: s.meta(s.name()), Type: corev1.SecretTypeOpaque}
}

func (s *scope) barePolicy() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: s.meta(s.name())}
}

// jobOf is one attempt: one pod, once. When the next one is due depends on why it
// failed.
func (r *Reconciler) jobOf(s *scope, deadline time.Duration) *batchv1.Job {
	backoff, seconds, kept := int32(0), int64(deadline/time.Second), int32(jobKept)
	return &batchv1.Job{
		ObjectMeta: s.meta(s.job()),
		Spec: batchv1.JobSpec{
			BackoffLimit: &backoff, ActiveDeadlineSeconds: &seconds, TTLSecondsAfterFinished: &kept,
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: s.labels()}, Spec: r.pod(s)},
		},
	}
}

// pod runs the agent under the restricted profile, with its task mounted and nothing
// else writable than its scratch folder. It knows no token of the cluster.
func (r *Reconciler) pod(s *scope) corev1.PodSpec {
	yes, no, user, mode, size := true, false, int64(nonroot), int32(0o440), resource.MustParse(scratch)
	return corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, ServiceAccountName: v1alpha1.OfficeName,
		AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: v1alpha1.AgentName, Image: r.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: []string{backup.CommandBackup},
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
			{Name: "task", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: s.name(), DefaultMode: &mode}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}},
		},
	}
}

func amounts(of v1alpha1.ResourceAmounts) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: of.CPU, corev1.ResourceMemory: of.Memory}
}

// policy opens the way to the backup store for this backup's pods; names, database and
// the company's bucket are open to each pod of the namespace.
func (r *Reconciler) policy(ctx context.Context, s *scope) (*networkingv1.NetworkPolicy, error) {
	store, err := tenant.EgressToStore(ctx, r.Live, s.target)
	if err != nil {
		return nil, err
	}
	policy := s.barePolicy()
	policy.Spec = networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelBackup: s.backup.Name}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Egress:      []networkingv1.NetworkPolicyEgressRule{store},
	}
	return policy, nil
}

// apply makes an object as it should be.
func (r *Reconciler) apply(ctx context.Context, object client.Object) error {
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
	if err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(want), FieldOwner, client.ForceOwnership); err != nil {
		return refused(fmt.Errorf("apply %s %s: %w", gvk.Kind, object.GetName(), err))
	}
	return nil
}

// removeJobs ends the Jobs of a backup that are at work. Those that have ended stay
// for people to look at.
func (r *Reconciler) removeJobs(ctx context.Context, s *scope) error {
	var list batchv1.JobList
	err := r.Live.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{v1alpha1.LabelBackup: s.backup.Name})
	if apierrors.IsForbidden(err) {
		return nil // the namespace is gone, or the operator's rights in it
	}
	if err != nil {
		return fmt.Errorf("list the Jobs of backup %s: %w", s.backup.Name, err)
	}
	for i := range list.Items {
		if ended(&list.Items[i]) {
			continue
		}
		if err := r.remove(ctx, &list.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

// removeObjects removes the Secret and the policy of a backup. A namespace that is
// gone, or goes, takes them along.
func (r *Reconciler) removeObjects(ctx context.Context, s *scope) error {
	for _, object := range []client.Object{s.bareSecret(), s.barePolicy()} {
		if err := r.remove(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) remove(ctx context.Context, object client.Object) error {
	err := r.Client.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return fmt.Errorf("remove %T %s/%s: %w", object, object.GetNamespace(), object.GetName(), err)
	}
	return nil
}

// static are credentials that a store's administrator put into a Secret of the
// operator's namespace.
func (r *Reconciler) static(ctx context.Context, store *objectstore.Store, bucket string, use objectstore.Use, at, name string) (objectstore.Credentials, error) {
	var secret corev1.Secret
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: name}, &secret)
	if err != nil && !apierrors.IsNotFound(err) {
		return objectstore.Credentials{}, fmt.Errorf("read Secret %s of namespace %s: %w", name, r.Namespace, err)
	}
	c := objectstore.Credentials{AccessKey: string(secret.Data["accessKey"]), SecretKey: string(secret.Data["secretKey"])}
	if c.AccessKey == "" || c.SecretKey == "" {
		may := "read and list the objects of bucket %s with their versions"
		if use == objectstore.UseBackups {
			may = "get, put and list the objects of bucket %s, with multipart uploads, and delete those under g/*/locks/"
		}
		return c, fault.Blocked(v1alpha1.ReasonStaticMissing, err,
			"ObjectStore %s gives static credentials, and Secret %s in namespace %s is not there or lacks accessKey or secretKey: let the store's administrator make a user that may "+may+", and nothing else, and create the Secret with that user's keys",
			at, name, r.Namespace, bucket)
	}
	return c, store.CheckAgent(ctx, c, bucket, use, r.Installation, "Secret "+name+" of namespace "+r.Namespace)
}
