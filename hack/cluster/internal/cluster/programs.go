package cluster

import (
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
)

// Programs in the order of starting; "down" goes the other way round.
const (
	etcd              = "etcd"
	containerd        = "containerd"
	apiserver         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "kubelet"
	proxy             = "kube-proxy"
	cilium            = "cilium-agent"
	forwarder         = "forwarder"
)

var startOrder = []string{etcd, containerd, apiserver, controllerManager, scheduler, kubelet, proxy, cilium, forwarder}

// ports are the addresses that programs listen on and that must be free.
var ports = map[string][]string{
	etcd:              {"127.0.0.1:2379", "127.0.0.1:2380"},
	apiserver:         {network.NodeIP + ":" + apiPort},
	controllerManager: {"127.0.0.1:10257"},
	scheduler:         {"127.0.0.1:10259"},
	kubelet:           {network.NodeIP + ":10250", "127.0.0.1:10248"},
	proxy:             {"127.0.0.1:10249", "127.0.0.1:10256"},
	cilium:            {"127.0.0.1:9879"},
}

// systemPath is where Debian's programs are. The caller's own PATH would make the
// same program look like another one to the next caller.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (c *Cluster) cert(name string) string   { return c.State.Path("certs", name) }
func (c *Cluster) config(name string) string { return c.State.Path("config", name) }

func (c *Cluster) etcdSpec() process.Spec {
	return process.Spec{Name: etcd, Args: []string{
		c.part("etcd", "etcd"),
		"--name=" + nodeName, "--data-dir=" + c.State.Path("data", "etcd"),
		"--listen-client-urls=https://127.0.0.1:2379", "--advertise-client-urls=https://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=" + nodeName + "=http://127.0.0.1:2380",
		"--client-cert-auth", "--trusted-ca-file=" + c.cert("ca.crt"), "--cert-file=" + c.cert("etcd.crt"), "--key-file=" + c.cert("etcd.key"),
		"--auto-compaction-retention=1h", "--log-level=warn",
	}}
}

func (c *Cluster) containerdSpec() process.Spec {
	return process.Spec{
		Name:  containerd,
		Args:  []string{c.part("containerd", "containerd"), "--config", c.config("containerd.toml")},
		Env:   []string{"PATH=" + c.Parts["containerd"] + ":" + c.Parts["runc"] + ":" + systemPath},
		Files: []string{c.config("containerd.toml")},
	}
}

func (c *Cluster) apiserverSpec() process.Spec {
	return process.Spec{Name: apiserver, Args: []string{
		c.part("kubernetes", apiserver),
		"--bind-address=" + network.NodeIP, "--advertise-address=" + network.NodeIP, "--secure-port=" + apiPort,
		"--etcd-servers=https://127.0.0.1:2379", "--etcd-cafile=" + c.cert("ca.crt"),
		"--etcd-certfile=" + c.cert("apiserver-etcd.crt"), "--etcd-keyfile=" + c.cert("apiserver-etcd.key"),
		"--client-ca-file=" + c.cert("ca.crt"), "--tls-cert-file=" + c.cert("apiserver.crt"), "--tls-private-key-file=" + c.cert("apiserver.key"),
		"--kubelet-certificate-authority=" + c.cert("ca.crt"), "--kubelet-client-certificate=" + c.cert("apiserver.crt"),
		"--kubelet-client-key=" + c.cert("apiserver.key"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + c.cert("service-accounts.pub"), "--service-account-signing-key-file=" + c.cert("service-accounts.key"),
		"--service-cluster-ip-range=" + network.Services.String(), "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--anonymous-auth=false", "--profiling=false",
	}}
}

func (c *Cluster) controllerManagerSpec() process.Spec {
	return process.Spec{Name: controllerManager, Args: []string{
		c.part("kubernetes", controllerManager),
		"--kubeconfig=" + c.config("controller-manager.kubeconfig"), "--bind-address=127.0.0.1", "--leader-elect=false",
		"--use-service-account-credentials=true", "--root-ca-file=" + c.cert("ca.crt"),
		"--service-account-private-key-file=" + c.cert("service-accounts.key"),
		"--cluster-signing-cert-file=" + c.cert("ca.crt"), "--cluster-signing-key-file=" + c.cert("ca.key"),
		"--allocate-node-cidrs=true", "--cluster-cidr=" + network.Pods.String(), "--node-cidr-mask-size=24",
		"--service-cluster-ip-range=" + network.Services.String(), "--profiling=false",
		// The built-in provisioner would put data into the system's temporary folder.
		"--enable-hostpath-provisioner=false",
	}}
}

func (c *Cluster) schedulerSpec() process.Spec {
	return process.Spec{Name: scheduler, Args: []string{
		c.part("kubernetes", scheduler),
		"--kubeconfig=" + c.config("scheduler.kubeconfig"), "--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
	}}
}

func (c *Cluster) kubeletSpec() process.Spec {
	return process.Spec{
		Name: kubelet,
		Args: []string{
			c.part("kubernetes", kubelet),
			"--config=" + c.config("kubelet.yaml"), "--kubeconfig=" + c.config("kubelet.kubeconfig"),
			"--hostname-override=" + nodeName, "--node-ip=" + network.NodeIP,
			"--root-dir=" + c.State.Path("kubelet"), "--cert-dir=" + c.State.Path("kubelet", "pki"),
		},
		Files: []string{c.config("kubelet.yaml")},
	}
}

func (c *Cluster) proxySpec() process.Spec {
	return process.Spec{
		Name:  proxy,
		Args:  []string{c.part("kubernetes", proxy), "--config=" + c.config("kube-proxy.yaml")},
		Files: []string{c.config("kube-proxy.yaml")},
	}
}
