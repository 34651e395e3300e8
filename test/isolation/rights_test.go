package isolation

import (
	"errors"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/access"
	"atrium.dev/atrium/test/rig"
)

// right is one thing that a ServiceAccount could be allowed.
type right struct{ group, resource, verb string }

func (r right) String() string { return strings.TrimSpace(r.verb + " " + r.resource + " " + r.group) }

// ofNobody are rights that a company's ServiceAccounts have nowhere.
var ofNobody = []right{
	{"", "secrets", "get"},
	{"", "secrets", "list"},
	{"", "secrets", "create"},
	{"", "configmaps", "get"},
	{"", "configmaps", "patch"},
	{"", "pods", "get"},
	{"", "pods", "create"},
	{"", "pods", "delete"},
	{"", "pods/exec", "create"},
	{"", "pods/log", "get"},
	{"", "pods/ephemeralcontainers", "patch"},
	{"", "services", "get"},
	{"", "services", "create"},
	{"", "namespaces", "get"},
	{"", "namespaces", "delete"},
	{"", "nodes", "get"},
	{"", "nodes/proxy", "get"},
	{"", "serviceaccounts/token", "create"},
	{"", "users", "impersonate"},
	{"", "persistentvolumes", "create"},
	{"", "events", "create"},
	{"", "endpoints", "patch"},
	{"apps", "deployments", "patch"},
	{"batch", "jobs", "create"},
	{"networking.k8s.io", "networkpolicies", "delete"},
	{"networking.k8s.io", "ingresses", "create"},
	{"rbac.authorization.k8s.io", "rolebindings", "create"},
	{"rbac.authorization.k8s.io", "clusterroles", "bind"},
	{"coordination.k8s.io", "leases", "update"},
	{v1alpha1.GroupVersion.Group, "tenants", "get"},
	{v1alpha1.GroupVersion.Group, "tenants", "patch"},
	{v1alpha1.GroupVersion.Group, "tenants/status", "patch"},
	{v1alpha1.GroupVersion.Group, "databaseservers", "get"},
	{"certificates.k8s.io", "certificatesigningrequests", "create"},
}

// ofTheOperator are rights that the operator has in no namespace but those of companies.
var ofTheOperator = []right{
	{"", "secrets", "get"},
	{"", "secrets", "list"},
	{"", "secrets", "create"},
	{"", "pods", "create"},
	{"", "pods/exec", "create"},
	{"", "pods", "list"},
	{"apps", "deployments", "create"},
	{"apps", "daemonsets", "create"},
	{"batch", "jobs", "create"},
	{"", "serviceaccounts/token", "create"},
	{"", "nodes", "get"},
	{"", "users", "impersonate"},
	{"rbac.authorization.k8s.io", "clusterrolebindings", "create"},
	{"rbac.authorization.k8s.io", "clusterroles", "create"},
	{"rbac.authorization.k8s.io", "clusterroles", "escalate"},
	{"", "configmaps", "get"},
}

// rights asks the API server what ServiceAccounts may do, and looks at what pods carry.
func (w *world) rights() {
	w.t.Helper()
	places := []string{rig.System, metav1.NamespaceSystem, metav1.NamespaceDefault, ""}
	for _, o := range w.tenants {
		places = append(places, o.namespace)
	}
	for _, o := range w.tenants {
		for _, account := range append([]string{"default"}, rows.accounts...) {
			user := "system:serviceaccount:" + o.namespace + ":" + account
			for _, place := range places {
				for _, r := range ofNobody {
					w.mayNot(user, r, place)
				}
				w.noRules(user, o.namespace, place)
			}
		}
		for name, template := range w.templates(o) {
			w.noToken(o.name+" "+name, template.Spec)
			w.restricted(o, name, template)
		}
	}
	operator := "system:serviceaccount:" + rig.System + ":" + access.ServiceAccount
	for _, place := range []string{metav1.NamespaceSystem, metav1.NamespaceDefault, ""} {
		for _, r := range ofTheOperator {
			w.mayNot(operator, r, place)
		}
	}
	w.works("rights", "the operator reads Secrets of a company", w.may(operator, right{"", "secrets", "get"}, w.tenants[0].namespace))
	w.bindings(operator)
}

