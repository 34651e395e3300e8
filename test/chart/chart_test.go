// Package chart tests charts/atrium with the real helm: what it renders, what it
// refuses, and how it installs, upgrades and leaves a real API server.
package chart

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/test/env"
)

const (
	releaseName = "atrium"
	namespace   = "atrium-system"
)

var helmPath = sync.OnceValues(func() (string, error) {
	parts, err := env.Parts("helm")
	return filepath.Join(parts["helm"], "helm"), err
})

// recipient is that of an identity that nobody has.
const recipient = "age1gzjqemz2z59gksmt37e6qau9kr9ndmlkwg078jjgrp2l0g37gaqswdta7w"

var required = []string{"--set", "installation=test,baseDomain=office.example.com,recovery.recipient=" + recipient}

func chartPath(t testing.TB, parts ...string) string {
	t.Helper()
	root, err := env.Repository()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{root, "charts", "atrium"}, parts...)...)
}

// helm runs helm and returns all that it wrote.
func helm(t testing.TB, args ...string) (string, error) {
	t.Helper()
	path, err := helmPath()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

type object = map[string]any

// render returns the objects of the chart.
func render(t testing.TB, args ...string) []object {
	t.Helper()
	out, err := helm(t, append([]string{"template", releaseName, chartPath(t), "--namespace", namespace}, args...)...)
	if err != nil {
		t.Fatalf("helm template: %s", out)
	}
	var objects []object
	for document := range strings.SplitSeq(out, "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if o["kind"] != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

func demoValues(t testing.TB) []string {
	t.Helper()
	return []string{"--values", chartPath(t, "demo-values.yaml"), "--set", "recovery.recipient=" + recipient}
}

// dig follows keys through nested objects; nil when one is absent.
func dig(value any, keys ...string) any {
	for _, key := range keys {
		inner, _ := value.(object)
		value = inner[key]
	}
	return value
}

func text(value any, keys ...string) string {
	found, _ := dig(value, keys...).(string)
	return found
}

func list(value any, keys ...string) []any {
	found, _ := dig(value, keys...).([]any)
	return found
}

func ofKind(objects []object, kinds ...string) []object {
	return slices.DeleteFunc(slices.Clone(objects), func(o object) bool { return !slices.Contains(kinds, text(o, "kind")) })
}

func title(o object) string { return text(o, "kind") + " " + text(o, "metadata", "name") }

func TestLint(t *testing.T) {
	for name, args := range map[string][]string{"required alone": required, "demo": demoValues(t)} {
		if out, err := helm(t, append([]string{"lint", "--strict", chartPath(t)}, args...)...); err != nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestWrongValuesAreRefusedByName(t *testing.T) {
	cases := map[string]struct{ set, want string }{
		"no installation":          {"baseDomain=a.example", "installation: choose a name for this installation"},
		"no base domain":           {"installation=a", "baseDomain: choose the domain"},
		"no recipient":             {"installation=a,baseDomain=a.example", "recovery.recipient: make an age identity"},
		"identity as recipient":    {"installation=a,baseDomain=a.example,recovery.recipient=AGE-SECRET-KEY-1V7LCEDNC8Y9SV7ZYG7ZZ9SNKGL34XVR6FWHXFS4T4Q4VCG4VM7EQNWZMP2", "/recovery/recipient"},
		"half a recipient":         {"installation=a,baseDomain=a.example,recovery.recipient=age1gzjqemz2z59gksmt37e6qau9kr9", "/recovery/recipient"},
		"installation in capitals": {"installation=Prod,baseDomain=a.example", "/installation"},
		"installation too long":    {"installation=a123456789012345678901234567890,baseDomain=a.example", "/installation"},
		"base domain as address":   {"installation=a,baseDomain=https://a.example", "/baseDomain"},
		"scheme":                   {"installation=a,baseDomain=a.example,publicScheme=ftp", "/publicScheme"},
		"port":                     {"installation=a,baseDomain=a.example,publicPort=0", "/publicPort"},
		"no replica":               {"installation=a,baseDomain=a.example,operator.replicas=0", "/operator/replicas"},
		"unknown value":            {"installation=a,baseDomain=a.example,gatway.replicas=2", "gatway"},
		"unknown nested value":     {"installation=a,baseDomain=a.example,gateway.replica=2", "replica"},
		"agent's short digest":     {"installation=a,baseDomain=a.example,agent.image.digest=sha256:abc", "/agent/image/digest"},
		"short digest":             {"installation=a,baseDomain=a.example,image.digest=sha256:abc", "/image/digest"},
		"monitoring by expression": {"installation=a,baseDomain=a.example,monitoring.namespaceSelector.matchExpressions[0].key=a", "matchExpressions"},
		"proxy that is no range":   {"installation=a,baseDomain=a.example,gateway.trustedProxies[0]=10.0.0.1", "/gateway/trustedProxies/0"},
		"volume without unit":      {"installation=a,baseDomain=a.example,demo.minio.storage=8", "/demo/minio/storage"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := helm(t, "template", chartPath(t), "--set", c.set)
			if err == nil || !strings.Contains(out, c.want) {
				t.Fatalf("error %v, output %q, want it to name %q", err, out, c.want)
			}
		})
	}
}

// TestCopiesAreCurrent holds the chart's copies to what is generated beside the code.
func TestCopiesAreCurrent(t *testing.T) {
	rules := read(t, filepath.Join(chartPath(t), "..", "..", "config", "alerts", "atrium.yaml"))
	if read(t, chartPath(t, "files", "alerts", "atrium.yaml")) != rules {
		t.Error("charts/atrium/files/alerts/atrium.yaml is stale: run make generate")
	}
	for _, folder := range []string{"crd", "rbac"} {
		source := filepath.Join(chartPath(t), "..", "..", "config", folder)
		if got, want := files(t, chartPath(t, "files", folder)), files(t, source); !slices.Equal(got, want) || len(want) == 0 {
			t.Fatalf("charts/atrium/files/%s holds %v, config/%s holds %v: run make generate", folder, got, folder, want)
		}
		for _, name := range files(t, source) {
			if read(t, filepath.Join(source, name)) != read(t, chartPath(t, "files", folder, name)) {
				t.Errorf("charts/atrium/files/%s/%s is stale: run make generate", folder, name)
			}
		}
	}
}

func TestDefinitionsAreKept(t *testing.T) {
	crds := ofKind(render(t, required...), "CustomResourceDefinition")
	if len(crds) != 7 {
		t.Fatalf("%d definitions, want 7", len(crds))
	}
	for _, crd := range crds {
		if got := text(crd, "metadata", "annotations", "helm.sh/resource-policy"); got != "keep" {
			t.Errorf("%s: policy %q, want keep: an uninstall would delete every company", title(crd), got)
		}
	}
}

func TestOptionalKindsFollowTheCluster(t *testing.T) {
	plain := render(t, required...)
	optional := []string{"ServiceMonitor", "PodMonitor", "PrometheusRule", "CiliumNetworkPolicy"}
	if found := ofKind(plain, optional...); len(found) != 0 {
		t.Errorf("%s without its definition", title(found[0]))
	}
	with := render(t, append([]string{"--api-versions", "monitoring.coreos.com/v1/ServiceMonitor,monitoring.coreos.com/v1/PodMonitor,monitoring.coreos.com/v1/PrometheusRule,cilium.io/v2/CiliumNetworkPolicy"}, required...)...)
	for _, kind := range optional {
		if len(ofKind(with, kind)) != 1 {
			t.Errorf("no %s although the cluster has its definition", kind)
		}
	}
	if groups := list(ofKind(with, "PrometheusRule")[0], "spec", "groups"); len(groups) < 5 {
		t.Errorf("the PrometheusRule has %d groups, want those of config/alerts", len(groups))
	}
	single := render(t, append([]string{"--set", "operator.replicas=1,gateway.replicas=1"}, required...)...)
	if len(ofKind(plain, "PodDisruptionBudget")) != 2 || len(ofKind(single, "PodDisruptionBudget")) != 0 {
		t.Error("a disruption budget belongs to two replicas and more: with one it blocks every drain")
	}
}

func TestImageByDigestWins(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	cases := map[string]string{
		"":                                   "atrium.dev/atrium:0.1.0",
		"image.tag=x":                        "atrium.dev/atrium:x",
		"image.tag=x,image.digest=" + digest: "atrium.dev/atrium@" + digest,
		"image.repository=registry.example.com/a": "registry.example.com/a:0.1.0",
	}
	for set, want := range cases {
		for _, deployment := range ofKind(render(t, append([]string{"--set", set}, required...)...), "Deployment") {
			for _, container := range list(deployment, "spec", "template", "spec", "containers") {
				if got := text(container, "image"); got != want {
					t.Errorf("%q: %s runs %s, want %s", set, title(deployment), got, want)
				}
			}
		}
	}
}

// TestAgentImage hands the agent's image to the operator.
func TestAgentImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for set, want := range map[string]string{
		"":                             "--agent-image=atrium.dev/atrium-agent:0.1.0",
		"agent.image.digest=" + digest: "--agent-image=atrium.dev/atrium-agent@" + digest,
	} {
		for _, deployment := range ofKind(render(t, append([]string{"--set", set}, required...)...), "Deployment") {
			if text(deployment, "metadata", "name") != "operator" {
				continue
			}
			for _, container := range list(deployment, "spec", "template", "spec", "containers") {
				if args := fmt.Sprint(dig(container, "args")); !strings.Contains(args, want+" ") {
					t.Errorf("%q: the operator is told %s, want %s", set, args, want)
				}
			}
		}
	}
}

// TestSelectorsFindTheirPods catches a Service, budget or policy that selects nothing.
func TestSelectorsFindTheirPods(t *testing.T) {
	objects := render(t, demoValues(t)...)
	var pods []object
	for _, workload := range ofKind(objects, "Deployment", "StatefulSet") {
		labels, _ := dig(workload, "spec", "template", "metadata", "labels").(object)
		pods = append(pods, labels)
	}
	for _, o := range ofKind(objects, "Service", "PodDisruptionBudget", "NetworkPolicy") {
		selector, _ := dig(o, "spec", "selector").(object)
		if text(o, "kind") == "PodDisruptionBudget" {
			selector, _ = dig(selector, "matchLabels").(object)
		}
		if text(o, "kind") == "NetworkPolicy" {
			selector, _ = dig(o, "spec", "podSelector", "matchLabels").(object)
		}
		found := slices.ContainsFunc(pods, func(labels object) bool {
			for key, value := range selector {
				if labels[key] != value {
					return false
				}
			}
			return true
		})
		if !found {
			t.Errorf("%s selects no pod of the chart: %v", title(o), selector)
		}
	}
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
