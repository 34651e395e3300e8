// Package parts builds the third-party programs and root file systems that the
// cluster and the tests run, once, into a cache keyed by version and recipe.
// It does not start anything.
package parts

import (
	"fmt"
	"sort"
	"strings"
)

// Part is one thing to build: either programs of a Go module or a Debian root
// file system.
type Part struct {
	Name   string
	Needs  []string // Debian packages that the build calls for
	Module *Module
	Rootfs *Rootfs
}

// Module is a wrapper module whose go.mod and go.sum pin what is built.
type Module struct {
	Dir      string            // relative to hack/cluster
	Requires string            // the required module whose version is the part's; "" for our own programs
	Programs map[string]string // file in the result → package that it is built from
	Tags     string
	LDFlags  string // %s stands for the version
	CGO      bool
	Links    []string          // further names of the first program
	Copies   map[string]string // folder in the result → folder in the required module
}

// Rootfs is a Debian root file system made by mmdebstrap.
type Rootfs struct {
	Packages []string
	Remove   []string // shell patterns, relative to the root, of what the programs do not need
	Link     string   // folder whose programs get links in /usr/bin, "" for none
}

const kubernetesVersionFlags = "-X k8s.io/component-base/version.gitVersion=%[1]s " +
	"-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"

// catalogue is in the order in which the parts are wanted: tests first.
var catalogue = []Part{
	{Name: "etcd", Module: &Module{Dir: "parts/etcd", Requires: "go.etcd.io/etcd/server/v3", Programs: map[string]string{"etcd": "."}}},
	{Name: "postgres", Needs: []string{"mmdebstrap"}, Rootfs: &Rootfs{
		Packages: []string{"postgresql-17", "postgresql-client-17"},
		Link:     "usr/lib/postgresql/17/bin",
		Remove: []string{
			// The compiler for queries, three times the size of the server, is not worth it for an office.
			"usr/lib/*-linux-gnu/libLLVM*", "usr/lib/*-linux-gnu/libz3*", "usr/lib/postgresql/17/lib/bitcode", "usr/lib/postgresql/17/lib/llvmjit*",
			// Perl only serves Debian's wrappers around the programs.
			"usr/lib/*-linux-gnu/perl", "usr/lib/*-linux-gnu/libperl*", "usr/share/perl", "usr/share/perl5", "usr/share/postgresql-common/t",
			"usr/share/i18n", "usr/lib/*-linux-gnu/gconv",
			// Debian's package makes a cluster on installation.
			"var/lib/postgresql/17", "etc/postgresql/17",
		},
	}},
	{Name: "kubernetes", Module: &Module{
		Dir: "parts/kubernetes", Requires: "k8s.io/kubernetes", Programs: map[string]string{"kubernetes": "."},
		LDFlags: kubernetesVersionFlags,
		Links:   []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"},
	}},
	{Name: "minio", Module: &Module{
		Dir: "parts/minio", Requires: "github.com/minio/minio", Programs: map[string]string{"minio": "github.com/minio/minio"},
	}},
	{Name: "minioadmin", Module: &Module{
		Dir: "parts/minioadmin", Requires: "github.com/minio/madmin-go/v3", Programs: map[string]string{"minioadmin": "."},
	}},
	{Name: "versitygw", Module: &Module{
		Dir: "parts/versitygw", Requires: "github.com/versity/versitygw", Programs: map[string]string{"versitygw": "github.com/versity/versitygw/cmd/versitygw"},
	}},
	// What the backup agent calls: restic, and pg_dump of the newest server that it may meet.
	{Name: "agent", Needs: []string{"mmdebstrap"}, Rootfs: &Rootfs{
		Packages: []string{"restic", "postgresql-client-17", "ca-certificates"},
		Link:     "usr/lib/postgresql/17/bin",
		Remove: []string{
			"usr/lib/*-linux-gnu/perl", "usr/lib/*-linux-gnu/libperl*", "usr/share/perl", "usr/share/perl5", "usr/share/i18n", "usr/lib/*-linux-gnu/gconv",
		},
	}},
	// One package holds two programs of 85 MB: the server for images, the other for tests of rules.
	{Name: "prometheus", Needs: []string{"mmdebstrap"}, Rootfs: &Rootfs{Packages: []string{"prometheus"}, Remove: []string{"usr/bin/promtool"}}},
	{Name: "promtool", Needs: []string{"mmdebstrap"}, Rootfs: &Rootfs{Packages: []string{"prometheus"}, Remove: []string{"usr/bin/prometheus", "usr/share/prometheus"}}},
	{Name: "alertmanager", Needs: []string{"mmdebstrap"}, Rootfs: &Rootfs{Packages: []string{"prometheus-alertmanager"}}},
	{Name: "pause", Module: &Module{Dir: "parts/pause", Programs: map[string]string{"pause": "."}}},
	{Name: "containerd", Module: &Module{
		Dir: "parts/containerd", Requires: "github.com/containerd/containerd/v2", Tags: "no_btrfs no_devmapper no_zfs",
		Programs: map[string]string{
			"containerd":              "github.com/containerd/containerd/v2/cmd/containerd",
			"containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
			"ctr":                     "github.com/containerd/containerd/v2/cmd/ctr",
		},
	}},
	{Name: "coredns", Module: &Module{Dir: "parts/coredns", Requires: "github.com/coredns/coredns", Programs: map[string]string{"coredns": "."}}},
	{Name: "runc", Needs: []string{"libseccomp-dev", "pkg-config", "gcc", "libc6-dev"}, Module: &Module{
		Dir: "parts/runc", Requires: "github.com/opencontainers/runc", Tags: "seccomp", CGO: true,
		Programs: map[string]string{"runc": "github.com/opencontainers/runc"},
	}},
	{Name: "cilium", Module: &Module{
		Dir: "parts/cilium", Requires: "github.com/cilium/cilium",
		Programs: map[string]string{
			"cilium-agent": "github.com/cilium/cilium/daemon",
			"cilium-cni":   "github.com/cilium/cilium/plugins/cilium-cni",
		},
		Copies: map[string]string{"bpf": "bpf", "crds": "pkg/k8s/apis/cilium.io/client/crds"},
	}},
	{Name: "helm", Module: &Module{
		Dir: "../tools/helm", Requires: "helm.sh/helm/v4", Programs: map[string]string{"helm": "helm.sh/helm/v4/cmd/helm"},
	}},
}

// Names lists the parts that can be built, in the order of the catalogue.
func Names() []string {
	names := make([]string, len(catalogue))
	for i, part := range catalogue {
		names[i] = part.Name
	}
	return names
}

// pick returns the named parts in the order of the catalogue, each once.
func pick(names []string) ([]Part, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var picked []Part
	for _, part := range catalogue {
		if wanted[part.Name] {
			picked = append(picked, part)
			delete(wanted, part.Name)
		}
	}
	if len(wanted) > 0 {
		var unknown []string
		for name := range wanted {
			unknown = append(unknown, name)
		}
		sort.Strings(unknown)
		return nil, fmt.Errorf("no part is called %s: choose from %s", strings.Join(unknown, ", "), strings.Join(Names(), ", "))
	}
	return picked, nil
}