func (w *world) may(user string, r right, namespace string) error {
	resource, sub, _ := strings.Cut(r.resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, Groups: []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + strings.Split(user, ":")[2]},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Group: r.group, Resource: resource, Subresource: sub, Verb: r.verb},
	}}
	rig.Check(w.t, w.rig.Client.Create(w.t.Context(), review))
	if review.Status.Allowed {
		return nil
	}
	return errors.New("not allowed")
}

func (w *world) mayNot(user string, r right, namespace string) {
	w.t.Helper()
	w.refused("rights", fmt.Sprintf("%s may %s in %q", user, r, namespace), w.may(user, r, namespace), func(error) bool { return true })
}

// noRules asks for everything that an account may do in a namespace: no more than
// to ask about itself.
func (w *world) noRules(user, home, namespace string) {
	w.t.Helper()
	if namespace == "" {
		return
	}
	rules, err := w.as(user, home).AuthorizationV1().SelfSubjectRulesReviews().Create(w.t.Context(),
		&authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}, metav1.CreateOptions{})
	rig.Check(w.t, err)
	err = errors.New("nothing")
	for _, rule := range rules.Status.ResourceRules {
		for _, resource := range rule.Resources {
			if !strings.HasPrefix(resource, "selfsubject") {
				w.t.Logf("%s in %s: %v", user, namespace, rule)
				err = nil
			}
		}
	}
	w.refused("rights", user+" has rules in "+namespace, err, func(error) bool { return !rules.Status.Incomplete })
}

func (w *world) as(user, home string) kubernetes.Interface {
	config := rest.CopyConfig(w.rig.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + home}}
	c, err := kubernetes.NewForConfig(config)
	rig.Check(w.t, err)
	return c
}

// noToken holds that a pod carries no way to the API server.
func (w *world) noToken(name string, pod corev1.PodSpec) {
	w.t.Helper()
	err := errors.New("none")
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		err = nil
	}
	for _, v := range pod.Volumes {
		if v.HostPath != nil {
			err = nil
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ServiceAccountToken != nil {
				err = nil
			}
		}
	}
	if pod.HostNetwork || pod.HostPID || pod.HostIPC {
		err = nil
	}
	w.refused("rights", name+" carries a token or the host", err, func(error) bool { return true })
}

// restricted lets the API server judge a pod by the restricted standard, which it
// must meet, and makes sure that one which asks for a little more is refused there.
func (w *world) restricted(o *tenant, name string, template corev1.PodTemplateSpec) {
	w.t.Helper()
	pod := func(change func(*corev1.PodSpec)) error {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "judged", Namespace: o.namespace, Labels: template.Labels}, Spec: *template.Spec.DeepCopy()}
		change(&p.Spec)
		return w.rig.Client.Create(w.t.Context(), p, client.DryRunAll)
	}
	w.works("restricted", o.name+" "+name, pod(func(*corev1.PodSpec) {}))
	yes := true
	for what, change := range map[string]func(*corev1.PodSpec){
		"as root":               func(s *corev1.PodSpec) { *s.SecurityContext.RunAsUser = 0 },
		"in the node's network": func(s *corev1.PodSpec) { s.HostNetwork = true },
		"with more rights":      func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes },
		"privileged": func(s *corev1.PodSpec) {
			s.Containers[0].SecurityContext.Privileged, s.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes, &yes
		},
		"with a capability": func(s *corev1.PodSpec) {
			s.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"NET_RAW"}
		},
		"with the node's folders": func(s *corev1.PodSpec) {
			s.Volumes = append(s.Volumes, corev1.Volume{Name: "h", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}})
		},
	} {
		w.refused("rights", o.name+" runs "+name+" "+what, pod(change), apierrors.IsForbidden)
	}
}

// bindings tries to bind more than the one fixed role, as the operator.
func (w *world) bindings(operator string) {
	w.t.Helper()
	config := rest.CopyConfig(w.rig.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: operator}
	c, err := client.New(config, client.Options{Scheme: w.rig.Client.Scheme()})
	rig.Check(w.t, err)
	for _, role := range []string{"cluster-admin", "system:node", "system:kube-controller-manager", "system:aggregate-to-admin"} {
		for _, place := range []string{w.tenants[0].namespace, metav1.NamespaceSystem} {
			err := c.Create(w.t.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "more", Namespace: place},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
				Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: rig.System, Name: access.ServiceAccount}},
			}, client.DryRunAll)
			w.refused("rights", "the operator binds "+role+" in "+place, err, apierrors.IsForbidden)
		}
	}
}
