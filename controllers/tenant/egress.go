package tenant

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"atrium.dev/atrium/api/v1alpha1"
)

// Ports that egress Internet opens: HTTPS, and mail by submission.
var internetPorts = []int32{443, 587}

// private ranges are no part of the Internet: what a node reaches there is the
// cluster's own or somebody's network. NAT64 leads back to them.
var private = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
	"::/127", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "ff00::/8",
)

// metadata addresses give whoever asks the rights of the node. Nobody opens them:
// link-local (most clouds), 100.100.100.200 (Alibaba Cloud), and those of IPv6.
var metadata = prefixes("169.254.0.0/16", "100.100.100.200/32", "fd00:ec2::254/128", "fd20:ce::254/128", "fe80::/10")

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(list))
	for _, one := range list {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

// openings are what a company's app may call beside its own database and bucket: the
// Internet where the plan says so, and the Tenant's list.
func openings(plan v1alpha1.Egress, list []v1alpha1.EgressRule, cluster []netip.Prefix) []networkingv1.NetworkPolicyEgressRule {
	var rules []networkingv1.NetworkPolicyEgressRule
	if plan == v1alpha1.EgressInternet {
		closed := slices.Concat(private, metadata, cluster)
		rules = append(rules, networkingv1.NetworkPolicyEgressRule{
			To: []networkingv1.NetworkPolicyPeer{
				block(netip.MustParsePrefix("0.0.0.0/0"), closed), block(netip.MustParsePrefix("::/0"), closed),
			},
			Ports: tcp(internetPorts),
		})
	}
	for _, one := range list {
		prefix, err := netip.ParsePrefix(one.CIDR)
		if err != nil || len(one.Ports) == 0 || slices.ContainsFunc(metadata, func(m netip.Prefix) bool { return covers(m, prefix) }) {
			continue // admission refuses these; an empty list of ports would open all
		}
		rules = append(rules, networkingv1.NetworkPolicyEgressRule{
			To: []networkingv1.NetworkPolicyPeer{block(prefix.Masked(), metadata)}, Ports: tcp(one.Ports),
		})
	}
	return rules
}

// block is a range but for those parts of it that stay closed.
func block(prefix netip.Prefix, closed []netip.Prefix) networkingv1.NetworkPolicyPeer {
	peer := networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: prefix.String()}}
	for _, one := range closed {
		if covers(prefix, one) && !slices.Contains(peer.IPBlock.Except, one.String()) {
			peer.IPBlock.Except = append(peer.IPBlock.Except, one.String())
		}
	}
	slices.Sort(peer.IPBlock.Except)
	return peer
}

// covers says whether all of inner lies in outer.
func covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func tcp(numbers []int32) []networkingv1.NetworkPolicyPort {
	var all []networkingv1.NetworkPolicyPort
	for _, number := range numbers {
		all = append(all, ports(corev1.ProtocolTCP, intstr.FromInt32(number)))
	}
	return all
}
