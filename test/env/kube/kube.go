// Package kube starts a real Kubernetes API server with etcd for tests. There is no
// kubelet and no controller manager: pods never run, Jobs and Deployments get the
// status that a test writes. What needs running pods is tested in test/e2e.
package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"atrium.dev/atrium/test/env"
)

// Start runs an API server of its own for this test, with the CRDs in
// config/crd installed, and stops it with the test.
func Start(t testing.TB) *rest.Config {
	t.Helper()
	e := New(t)
	config, err := e.Start()
	if err != nil {
		t.Fatalf("start the API server: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Stop(); err != nil {
			t.Logf("stop the API server: %v", err)
		}
	})
	return config
}

// New prepares an API server that the test starts and stops by itself.
func New(t testing.TB) *envtest.Environment {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	root, err := env.Repository()
	if err != nil {
		t.Fatal(err)
	}
	e := &envtest.Environment{
		BinaryAssetsDirectory:    dir,
		CRDDirectoryPaths:        []string{filepath.Join(root, "config", "crd")},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	// Room for a Service of each of many companies; the default has 254 addresses.
	e.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/16")
	return e
}

// binaries is a folder that holds etcd, kube-apiserver and kubectl, as envtest
// wants them. Each ends with the thread that started it, so that a test that is
// killed leaves no server behind.
var binaries = sync.OnceValues(func() (string, error) {
	parts, err := env.Parts("etcd", "kubernetes")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), "atrium-test", "programs-"+filepath.Base(parts["kubernetes"]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for name, part := range map[string]string{"etcd": "etcd", "kube-apiserver": "kubernetes", "kubectl": "kubernetes"} {
		script := fmt.Sprintf("#!/bin/sh\nexec setpriv --pdeathsig KILL -- '%s' \"$@\"\n", filepath.Join(parts[part], name))
		// Another test process may run the script at this moment: replace it whole.
		draft := filepath.Join(dir, fmt.Sprintf("%s.%d", name, os.Getpid()))
		if err := os.WriteFile(draft, []byte(script), 0o755); err != nil {
			return "", err
		}
		if err := os.Rename(draft, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
})
