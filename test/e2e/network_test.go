//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
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

// packetsStayInside sends real packets from inside the app's own pod, in its
// network and under its policies.
func packetsStayInside(t *testing.T, acme, globex company) {
	targets := map[string]target{
		"database by name": {"postgres." + systemNamespace + ".svc.cluster.local", "5432", true},
		"store by name":    {"minio." + systemNamespace + ".svc.cluster.local", "9000", true},
	}
	maps.Copy(targets, forbidden(t, globex))

	// What is not there cannot be reached either: each must answer this machine.
	for name, to := range targets {
		if to.reachable {
			continue
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(to.host, to.port), 5*time.Second)
		if err != nil {
			t.Errorf("%s does not listen, so nothing can be said about the way to it: %v", name, err)
			continue
		}
		_ = conn.Close()
	}
	var args []string
	for name, to := range targets {
		args = append(args, strings.ReplaceAll(name, " ", "-"), to.host, to.port)
	}
	said := insidePod(t, acme, "packets", probes, args...)
	for name, to := range targets {
		name := strings.ReplaceAll(name, " ", "-")
		want := name + map[bool]string{true: " open", false: " closed"}[to.reachable]
		if !strings.Contains(said, want+"\n") {
			t.Errorf("from a pod of %s: want %q (%s:%s), the pod saw:\n%s", acme.name, want, to.host, to.port, said)
		}
	}
}

// forbidden is all that a company's pod must not reach.
func forbidden(t *testing.T, other company) map[string]target {
	t.Helper()
	service, err := object[corev1.Service](t.Context(), "service", v1alpha1.OfficeName, "-n", other.namespace())
	if err != nil {
		t.Fatal(err)
	}
	api, err := object[corev1.Service](t.Context(), "service", "kubernetes", "-n", "default")
	if err != nil {
		t.Fatal(err)
	}
	component := func(namespace, name string) string {
		return onePod(t, namespace, v1alpha1.LabelComponent+"="+name).Status.PodIP
	}
	office := onePod(t, other.namespace(), v1alpha1.LabelComponent+"="+v1alpha1.OfficeName)
	return map[string]target{
		"service of the other company":    {service.Spec.ClusterIP, "80", false},
		"pod of the other company":        {office.Status.PodIP, "8080", false},
		"operations of the other company": {office.Status.PodIP, "8081", false},
		"API server":                      {api.Spec.ClusterIP, "443", false},
		"API server on the node":          {office.Status.HostIP, "6443", false},
		"kubelet":                         {office.Status.HostIP, "10250", false},
		"operator":                        {component(systemNamespace, "operator"), "8081", false},
		"gateway":                         {component(systemNamespace, "gateway"), "8080", false},
		"Prometheus":                      {component(systemNamespace, "prometheus"), "9090", false},
	}
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
