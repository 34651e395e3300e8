package chart

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// companies are two, as the operator would have made them, and what is not ours.
const companies = `
apiVersion: atrium.dev/v1alpha1
kind: Tenant
metadata: {name: acme, finalizers: [example.com/hold]}
spec: {displayName: 云杉科技有限公司, plan: standard, release: "0.1.0"}
---
apiVersion: atrium.dev/v1alpha1
kind: Tenant
metadata: {name: globex}
spec: {displayName: 环宇贸易有限公司, plan: standard, release: "0.1.0", deletionPolicy: Delete}
---
apiVersion: atrium.dev/v1alpha1
kind: Tenant
metadata: {name: initech}
spec: {displayName: 晨光医药有限公司, plan: standard, release: "0.1.0", deletionPolicy: FinalBackup}
---
apiVersion: v1
kind: Namespace
metadata: {name: tenant-acme, labels: {atrium.dev/tenant-id: abcdefghij}}
---
apiVersion: v1
kind: Namespace
metadata: {name: tenant-globex, labels: {atrium.dev/tenant-id: bbbbbbbbbb}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: office, namespace: tenant-acme, labels: {atrium.dev/tenant-id: abcdefghij}}
---
apiVersion: v1
kind: Namespace
metadata: {name: stranger}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: others.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Other, plural: others}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`

// refused runs kubectl, which has to fail, and returns what it said.
func (s server) refused(args ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), s.kubectlBin, append(args, "--kubeconfig", s.kubeconfig)...).CombinedOutput()
	if err == nil {
		s.t.Errorf("kubectl %v was not refused: %s", args, out)
	}
	return string(out)
}

// TestGuard deletes what is guarded, as a person, as the operator and as the
// controllers of Kubernetes.
func TestGuard(t *testing.T) {
	s := start(t)
	s.helm(append([]string{"install", releaseName, chartPath(t), "--create-namespace"}, required...)...)
	s.kubectl("wait", "--for=condition=Established", "crd/tenants.atrium.dev", "--timeout=60s")
	s.kubectl("apply", "-f", s.file(companies))
	s.awaitGuard()

	for name, c := range map[string]struct {
		delete []string
		words  []string
	}{
		"a company":             {[]string{"delete", "tenant", "acme"}, []string{"云杉科技有限公司", "data is kept", "kubectl annotate tenant acme --overwrite atrium.dev/confirm-deletion=acme"}},
		"a company and data":    {[]string{"delete", "tenant", "globex"}, []string{"Delete: ALL ITS DATA WILL BE DESTROYED. "}},
		"with a last backup":    {[]string{"delete", "tenant", "initech"}, []string{"ALL ITS DATA WILL BE DESTROYED once a last full backup is complete"}},
		"all of them":           {[]string{"delete", "tenants", "--all"}, []string{"confirm-deletion=acme", "confirm-deletion=globex"}},
		"a definition":          {[]string{"delete", "crd", "tenants.atrium.dev"}, []string{"every Tenant", "kubectl annotate crd tenants.atrium.dev"}},
		"another definition":    {[]string{"delete", "crd", "plans.atrium.dev"}, []string{"every Plan"}},
		"a company's namespace": {[]string{"delete", "namespace", "tenant-acme"}, []string{"delete the Tenant instead"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := s.refused(append(c.delete, "--wait=false")...)
			for _, word := range c.words {
				if !strings.Contains(out, word) {
					t.Errorf("the refusal does not say %q: %s", word, out)
				}
			}
		})
	}
	// A collection is deleted by one request: each object of it is asked for.
	if out := s.refused("delete", "--raw", "/apis/atrium.dev/v1alpha1/tenants"); !strings.Contains(out, "confirm-deletion") {
		t.Errorf("the collection: %s", out)
	}
	// Another's name confirms nothing.
	s.kubectl("annotate", "tenant", "acme", "atrium.dev/confirm-deletion=globex")
	s.refused("delete", "tenant", "acme", "--wait=false")

	t.Run("does not stand in the way", func(t *testing.T) { free(t, s) })
	t.Run("of an upgrade and an uninstall", func(t *testing.T) { leaves(t, s) })
}

