package tenant

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/access"
	"atrium.dev/atrium/internal/fault"
)

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=atrium-tenant-manager,verbs=bind
// +kubebuilder:rbac:groups="",resources=serviceaccounts;resourcequotas;limitranges;configmaps;services,verbs=list;watch

// tenantQuota names the ResourceQuota and the LimitRange.
const tenantQuota = "tenant"

// extraPods beside the replicas: one more during a rollout, one that migrates, one
// agent.
const extraPods = 3

// namespace makes the tenant's namespace with its fences.
func (r *Reconciler) namespace(ctx context.Context, s *scope) error {
	if err := r.ownNamespace(ctx, s); err != nil {
		return err
	}
	objects := []client.Object{
		r.roleBinding(s),
		&corev1.ServiceAccount{ObjectMeta: s.meta(v1alpha1.OfficeName), AutomountServiceAccountToken: new(bool)},
		quota(s),
		limits(s),
	}
	policies, err := r.networkPolicies(ctx, s)
	if err != nil {
		return err
	}
	for _, object := range append(objects, policies...) {
		if err := r.apply(ctx, s, object, nil); err != nil {
			return err
		}
	}
	return nil
}

// meta of an object in the tenant's namespace.
func (s *scope) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: s.namespace}
}

// ownNamespace makes the namespace, or makes sure that the one there is ours: an
// object of a stranger is never taken over.
func (r *Reconciler) ownNamespace(ctx context.Context, s *scope) error {
	var live corev1.Namespace
	err := r.Client.Get(ctx, types.NamespacedName{Name: s.namespace}, &live)
	if apierrors.IsNotFound(err) {
		// The cache holds our namespaces only.
		err = r.Live.Get(ctx, types.NamespacedName{Name: s.namespace}, &live)
		s.boundNow = apierrors.IsNotFound(err)
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read namespace %s: %w", s.namespace, err)
	}
	if err == nil && live.Labels[v1alpha1.LabelTenantID] != s.id {
		return fault.Blocked(v1alpha1.ReasonNamespaceTaken, nil,
			"namespace %s exists and is not this tenant's: look at what it holds and remove it, or give the Tenant another name", s.namespace)
	}
	if !live.DeletionTimestamp.IsZero() {
		return r.ending(&live, "it will be made anew")
	}
	want := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace, Labels: map[string]string{
		"pod-security.kubernetes.io/enforce": "restricted",
		"pod-security.kubernetes.io/warn":    "restricted",
		"pod-security.kubernetes.io/audit":   "restricted",
	}}}
	return r.apply(ctx, s, want, &live)
}

// roleBinding gives the operator its rights in this namespace; they take effect a
// moment later.
func (r *Reconciler) roleBinding(s *scope) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: s.meta(access.RoleBinding),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: access.ClusterRole},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: r.Namespace, Name: access.ServiceAccount}},
	}
}

// AgentResources of a pod that backs up or restores, whatever the plan: at half a core
// people do not feel it, and its memory does not grow with the company.
var AgentResources = v1alpha1.Resources{
	Requests: v1alpha1.ResourceAmounts{CPU: resource.MustParse("50m"), Memory: resource.MustParse("64Mi")},
	Limits:   v1alpha1.ResourceAmounts{CPU: resource.MustParse("500m"), Memory: resource.MustParse("256Mi")},
}

func larger(a, b resource.Quantity) resource.Quantity {
	if a.Cmp(b) < 0 {
		return b.DeepCopy()
	}
	return a.DeepCopy()
}

func amounts(of v1alpha1.ResourceAmounts) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: of.CPU, corev1.ResourceMemory: of.Memory}
}

