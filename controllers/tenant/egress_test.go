package tenant

import (
	"fmt"
	"net/netip"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// What is rendered is asked as a CNI would read it: is this address open on this port?
func TestOpenings(t *testing.T) {
	list := func(cidr string, ports ...int32) []v1alpha1.EgressRule {
		return []v1alpha1.EgressRule{{CIDR: cidr, Ports: ports}}
	}
	cluster := prefixes("203.0.113.0/25", "2001:db8:1::/48")
	cases := map[string]struct {
		plan   v1alpha1.Egress
		list   []v1alpha1.EgressRule
		open   []string
		closed []string
	}{
		"closed by default": {"", nil, nil, []string{"8.8.8.8:443", "10.0.0.1:443", "[2606:4700::1]:443"}},
		"closed":            {v1alpha1.EgressClosed, nil, nil, []string{"8.8.8.8:443", "10.0.0.1:443", "[2606:4700::1]:443"}},
		"Internet": {
			v1alpha1.EgressInternet, nil,
			[]string{"8.8.8.8:443", "8.8.8.8:587", "203.0.113.200:443", "[2606:4700::1]:443", "[2606:4700::1]:587"},
			[]string{
				"8.8.8.8:80", "8.8.8.8:25", "8.8.8.8:5432", "10.0.0.1:443", "172.31.255.255:443", "192.168.1.1:587", "100.64.0.1:443",
				"127.0.0.1:443", "169.254.169.254:443", "0.0.0.0:443", "224.0.0.1:443", "255.255.255.255:443", "100.100.100.200:443",
				"203.0.113.10:443", "[2001:db8:1::5]:443", // the cluster's own
				"[::1]:443", "[fd00::1]:443", "[fe80::1]:443", "[ff02::1]:443", "[64:ff9b::a00:1]:443", "[fd00:ec2::254]:443",
			},
		},
		"a private range of the list": {
			v1alpha1.EgressClosed, list("10.1.2.0/24", 8443, 22),
			[]string{"10.1.2.3:8443", "10.1.2.255:22"},
			[]string{"10.1.2.3:443", "10.1.3.1:8443", "8.8.8.8:443"},
		},
		"one address": {v1alpha1.EgressClosed, list("203.0.113.7/32", 1433), []string{"203.0.113.7:1433"}, []string{"203.0.113.8:1433", "203.0.113.7:443"}},
		"the cluster's range, as it stands in the list": {
			v1alpha1.EgressInternet, list("203.0.113.0/28", 443),
			[]string{"203.0.113.10:443"},
			[]string{"203.0.113.40:443"},
		},
		"around the metadata address": {v1alpha1.EgressClosed, list("169.0.0.0/8", 80), []string{"169.1.2.3:80"}, []string{"169.254.169.254:80", "169.254.0.23:80"}},
		"the metadata address":        {v1alpha1.EgressClosed, list("169.254.169.254/32", 80), nil, []string{"169.254.169.254:80"}},
		"link-local":                  {v1alpha1.EgressClosed, list("169.254.0.0/16", 80), nil, []string{"169.254.169.254:80"}},
		"around Alibaba's":            {v1alpha1.EgressClosed, list("100.0.0.0/8", 80), []string{"100.100.100.201:80"}, []string{"100.100.100.200:80"}},
		"without ports":               {v1alpha1.EgressClosed, list("10.1.2.0/24"), nil, []string{"10.1.2.3:443"}},
		"no range":                    {v1alpha1.EgressClosed, list("10.1.2.0", 443), nil, []string{"10.1.2.0:443", "8.8.8.8:443"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rules := openings(c.plan, c.list, cluster)
			for _, to := range c.open {
				if !allowed(t, rules, to) {
					t.Errorf("%s is closed", to)
				}
			}
			for _, to := range c.closed {
				if allowed(t, rules, to) {
					t.Errorf("%s is open", to)
				}
			}
		})
	}
}

func allowed(t *testing.T, rules []networkingv1.NetworkPolicyEgressRule, to string) bool {
	t.Helper()
	at := netip.MustParseAddrPort(to)
	for _, rule := range rules {
		if len(rule.To) == 0 || len(rule.Ports) == 0 {
			t.Fatalf("a rule without peers or ports opens everything: %+v", rule)
		}
		for _, port := range rule.Ports {
			for _, peer := range rule.To {
				if fmt.Sprint(at.Port()) == port.Port.String() && inBlock(t, peer.IPBlock, at.Addr()) {
					return true
				}
			}
		}
	}
	return false
}

func inBlock(t *testing.T, b *networkingv1.IPBlock, addr netip.Addr) bool {
	t.Helper()
	cidr := netip.MustParsePrefix(b.CIDR)
	in := cidr.Contains(addr)
	for _, one := range b.Except {
		except := netip.MustParsePrefix(one)
		if !covers(cidr, except) || except.Bits() <= cidr.Bits() {
			t.Fatalf("the API server refuses exception %s of %s", one, b.CIDR)
		}
		in = in && !except.Contains(addr)
	}
	return in
}
