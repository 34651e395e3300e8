package chart

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"atrium.dev/atrium/test/env/kube"
)

// server is a real API server without our definitions.
type server struct {
	t          *testing.T
	kubectlBin string
	kubeconfig string
}

func start(t *testing.T) server {
	t.Helper()
	e := kube.New(t)
	e.CRDDirectoryPaths, e.ErrorIfCRDPathMissing = nil, false
	if _, err := e.Start(); err != nil {
		t.Fatalf("start the API server: %v", err)
	}
	t.Cleanup(func() { stop(t, e) })
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, e.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	return server{t, filepath.Join(e.BinaryAssetsDirectory, "kubectl"), file}
}

func stop(t *testing.T, e *envtest.Environment) {
	if err := e.Stop(); err != nil {
		t.Logf("stop the API server: %v", err)
	}
}

func (s server) kubectl(args ...string) string {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("kubectl %v: %s", args, out)
	}
	return out
}

// try is kubectl for a call that may be refused.
func (s server) try(args ...string) (string, error) {
	out, err := exec.CommandContext(s.t.Context(), s.kubectlBin, append(args, "--kubeconfig", s.kubeconfig)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (s server) helm(args ...string) string {
	s.t.Helper()
	out, err := helm(s.t, append(args, "--kubeconfig", s.kubeconfig, "--namespace", namespace)...)
	if err != nil {
		s.t.Fatalf("helm %v: %s", args, out)
	}
	return out
}

const adminPassword = "jsonpath={.data.password}"

// TestLifeOfAnInstallation walks the path of a person: install, apply the samples,
// upgrade, uninstall, install again. No company and no password is lost on it.
func TestLifeOfAnInstallation(t *testing.T) {
	s := start(t)
	s.kubectl("create", "namespace", namespace)
	// The API server itself judges the pods by the restricted standard, and answers with warnings.
	s.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")
	values := demoValues(t)
	out := s.helm(append([]string{"install", releaseName, chartPath(t)}, values...)...)
	if strings.Contains(out, "violate PodSecurity") {
		t.Errorf("pods do not meet the restricted standard: %s", out)
	}
	if !strings.Contains(out, "http://<subdomain>.localhost:8080") {
		t.Errorf("the notes do not say where companies are: %s", out)
	}
	password := s.kubectl("get", "secret", "postgres-admin", "-n", namespace, "-o", adminPassword)
	if len(password) < 32 {
		t.Fatalf("the generated password is %q", password)
	}
	s.kubectl("wait", "--for=condition=Established", "crd/tenants.atrium.dev", "crd/plans.atrium.dev", "crd/releases.atrium.dev", "crd/databaseservers.atrium.dev", "crd/objectstores.atrium.dev", "crd/tenantbackups.atrium.dev", "--timeout=60s")
	samples := filepath.Join(chartPath(t), "..", "..", "config", "samples")
	s.kubectl("apply", "-f", samples)

	s.helm(append([]string{"upgrade", releaseName, chartPath(t), "--set", "gateway.replicas=3"}, values...)...)
	if got := s.kubectl("get", "deployment", "gateway", "-n", namespace, "-o", "jsonpath={.spec.replicas}"); got != "3" {
		t.Errorf("%s replicas after the upgrade, want 3", got)
	}
	if s.kubectl("get", "secret", "postgres-admin", "-n", namespace, "-o", adminPassword) != password {
		t.Error("an upgrade changed the database's password")
	}

	s.helm("uninstall", releaseName)
	if got := s.kubectl("get", "tenants", "-o", "name"); got != "tenant.atrium.dev/acme\ntenant.atrium.dev/globex" {
		t.Errorf("after the uninstall there are %q, want both companies", got)
	}
	if got := s.kubectl("get", "deployments", "-n", namespace, "-o", "name"); got != "" {
		t.Errorf("the uninstall left %s", got)
	}

	s.helm(append([]string{"install", releaseName, chartPath(t)}, values...)...)
	if s.kubectl("get", "secret", "postgres-admin", "-n", namespace, "-o", adminPassword) != password {
		t.Error("a new installation over kept volumes has another password")
	}
}

// TestUpgradeBringsNewFields: definitions in a chart's crds folder would stay as they
// were at the first installation; ours are templates.
func TestUpgradeBringsNewFields(t *testing.T) {
	s := start(t)
	former := filepath.Join(t.TempDir(), "atrium")
	if err := os.CopyFS(former, os.DirFS(chartPath(t))); err != nil {
		t.Fatal(err)
	}
	takeOut(t, filepath.Join(former, "files", "crd", "atrium.dev_objectstores.yaml"), "region")
	s.helm(append([]string{"install", releaseName, former, "--create-namespace"}, demoValues(t)...)...)
	field := []string{"get", "crd", "objectstores.atrium.dev", "-o", "jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.region.type}"}
	if got := s.kubectl(field...); got != "" {
		t.Fatalf("the former definition has the field already, of type %s", got)
	}
	s.helm(append([]string{"upgrade", releaseName, chartPath(t)}, demoValues(t)...)...)
	if got := s.kubectl(field...); got != "string" {
		t.Errorf("after the upgrade the definition's new field has type %q, want string", got)
	}
}

// takeOut removes a field of the spec from a definition.
func takeOut(t *testing.T, file, field string) {
	t.Helper()
	var crd object
	if err := yaml.Unmarshal([]byte(read(t, file)), &crd); err != nil {
		t.Fatal(err)
	}
	version := list(crd, "spec", "versions")[0]
	properties, _ := dig(version, "schema", "openAPIV3Schema", "properties", "spec", "properties").(object)
	delete(properties, field)
	raw, err := yaml.Marshal(crd)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
