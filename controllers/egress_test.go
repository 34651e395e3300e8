package controllers_test

import (
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// What plan and Tenant open reaches the policy of the app's pods alone, and goes
// with them. Packets are tested in test/e2e, addresses in package tenant.
func TestEgress(t *testing.T) {
	r := rig.New(t)
	r.Operate()
	r.Create(rig.Company("acme"))
	r.Ready("acme")
	opened := func(policy string) (cidrs []string) {
		t.Helper()
		var now networkingv1.NetworkPolicy
		rig.Check(t, r.Client.Get(t.Context(), client.ObjectKey{Namespace: "tenant-acme", Name: policy}, &now))
		if len(now.Spec.PolicyTypes) != 2 {
			t.Errorf("policy %s holds %v, want both ways", policy, now.Spec.PolicyTypes)
		}
		for _, rule := range now.Spec.Egress {
			for _, to := range rule.To {
				if to.IPBlock != nil {
					cidrs = append(cidrs, to.IPBlock.CIDR)
				}
			}
		}
		return cidrs
	}
	everyone := strings.Join(opened("tenant"), " ")
	for _, step := range []struct {
		plan v1alpha1.Egress
		list []v1alpha1.EgressRule
		want string
	}{
		{v1alpha1.EgressInternet, nil, "0.0.0.0/0 ::/0"},
		{v1alpha1.EgressInternet, []v1alpha1.EgressRule{{CIDR: "10.1.2.0/24", Ports: []int32{8443}}}, "0.0.0.0/0 ::/0 10.1.2.0/24"},
		{v1alpha1.EgressClosed, []v1alpha1.EgressRule{{CIDR: "10.1.2.0/24", Ports: []int32{8443}}}, "10.1.2.0/24"},
		{v1alpha1.EgressClosed, nil, ""},
	} {
		rig.Edit(r, "standard", &v1alpha1.Plan{}, func(p *v1alpha1.Plan) { p.Spec.Egress = step.plan })
		r.Change("acme", func(t *v1alpha1.Tenant) { t.Spec.Egress = step.list })
		r.Eventually("the policy opens "+step.want, func() bool { return strings.Join(opened("office"), " ") == step.want },
			func() string { return strings.Join(opened("office"), " ") })
		if now := strings.Join(opened("tenant"), " "); now != everyone {
			t.Errorf("migrations may call %s", now)
		}
	}
	for _, cidr := range []string{"10.1.2.3/24", "10.1.2.3", "0.0.0.0/0", "8.0.0.0/7", "169.254.169.254/32", "169.254.0.0/16", "100.100.100.200/32", "x"} {
		bad := rig.Company("bad", func(t *v1alpha1.Tenant) { t.Spec.Egress = []v1alpha1.EgressRule{{CIDR: cidr, Ports: []int32{80}}} })
		if err := r.Client.Create(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "cidr must") {
			t.Errorf("%s: %v, want a refusal that says what to do", cidr, err)
		}
	}
}
