package network

import (
	"net/netip"
	"testing"
)

// TestTheStoreStandsBesideTheNode: its address is one that pods reach over the node
// and that no pod gets, and its link is told apart from those of others.
func TestTheStoreStandsBesideTheNode(t *testing.T) {
	store := netip.MustParseAddr(StoreIP)
	if !netip.MustParsePrefix(nodeAddress).Contains(store) || !Cluster.Contains(store) || Pods.Contains(store) || StoreIP == NodeIP {
		t.Errorf("%s is not beside the node %s", StoreIP, nodeAddress)
	}
	if !Own(StoreLink) || len(StoreLink) > 15 {
		t.Errorf("the link %s is not known as the cluster's, or its name is too long", StoreLink)
	}
}
