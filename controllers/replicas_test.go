package controllers_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/keys"
	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/test/rig"
)

// Several pods of one company find each other, behind a port that is theirs alone; one pod
// has none of that, and a plan that changes makes no other pods.
func TestSeveralPodsFindEachOther(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Plan("large", 2))
	r.Create(rig.Company("acme"))
	acme := r.Ready("acme")
	pods := template(r, "acme")
	alone(r)
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Plan = "large" })
	r.Ready("acme")
	together(r, rootKey(r, acme.Status.ID))
	unchanged(r, "acme", pods)
	r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Plan = "standard" })
	r.Ready("acme")
	alone(r)
	unchanged(r, "acme", pods)
}

// between is what the policy of acme's pods opens at the peers' port, inwards and outwards.
func between(r *rig.Rig) (from, to []networkingv1.NetworkPolicyPeer) {
	r.T.Helper()
	var policy networkingv1.NetworkPolicy
	rig.Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: "office"}, &policy))
	at := func(ports []networkingv1.NetworkPolicyPort) bool {
		return len(ports) == 1 && *ports[0].Port == intstr.FromInt(contract.PortPeers) && *ports[0].Protocol == corev1.ProtocolTCP
	}
	for _, rule := range policy.Spec.Ingress {
		if at(rule.Ports) {
			from = append(from, rule.From...)
		}
	}
	for _, rule := range policy.Spec.Egress {
		if at(rule.Ports) {
			to = append(to, rule.To...)
		}
	}
	return from, to
}

func settingsOf(r *rig.Rig, company string) (settings contract.Settings) {
	r.T.Helper()
	var c corev1.ConfigMap
	rig.Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: "tenant-" + company, Name: "office"}, &c))
	rig.Check(r.T, json.Unmarshal([]byte(c.Data[contract.FileSettings]), &settings))
	return settings
}

func alone(r *rig.Rig) {
	r.T.Helper()
	if from, to := between(r); len(from)+len(to) != 0 {
		r.T.Errorf("one pod: port open from %v, to %v", from, to)
	}
	if peers := settingsOf(r, "acme").Peers; peers != nil {
		r.T.Errorf("one pod is to find %+v", peers)
	}
	err := r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: v1alpha1.OfficePeersName}, &corev1.Service{})
	if client.IgnoreNotFound(err) != nil || err == nil {
		r.T.Errorf("one pod: Service %s: %v", v1alpha1.OfficePeersName, err)
	}
}

func together(r *rig.Rig, root keys.Key) {
	r.T.Helper()
	own := []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelComponent: "office"}}}}
	from, to := between(r)
	if diff := cmp.Diff(own, from) + cmp.Diff(own, to); diff != "" {
		r.T.Errorf("the port is open to others than the company's pods:\n%s", diff)
	}
	if diff := cmp.Diff(&contract.Peers{Host: v1alpha1.OfficePeersName, Port: contract.PortPeers}, settingsOf(r, "acme").Peers); diff != "" {
		r.T.Error(diff)
	}
	var service corev1.Service
	rig.Check(r.T, r.Client.Get(r.T.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: v1alpha1.OfficePeersName}, &service))
	if s := service.Spec; s.ClusterIP != corev1.ClusterIPNone || !s.PublishNotReadyAddresses || !cmp.Equal(s.Selector, deployment(r, "acme").Spec.Selector.MatchLabels) {
		r.T.Errorf("Service %s is %+v", service.Name, s)
	}
	file := rig.File[contract.Keys](r.T, r, "tenant-acme", v1alpha1.SecretOfficeKeys, contract.FileKeys)
	if !bytes.Equal(file.Peers, root.Derive(keys.Peers)) || len(file.Seal) != 1 || bytes.Equal(file.Peers, file.Seal[0].Key) {
		r.T.Error("what the pods know each other by is not derived from the root key for that purpose")
	}
}