// awaitGuard waits until the API server has taken the policies in.
func (s server) awaitGuard() {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, what := range [][]string{{"tenant", "acme"}, {"crd", "tenants.atrium.dev"}, {"namespace", "tenant-acme"}} {
		for {
			out, err := exec.CommandContext(s.t.Context(), s.kubectlBin, append([]string{"delete", "--dry-run=server", "--kubeconfig", s.kubeconfig}, what...)...).CombinedOutput()
			if err != nil && strings.Contains(string(out), "confirm-deletion") {
				break
			}
			if time.Now().After(deadline) {
				s.t.Fatalf("delete %v is not guarded: %s", what, out)
			}
		}
	}
}

func free(t *testing.T, s server) {
	operator := "--as=system:serviceaccount:" + namespace + ":operator"
	controller := func(name string) string { return "--as=system:serviceaccount:kube-system:" + name }
	// Groups are given with a user: without them the API server knows no right of its.
	asMaster := "--as-group=system:masters"
	for _, args := range [][]string{
		{"delete", "namespace", "stranger", "--wait=false"},
		{"delete", "crd", "others.example.com", "--wait=false"},
		{"delete", "configmap", "office", "-n", "tenant-acme", controller("generic-garbage-collector"), asMaster, "--dry-run=server"},
		{"delete", "--raw", "/api/v1/namespaces/tenant-acme/configmaps", controller("namespace-controller"), asMaster},
		{"delete", "namespace", "tenant-acme", operator, "--wait=false"},
	} {
		s.kubectl(args...)
	}
	s.kubectl("get", "namespace", "tenant-acme", "-o", "jsonpath={.metadata.deletionTimestamp}")
	// What the namespace controller does last.
	s.kubectl("replace", "--raw", "/api/v1/namespaces/tenant-acme/finalize", "-f", s.file(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"tenant-acme"},"spec":{"finalizers":[]}}`),
		controller("namespace-controller"), asMaster)
	if left := s.kubectl("get", "namespace", "tenant-acme", "--ignore-not-found", "-o", "name"); left != "" {
		t.Errorf("the namespace controller could not end %s", left)
	}
	// Whoever confirms may.
	s.kubectl("annotate", "namespace", "tenant-globex", "atrium.dev/confirm-deletion=tenant-globex")
	s.kubectl("delete", "namespace", "tenant-globex", "--wait=false")
	s.kubectl("annotate", "tenant", "acme", "--overwrite", "atrium.dev/confirm-deletion=acme")
	s.kubectl("delete", "tenant", "acme", "--wait=false")
	// The operator releases it, and the garbage collector takes its own finalizers out.
	s.kubectl("patch", "tenant", "acme", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	s.kubectl("annotate", "tenant", "initech", "atrium.dev/confirm-deletion=initech")
	s.kubectl("delete", "tenant", "initech", "--wait=false")
	if left := s.kubectl("get", "tenants", "-o", "name"); left != "tenant.atrium.dev/globex" {
		t.Errorf("there are %q", left)
	}
}

func leaves(t *testing.T, s server) {
	s.helm(append([]string{"upgrade", releaseName, chartPath(t)}, required...)...)
	s.helm("uninstall", releaseName)
	if left := s.kubectl("get", "validatingadmissionpolicies,validatingadmissionpolicybindings", "-o", "name"); left != "" {
		t.Errorf("the uninstall left %s", left)
	}
	if left := s.kubectl("get", "tenants", "-o", "name"); left != "tenant.atrium.dev/globex" {
		t.Errorf("after the uninstall there are %q", left)
	}
	// A definition that was confirmed takes its Tenants along: no one is asked again.
	s.helm(append([]string{"install", releaseName, chartPath(t)}, required...)...)
	s.kubectl("apply", "-f", s.file(companies))
	s.awaitGuard()
	s.kubectl("annotate", "crd", "tenants.atrium.dev", "atrium.dev/confirm-deletion=tenants.atrium.dev")
	s.kubectl("delete", "crd", "tenants.atrium.dev", "--wait=false")
	s.kubectl("wait", "--for=jsonpath={.metadata.deletionTimestamp}", "tenant/acme", "--timeout=60s")
}

func (s server) file(content string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}
