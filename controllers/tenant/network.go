package tenant

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/tenant-app/contract"
)

// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=services,verbs=get

// networkPolicies close the namespace but for what the app needs: names, its
// database and its bucket outwards, and for the app what plan and Tenant open; the
// gateway inwards, and those who measure. Several pods of the app may talk to each other.
func (r *Reconciler) networkPolicies(ctx context.Context, s *scope) ([]client.Object, error) {
	database, err := egress(ctx, r.Live, "DatabaseServer "+s.databaseServer.Name, s.databaseServer.Spec.Host, s.databaseServer.Spec.Port)
	if err != nil {
		return nil, err
	}
	store, err := EgressToStore(ctx, r.Live, s.objectStore)
	if err != nil {
		return nil, err
	}
	all := &networkingv1.NetworkPolicy{
		ObjectMeta: s.meta("tenant"),
		Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Egress:      []networkingv1.NetworkPolicyEgressRule{dns(), database, store},
		},
	}
	office := &networkingv1.NetworkPolicy{
		ObjectMeta: s.meta(v1alpha1.OfficeName),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: component(v1alpha1.OfficeName),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Egress:      openings(s.plan.Spec.Egress, s.tenant.Spec.Egress, r.ClusterRanges),
			Ingress: []networkingv1.NetworkPolicyIngressRule{
				r.ingress(contract.PortHTTP, "gateway"),
				r.metrics(),
			},
		},
	}
	if s.several() {
		in, out := between(contract.PortPeers, component(v1alpha1.OfficeName))
		office.Spec.Ingress, office.Spec.Egress = append(office.Spec.Ingress, in), append(office.Spec.Egress, out)
	}
	return []client.Object{all, office}, nil
}

// between opens a port among pods of one namespace, both ways.
func between(port int, pods metav1.LabelSelector) (networkingv1.NetworkPolicyIngressRule, networkingv1.NetworkPolicyEgressRule) {
	peers := []networkingv1.NetworkPolicyPeer{{PodSelector: &pods}}
	at := []networkingv1.NetworkPolicyPort{ports(corev1.ProtocolTCP, intstr.FromInt(port))}
	return networkingv1.NetworkPolicyIngressRule{From: peers, Ports: at}, networkingv1.NetworkPolicyEgressRule{To: peers, Ports: at}
}

func component(name string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelComponent: name}}
}

func ports(protocol corev1.Protocol, port intstr.IntOrString) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: &port}
}

func inNamespace(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
}

// ingress from components of Atrium in the operator's namespace.
func (r *Reconciler) ingress(port int, components ...string) networkingv1.NetworkPolicyIngressRule {
	return networkingv1.NetworkPolicyIngressRule{
		From: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: inNamespace(r.Namespace),
			PodSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: v1alpha1.LabelComponent, Operator: metav1.LabelSelectorOpIn, Values: components},
			}},
		}},
		Ports: []networkingv1.NetworkPolicyPort{ports(corev1.ProtocolTCP, intstr.FromInt(port))},
	}
}

// metrics may be read by the operator and the demo's Prometheus, and from the
// namespaces in which the cluster's own monitoring runs.
func (r *Reconciler) metrics() networkingv1.NetworkPolicyIngressRule {
	rule := r.ingress(contract.PortOps, "operator", "prometheus")
	if len(r.Monitoring) > 0 {
		rule.From = append(rule.From, networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{MatchLabels: r.Monitoring}})
	}
	return rule
}

func dns() networkingv1.NetworkPolicyEgressRule {
	return networkingv1.NetworkPolicyEgressRule{
		To: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: inNamespace(metav1.NamespaceSystem),
			PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
		}},
		Ports: []networkingv1.NetworkPolicyPort{
			ports(corev1.ProtocolUDP, intstr.FromInt(53)), ports(corev1.ProtocolTCP, intstr.FromInt(53)),
		},
	}
}

// EgressToStore is the rule that lets pods reach an ObjectStore.
func EgressToStore(ctx context.Context, live client.Reader, store *v1alpha1.ObjectStore) (networkingv1.NetworkPolicyEgressRule, error) {
	host, port, err := endpoint(store.Spec.Endpoint)
	if err != nil {
		return networkingv1.NetworkPolicyEgressRule{}, err
	}
	return egress(ctx, live, "ObjectStore "+store.Name, host, port)
}

// egress to a server. A Service of the cluster is named by its pods, since policies
// are held after the Service's address was replaced by a pod's; anything else by
// its addresses.
func egress(ctx context.Context, live client.Reader, of, host string, port int32) (networkingv1.NetworkPolicyEgressRule, error) {
	var rule networkingv1.NetworkPolicyEgressRule
	if name, ok := serviceName(host); ok {
		var service corev1.Service
		err := live.Get(ctx, name, &service)
		if apierrors.IsNotFound(err) {
			return rule, fault.New(v1alpha1.ReasonSettingsInvalid, err,
				"%s names Service %s, which does not exist: create it or correct the host", of, name)
		}
		if err != nil {
			return rule, fmt.Errorf("read Service %s: %w", name, err)
		}
		if len(service.Spec.Selector) > 0 {
			rule.To = []networkingv1.NetworkPolicyPeer{{
				NamespaceSelector: inNamespace(name.Namespace),
				PodSelector:       &metav1.LabelSelector{MatchLabels: service.Spec.Selector},
			}}
			rule.Ports = []networkingv1.NetworkPolicyPort{ports(corev1.ProtocolTCP, targetPort(&service, port))}
			return rule, nil
		}
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return rule, fault.New(v1alpha1.ReasonSettingsInvalid, err,
			"%s: its host %s has no address: correct the host, or see whether the cluster's DNS works", of, host)
	}
	slices.Sort(addresses)
	for _, address := range slices.Compact(addresses) {
		bits := "/32"
		if strings.Contains(address, ":") {
			bits = "/128"
		}
		rule.To = append(rule.To, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: address + bits}})
	}
	rule.Ports = []networkingv1.NetworkPolicyPort{ports(corev1.ProtocolTCP, intstr.FromInt32(port))}
	return rule, nil
}

// serviceName reads <service>.<namespace>.svc, also with a pod's name before it or
// the cluster's domain behind it.
func serviceName(host string) (types.NamespacedName, bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	i := slices.Index(parts, "svc")
	if i != 2 && i != 3 {
		return types.NamespacedName{}, false
	}
	return types.NamespacedName{Namespace: parts[i-1], Name: parts[i-2]}, true
}

func targetPort(service *corev1.Service, port int32) intstr.IntOrString {
	for _, p := range service.Spec.Ports {
		if p.Port == port && p.TargetPort != (intstr.IntOrString{}) {
			return p.TargetPort
		}
	}
	return intstr.FromInt32(port)
}

// endpoint splits a URL into host and port.
func endpoint(raw string) (host string, port int32, err error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return "", 0, fault.Blocked(v1alpha1.ReasonSettingsInvalid, err, "endpoint %q is no URL", raw)
	}
	if u.Port() == "" {
		if u.Scheme == "https" {
			return u.Hostname(), 443, nil
		}
		return u.Hostname(), 80, nil
	}
	number, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return "", 0, fault.Blocked(v1alpha1.ReasonSettingsInvalid, err, "endpoint %q has no usable port", raw)
	}
	return u.Hostname(), int32(number), nil
}
