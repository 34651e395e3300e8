package cluster

import (
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/pki"
)

// leaves are the certificates of a cluster. Those with a kubeconfig get one of
// the same name in the folder config.
var leaves = []struct {
	pki.Leaf
	kubeconfig bool
}{
	{pki.Leaf{File: "etcd", Name: "etcd", Hosts: []string{"127.0.0.1", "localhost"}}, false},
	{pki.Leaf{File: "apiserver-etcd", Name: "atrium-apiserver-etcd"}, false},
	{pki.Leaf{File: "apiserver", Name: "atrium-apiserver", Hosts: []string{
		network.NodeIP, network.APIService, "127.0.0.1", "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}}, false},
	{pki.Leaf{File: "kubelet", Name: "system:node:" + nodeName, Groups: []string{"system:nodes"}, Hosts: []string{network.NodeIP, nodeName}}, true},
	{pki.Leaf{File: "controller-manager", Name: "system:kube-controller-manager"}, true},
	{pki.Leaf{File: "scheduler", Name: "system:kube-scheduler"}, true},
	{pki.Leaf{File: "proxy", Name: "system:kube-proxy"}, true},
	{pki.Leaf{File: "network", Name: "atrium-network"}, true},
	{pki.Leaf{File: "admin", Name: "atrium-admin", Groups: []string{"system:masters"}}, true},
}

// writeCertificates issues what is missing and renders the kubeconfigs.
func (c *Cluster) writeCertificates() error {
	dir := c.State.Path("certs")
	authority, err := pki.Open(dir)
	if err != nil {
		return err
	}
	if err := pki.EnsureKeyPair(dir, "service-accounts"); err != nil {
		return err
	}
	for _, leaf := range leaves {
		if err := authority.Ensure(leaf.Leaf); err != nil {
			return err
		}
		if !leaf.kubeconfig {
			continue
		}
		content, err := authority.Kubeconfig(apiServer, leaf.Leaf)
		if err != nil {
			return err
		}
		if err := c.State.WriteFile(content, 0o600, "config", leaf.File+".kubeconfig"); err != nil {
			return err
		}
		if leaf.File == "admin" {
			if err := c.State.WriteFile(content, 0o600, "kubeconfig"); err != nil {
				return err
			}
		}
	}
	return nil
}