func quota(s *scope) *corev1.ResourceQuota {
	plan := s.plan.Spec
	pods := int64(plan.Replicas + extraPods)
	times := func(q, agent resource.Quantity) resource.Quantity {
		all := q.DeepCopy()
		all.Mul(pods - 1)
		all.Add(larger(q, agent))
		return all
	}
	return &corev1.ResourceQuota{
		ObjectMeta: s.meta(tenantQuota),
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{
			corev1.ResourcePods:                   *resource.NewQuantity(pods, resource.DecimalSI),
			corev1.ResourceRequestsCPU:            times(plan.Resources.Requests.CPU, AgentResources.Requests.CPU),
			corev1.ResourceRequestsMemory:         times(plan.Resources.Requests.Memory, AgentResources.Requests.Memory),
			corev1.ResourceLimitsCPU:              times(plan.Resources.Limits.CPU, AgentResources.Limits.CPU),
			corev1.ResourceLimitsMemory:           times(plan.Resources.Limits.Memory, AgentResources.Limits.Memory),
			corev1.ResourceServicesNodePorts:      resource.Quantity{},
			corev1.ResourceServicesLoadBalancers:  resource.Quantity{},
			corev1.ResourcePersistentVolumeClaims: resource.Quantity{},
		}},
	}
}

func limits(s *scope) *corev1.LimitRange {
	resources := s.plan.Spec.Resources
	return &corev1.LimitRange{
		ObjectMeta: s.meta(tenantQuota),
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type:           corev1.LimitTypeContainer,
			Default:        amounts(resources.Limits),
			DefaultRequest: amounts(resources.Requests),
			Max: corev1.ResourceList{
				corev1.ResourceCPU:    larger(resources.Limits.CPU, AgentResources.Limits.CPU),
				corev1.ResourceMemory: larger(resources.Limits.Memory, AgentResources.Limits.Memory),
			},
		}}},
	}
}

// namespaceEmpty says whether nothing in the namespace is left to undo.
func (r *Reconciler) namespaceEmpty(ctx context.Context, s *scope) (bool, error) {
	var live corev1.Namespace
	err := r.Live.Get(ctx, types.NamespacedName{Name: s.namespace}, &live)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read namespace %s: %w", s.namespace, err)
	}
	return !live.DeletionTimestamp.IsZero() || live.Labels[v1alpha1.LabelTenantID] != s.id, nil
}

// removeNamespace deletes the namespace with all that is in it, and waits.
func (r *Reconciler) removeNamespace(ctx context.Context, s *scope) error {
	var live corev1.Namespace
	err := r.Live.Get(ctx, types.NamespacedName{Name: s.namespace}, &live)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", s.namespace, err)
	}
	if live.Labels[v1alpha1.LabelTenantID] != s.id {
		return nil // not ours
	}
	if live.DeletionTimestamp.IsZero() {
		err := r.Client.Delete(ctx, &live, client.Preconditions{UID: &live.UID})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete namespace %s: %w", s.namespace, err)
		}
	}
	return r.ending(&live, "the deletion goes on then")
}

// endsWithin is how long a namespace may take to go before its own words are
// repeated: pods have their time to end.
const endsWithin = 2 * time.Minute

// ending waits for a namespace to go. One that does not says why.
func (r *Reconciler) ending(live *corev1.Namespace, then string) error {
	since := live.DeletionTimestamp
	for _, c := range live.Status.Conditions {
		if since != nil && r.Now().Sub(since.Time) > endsWithin && c.Status == corev1.ConditionTrue {
			return fault.New(v1alpha1.ReasonNamespaceTerminating, nil, "namespace %s does not go away: %s; mend that", live.Name, c.Message)
		}
	}
	return &waiting{v1alpha1.ReasonEnding, fmt.Sprintf("namespace %s is going away; %s", live.Name, then), 2 * time.Second}
}

func (r *Reconciler) namespaceInventory(ctx context.Context, s *scope) ([]string, error) {
	var live corev1.Namespace
	err := r.Live.Get(ctx, types.NamespacedName{Name: s.namespace}, &live)
	if err != nil || live.Labels[v1alpha1.LabelTenantID] != s.id {
		return nil, client.IgnoreNotFound(err)
	}
	return []string{"namespace/" + s.namespace}, nil
}
