package tenant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apps,resources=controllerrevisions,verbs=list;watch

// annotationRevision on the Deployment is the number of the revision that its pods
// are made from.
const annotationRevision = "atrium.dev/revision"

// revisionsKept is how many are left when a new one is made.
const revisionsKept = 3

// kept is the pod template of a tenant as it was rendered for a release. It is
// applied as it stands until spec.release changes, so that an operator that renders
// other pods restarts nobody. It is no typed template: another version of
// Kubernetes' types would leave fields out, or add some.
type kept struct {
	Release string `json:"release"`
	Image   string `json:"image"`
	// Template is without resources: those are the plan's.
	Template map[string]any `json:"template"`

	number int64
}

// of says whether the template is that of a release as it is now.
func (k *kept) of(release *v1alpha1.Release) bool {
	return k.Release == release.Name && k.Image == release.Spec.Image
}

// podTemplate is what the tenant's pods are made from: what is kept of the release,
// or a new rendering when the release is another.
func (r *Reconciler) podTemplate(ctx context.Context, s *scope, live *appsv1.Deployment) (*kept, error) {
	all, err := r.revisions(ctx, r.Client, s)
	used, _ := strconv.ParseInt(live.Annotations[annotationRevision], 10, 64)
	if err == nil && used > latest(all) {
		// The cache is behind, or the revision was removed.
		all, err = r.revisions(ctx, r.Live, s)
	}
	if err != nil {
		return nil, err
	}
	lost := used > latest(all)
	if len(all) > 0 && !lost {
		now, err := parse(&all[0])
		if err == nil && now.of(s.release) {
			return now, nil
		}
		lost = err != nil
	}
	next := &kept{Release: s.release.Name, Image: s.release.Spec.Image, number: max(used, latest(all)) + 1}
	if runs(live, s.release) && (lost || len(all) == 0) {
		// What runs now is known from the pods alone.
		next.Template, err = fields(&live.Spec.Template)
	} else {
		next.Template, err = fields(s.servePod())
	}
	if err != nil {
		return nil, fmt.Errorf("render the pods of release %s: %w", s.release.Name, err)
	}
	return r.keep(ctx, s, next, all, lost)
}

// keep writes a template down before it is used.
func (r *Reconciler) keep(ctx context.Context, s *scope, next *kept, all []appsv1.ControllerRevision, lost bool) (*kept, error) {
	raw, err := json.Marshal(next)
	if err != nil {
		return nil, fmt.Errorf("write the pods of release %s down: %w", s.release.Name, err)
	}
	revision := &appsv1.ControllerRevision{
		ObjectMeta: s.meta(fmt.Sprintf("%s-%d", v1alpha1.OfficeName, next.number)),
		Data:       runtime.RawExtension{Raw: raw}, Revision: next.number,
	}
	revision.Labels = s.podLabels(v1alpha1.OfficeName)
	err = r.Client.Create(ctx, revision, FieldOwner)
	if apierrors.IsAlreadyExists(err) {
		// Written a moment ago, by this operator or by the one before it.
		if err := r.Live.Get(ctx, client.ObjectKeyFromObject(revision), revision); err != nil {
			return nil, fmt.Errorf("read ControllerRevision %s: %w", revision.Name, err)
		}
		if now, err := parse(revision); err == nil && now.of(s.release) {
			return now, nil
		}
		return nil, &waiting{reason: v1alpha1.ReasonStarting, message: "the pods of another release were written down a moment ago", again: cacheFills}
	}
	if err != nil {
		return nil, fmt.Errorf("write ControllerRevision %s: %w", revision.Name, err)
	}
	if lost {
		r.Events.Eventf(s.tenant, nil, corev1.EventTypeWarning, v1alpha1.ReasonRevisionLost, string(v1alpha1.OperationChange),
			"what was kept of the app's pods cannot be read any more: ControllerRevision %s/%s was made from what is there", s.namespace, revision.Name)
	}
	for i := revisionsKept - 1; i < len(all); i++ {
		if err := r.Client.Delete(ctx, &all[i]); client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("delete ControllerRevision %s: %w", all[i].Name, err)
		}
	}
	return next, nil
}

// revisions of the tenant, the latest first.
func (r *Reconciler) revisions(ctx context.Context, reader client.Reader, s *scope) ([]appsv1.ControllerRevision, error) {
	var list appsv1.ControllerRevisionList
	if err := reader.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{v1alpha1.LabelTenantID: s.id}); err != nil {
		return nil, fmt.Errorf("list the ControllerRevisions of namespace %s: %w", s.namespace, err)
	}
	slices.SortFunc(list.Items, func(a, b appsv1.ControllerRevision) int { return cmp.Compare(b.Revision, a.Revision) })
	return list.Items, nil
}

func latest(all []appsv1.ControllerRevision) int64 {
	if len(all) == 0 {
		return 0
	}
	return all[0].Revision
}

// runs says whether a Deployment's pods are those of a release.
func runs(live *appsv1.Deployment, release *v1alpha1.Release) bool {
	containers := live.Spec.Template.Spec.Containers
	return len(containers) > 0 && containers[0].Image == release.Spec.Image
}

func parse(revision *appsv1.ControllerRevision) (*kept, error) {
	k := &kept{number: revision.Revision}
	if err := json.Unmarshal(revision.Data.Raw, k); err != nil {
		return nil, fmt.Errorf("read ControllerRevision %s: %w", revision.Name, err)
	}
	if k.container() == nil {
		return nil, fmt.Errorf("read ControllerRevision %s: it holds no pod template", revision.Name)
	}
	return k, nil
}

// container is the app's in the template; nil when there is none.
func (k *kept) container() map[string]any {
	containers, _, _ := unstructured.NestedFieldNoCopy(k.Template, "spec", "containers")
	list, _ := containers.([]any)
	if len(list) == 0 {
		return nil
	}
	first, _ := list[0].(map[string]any)
	return first
}

// fields of a pod template, without what the plan decides.
func fields(template *corev1.PodTemplateSpec) (map[string]any, error) {
	template = template.DeepCopy()
	for i := range template.Spec.Containers {
		template.Spec.Containers[i].Resources = corev1.ResourceRequirements{}
	}
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
	if err != nil {
		return nil, err
	}
	prune(all)
	return all, nil
}

// deployment of the kept template with what may change without another release:
// replicas and resources of the plan, and how pods are replaced.
func (k *kept) deployment(s *scope) (*unstructured.Unstructured, error) {
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.deployment())
	if err != nil {
		return nil, fmt.Errorf("render Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	resources, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.resources())
	if err != nil {
		return nil, fmt.Errorf("render the resources of plan %s: %w", s.plan.Name, err)
	}
	k.container()["resources"] = resources
	if err := unstructured.SetNestedMap(all, k.Template, "spec", "template"); err != nil {
		return nil, fmt.Errorf("render Deployment %s: %w", v1alpha1.OfficeName, err)
	}
	want := &unstructured.Unstructured{Object: all}
	want.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	want.SetAnnotations(map[string]string{annotationRevision: strconv.FormatInt(k.number, 10)})
	return want, nil
}
