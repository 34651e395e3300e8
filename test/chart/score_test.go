package chart

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/test/env/score"
)

// combinations of values whose manifests are judged.
func combinations(t *testing.T) map[string][]string {
	digest := "image.digest=sha256:" + strings.Repeat("ab", 32)
	with := func(set string) []string { return append([]string{"--set", set}, required...) }
	return map[string][]string{
		"required alone": required,
		"demo":           demoValues(t),
		"one replica":    with("operator.replicas=1,gateway.replicas=1"),
		"load balancer":  with("gateway.service.type=LoadBalancer," + digest),
		"every optional": append([]string{"--api-versions", "monitoring.coreos.com/v1/ServiceMonitor,monitoring.coreos.com/v1/PrometheusRule,cilium.io/v2/CiliumNetworkPolicy"}, required...),
	}
}

// TestNothingIsCritical lets kube-score judge every combination. The demo's servers
// stand for those that a company has already: their pods are stable by a Service
// with an address, and their images bring users of their own.
func TestNothingIsCritical(t *testing.T) {
	for name, args := range combinations(t) {
		out, err := helm(t, append([]string{"template", releaseName, chartPath(t), "--namespace", namespace}, args...)...)
		if err != nil {
			t.Fatalf("%s: %s", name, out)
		}
		var without []string
		if name == "demo" {
			without = []string{"statefulset-has-servicename", "container-security-context-user-group-id"}
		}
		for _, line := range score.Critical(t, []byte(out), without...) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// TestContainersWriteToLimitedVolumesAlone is what stands in for shares of the
// node's disk: nothing can fill it.
func TestContainersWriteToLimitedVolumesAlone(t *testing.T) {
	for name, args := range combinations(t) {
		for _, workload := range ofKind(render(t, args...), "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob") {
			pod := dig(workload, "spec", "template", "spec")
			for _, container := range append(list(pod, "containers"), list(pod, "initContainers")...) {
				if dig(container, "securityContext", "readOnlyRootFilesystem") != true {
					t.Errorf("%s: %s: container %s may write to its own file system", name, title(workload), text(container, "name"))
				}
			}
			for _, volume := range list(pod, "volumes") {
				if empty, ok := dig(volume, "emptyDir").(object); ok && empty["sizeLimit"] == nil {
					t.Errorf("%s: %s: volume %s has no limit", name, title(workload), text(volume, "name"))
				}
			}
		}
	}
}

// TestEveryPodIsRestricted lets the real API server judge each pod of each
// combination by the restricted standard, and one that must not pass.
func TestEveryPodIsRestricted(t *testing.T) {
	s := start(t)
	s.kubectl("create", "namespace", namespace)
	s.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
	judged := 0
	for name, args := range combinations(t) {
		for _, workload := range ofKind(render(t, args...), "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob") {
			pod := object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": text(workload, "metadata", "name"), "namespace": namespace}}
			spec, _ := dig(workload, "spec", "template", "spec").(object)
			spec = maps.Clone(spec)
			delete(spec, "priorityClassName") // of the chart too, but not of this API server
			delete(spec, "serviceAccountName")
			claims(workload, spec)
			pod["spec"] = spec
			if out, err := s.admit(pod); err != nil {
				t.Errorf("%s: %s: %s", name, title(workload), out)
			}
			spec["hostNetwork"] = true
			if out, err := s.admit(pod); err == nil || !strings.Contains(out, "PodSecurity") {
				t.Fatalf("%s: %s: a pod in the node's network passes: %s", name, title(workload), out)
			}
			judged++
		}
	}
	t.Logf("%d pods judged", judged)
}

// claims gives a pod the volumes that a StatefulSet would make for it.
func claims(workload object, spec object) {
	volumes := list(spec, "volumes")
	for _, claim := range list(workload, "spec", "volumeClaimTemplates") {
		name := text(claim, "metadata", "name")
		volumes = append(volumes, object{"name": name, "persistentVolumeClaim": object{"claimName": name}})
	}
	spec["volumes"] = volumes
}

// admit asks whether the API server would take an object.
func (s server) admit(o object) (string, error) {
	s.t.Helper()
	raw, err := yaml.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "object.yaml")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.try("create", "--dry-run=server", "-f", file)
}
