package cluster

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"atrium.dev/hack/cluster/internal/leftovers"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/state"
)

//go:embed config
var templates embed.FS

// values is what the templates in config may name.
type values struct {
	State        state.Dir
	Parts        map[string]string
	NodeName     string
	NodeIP       string
	DNSService   string
	ClusterRange string
	HostTable    string // table of the packet filter that marks the machine's packets
	PodCIDR      string // of this node; only known once it has registered
	PauseImage   string
	CoreDNSImage string
	StorageClass string
	VolumeSize   string
	Volumes      []volume
}

func (c *Cluster) values() values {
	v := values{
		State: c.State, Parts: c.Parts, NodeName: nodeName, NodeIP: network.NodeIP, DNSService: network.DNSService,
		ClusterRange: network.Cluster.String(), HostTable: leftovers.HostTable,
		PauseImage: c.programImage("pause").Name, CoreDNSImage: c.programImage("coredns").Name,
		StorageClass: storageClass, VolumeSize: volumeSize,
	}
	for _, server := range demoServers {
		v.Volumes = append(v.Volumes, volume{Name: server, Claim: "data-" + server + "-0"})
	}
	for i := range volumeCount {
		v.Volumes = append(v.Volumes, volume{Name: fmt.Sprintf("volume-%d", i+1)})
	}
	return v
}

// volume is a folder that is offered as a PersistentVolume.
type volume struct {
	Name  string
	Claim string // of namespace atrium-system, for which alone it is; empty: for any
}

// demoServers keep their data under fixed paths, so that a cluster which lost its
// etcd finds them again.
var demoServers = []string{"postgres", minio, "prometheus"}

// render fills in one of the files of the folder config.
func (v values) render(name string) ([]byte, error) {
	parsed, err := template.New(name).Option("missingkey=error").ParseFS(templates, "config/"+name)
	if err != nil {
		return nil, fmt.Errorf("read the template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, v); err != nil {
		return nil, fmt.Errorf("fill in the template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// writeConfig renders the configuration of all programs into the state folder.
func (c *Cluster) writeConfig() error {
	for _, name := range []string{"containerd.toml", "kubelet.yaml", "kube-proxy.yaml"} {
		content, err := c.values().render(name)
		if err != nil {
			return err
		}
		if err := c.State.WriteFile(content, 0o644, "config", name); err != nil {
			return err
		}
	}
	return c.State.WriteFile(nil, 0o644, "config", "resolv.conf")
}

func lastLineOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
