//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// probes tries TCP connections at the same time and prints `NAME open` or `NAME
// closed` for each: arguments are NAME HOST PORT …
const probes = `
probe() {
  if timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>/dev/null; then echo "$1 open"; else echo "$1 closed"; fi
}
while [ $# -gt 0 ]; do probe "$1" "$2" "$3" & shift 3; done
wait
`

// target is something that listens.
type target struct {
	host, port string
	reachable  bool // from a company's pod
}

// listeners are the rows of the matrix of packets: whatever listens in the cluster,
// by component and port, and whether a company's pods reach it. What has no row
// fails the test.
var listeners = map[string]bool{
	"postgres 5432": true, "minio 9000": true, "kube-dns 53": true,
	"kube-dns 9153": false, "kube-dns 8080": false, "kube-dns 8181": false, "kubernetes 443": false,
	"operator 8081": false, "gateway 80": false, "gateway 8080": false, "gateway 8081": false,
	"prometheus 9090": false, "alertmanager 9093": false,
	"office 80": false, "office 8080": false, "office 8081": false,
}

// metadata is where clouds answer questions about the machine, credentials included.
const metadata = "169.254.169.254"

// packetsStayInside sends real packets from inside the pods of each company, in
// their network and under their policies, to all that listens in the cluster.
func packetsStayInside(t *testing.T, companies ...company) {
	listenAtMetadata(t)
	var cells atomic.Int64
	t.Run("from", func(t *testing.T) {
		for _, c := range companies {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				cells.Add(int64(packetsOf(t, c)))
			})
		}
	})
	t.Logf("%-12s %5d cells", "packets", cells.Load())
}

// listensWithin is how long what runs may take to be reached from this machine.
const listensWithin = 30 * time.Second

// packetsOf tries one company's pod and returns how many targets it tried.
func packetsOf(t *testing.T, c company) int {
	targets := targetsOf(t, c)
	// What is not there cannot be reached either: each must answer this machine.
	var args []string
	for name, to := range targets {
		args = append(args, strings.ReplaceAll(name, " ", "-"), to.host, to.port)
		if to.reachable {
			continue
		}
		// A company that has just become ready is known to the node's proxy a moment later.
		eventually(t, listensWithin, name+" listens, without which nothing can be said about the way to it", func(ctx context.Context) error {
			conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(to.host, to.port))
			if err == nil {
				_ = conn.Close()
			}
			return err
		})
	}
	said := insidePod(t, c, "packets", probes, args...)
	for name, to := range targets {
		name := strings.ReplaceAll(name, " ", "-")
		want := name + map[bool]string{true: " open", false: " closed"}[to.reachable]
		if !strings.Contains("\n"+said, "\n"+want+"\n") {
			t.Errorf("from a pod of %s: want %q (%s:%s), the pod saw:\n%s", c.name, want, to.host, to.port, said)
		}
	}
	return len(targets)
}

// targetsOf is all that listens but the company's own, by name.
func targetsOf(t *testing.T, c company) map[string]target {
	t.Helper()
	targets := map[string]target{}
	add := func(what, component, host string, port int32) {
		row := fmt.Sprintf("%s %d", component, port)
		reachable, known := listeners[row]
		if !known {
			t.Errorf("%s %q has no row in the matrix of packets: add one to test/e2e/network_test.go", what, row)
			return
		}
		targets[fmt.Sprintf("%s %s %s:%d", what, component, host, port)] = target{host, fmt.Sprint(port), reachable}
	}
	services, err := object[corev1.ServiceList](t.Context(), "services", "-A")
	if err != nil {
		t.Error(err)
	}
	for _, s := range services.Items {
		for _, p := range s.Spec.Ports {
			if s.Namespace != c.namespace() && p.Protocol == corev1.ProtocolTCP && s.Spec.ClusterIP != corev1.ClusterIPNone {
				add("service", s.Name, s.Spec.ClusterIP, p.Port)
			}
		}
	}
	running, err := object[corev1.PodList](t.Context(), "pods", "-A", "--field-selector=status.phase=Running")
	if err != nil {
		t.Error(err)
	}
	node := ""
	for _, p := range running.Items {
		node = p.Status.HostIP
		if p.Namespace == c.namespace() || p.Spec.HostNetwork || p.DeletionTimestamp != nil {
			continue
		}
		for _, container := range p.Spec.Containers {
			for _, port := range container.Ports {
				if port.Protocol == corev1.ProtocolTCP {
					add("pod", cmp.Or(p.Labels[v1alpha1.LabelComponent], p.Labels["k8s-app"]), p.Status.PodIP, port.ContainerPort)
				}
			}
		}
	}
	targets["API server on the node"] = target{node, "6443", false}
	targets["kubelet"] = target{node, "10250", false}
	targets["metadata address"] = target{metadata, "80", false}
	targets["database by name"] = target{"postgres." + systemNamespace + ".svc.cluster.local", "5432", true}
	targets["store by name"] = target{"minio." + systemNamespace + ".svc.cluster.local", "9000", true}
	return targets
}

// listenAtMetadata lets this machine, which is the node, answer where a cloud would.
func listenAtMetadata(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "ip", "address", "replace", metadata+"/32", "dev", "lo").CombinedOutput(); err != nil {
		t.Fatalf("give this machine the metadata address: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "address", "del", metadata+"/32", "dev", "lo").Run() })
	listener, err := net.Listen("tcp", metadata+":80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
}

// insidePod runs a bash script in a container that joins the company's running pod
// and returns what it printed. The image is PostgreSQL's, because the app's has no
// shell.
func insidePod(t *testing.T, c company, name, script string, args ...string) string {
	t.Helper()
	pod := onePod(t, c.namespace(), v1alpha1.LabelComponent+"="+v1alpha1.OfficeName)
	image := onePod(t, systemNamespace, v1alpha1.LabelComponent+"=postgres").Spec.Containers[0].Image
	kubectl(t, append([]string{
		"debug", "-n", c.namespace(), pod.Name, "--container=" + name, "--image=" + image,
		"--image-pull-policy=IfNotPresent", "--profile=restricted", "--quiet", "--", "bash", "-c", script, name,
	}, args...)...)
	eventually(t, time.Minute, "container "+name+" in pod "+pod.Name+" to end", func(ctx context.Context) error {
		now, err := object[corev1.Pod](ctx, "pod", pod.Name, "-n", c.namespace())
		if err != nil {
			return err
		}
		for _, s := range now.Status.EphemeralContainerStatuses {
			switch {
			case s.Name != name:
			case s.State.Terminated != nil:
				return nil
			case s.State.Waiting != nil:
				return fmt.Errorf("it waits: %s %s", s.State.Waiting.Reason, s.State.Waiting.Message)
			}
		}
		return errors.New("it runs")
	})
	return kubectl(t, "logs", "-n", c.namespace(), pod.Name, "-c", name)
}
