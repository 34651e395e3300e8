package kube

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atrium.dev/hack/cluster/internal/pki"
)

// answering makes a client of a server that has these objects by path.
func answering(t *testing.T, objects map[string]string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := objects[r.URL.Path]; ok {
			_, _ = fmt.Fprint(w, body)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return &Client{server: server.URL, http: server.Client()}
}

func TestNodeReady(t *testing.T) {
	client := answering(t, map[string]string{
		"/api/v1/nodes/good": `{"spec":{"podCIDR":"10.244.0.0/24"},"status":{"conditions":[{"type":"MemoryPressure","status":"False"},{"type":"Ready","status":"True","message":"fine"}]}}`,
		"/api/v1/nodes/bad":  `{"status":{"conditions":[{"type":"Ready","status":"False","message":"no network"}]}}`,
		"/api/v1/nodes/new":  `{}`,
	})
	for name, want := range map[string]string{"good": "true fine", "bad": "false no network", "new": "false it has not reported yet"} {
		ready, message, err := client.NodeReady(t.Context(), name)
		if got := fmt.Sprint(ready, " ", message); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	if _, _, err := client.NodeReady(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a node that does not exist: %v", err)
	}
	if cidr, err := client.PodCIDR(t.Context(), "good"); err != nil || cidr != "10.244.0.0/24" {
		t.Errorf("range %q, %v", cidr, err)
	}
}

func TestServiceAddress(t *testing.T) {
	client := answering(t, map[string]string{
		"/api/v1/namespaces/ns/services/gateway": `{"spec":{"clusterIP":"10.96.3.4","ports":[{"name":"http","port":80},{"name":"ops","port":8081}]}}`,
	})
	for port, want := range map[string]string{"http": "10.96.3.4:80", "8081": "10.96.3.4:8081"} {
		if got, err := client.ServiceAddress(t.Context(), "ns", "gateway", port); err != nil || got != want {
			t.Errorf("port %s: %q, %v", port, got, err)
		}
	}
	if _, err := client.ServiceAddress(t.Context(), "ns", "gateway", "https"); err == nil || !strings.Contains(err.Error(), "ns/gateway has no port https") {
		t.Errorf("a port that does not exist: %v", err)
	}
}

func TestAvailableWaitsForTheLastChange(t *testing.T) {
	const deployment = `{"metadata":{"generation":%d},"spec":{"replicas":1},"status":{"observedGeneration":2,"updatedReplicas":%d,"availableReplicas":1}}`
	path := "/apis/apps/v1/namespaces/ns/deployments/d"
	for body, want := range map[string]bool{
		fmt.Sprintf(deployment, 2, 1): true,
		fmt.Sprintf(deployment, 3, 1): false, // the controller has not seen the change
		fmt.Sprintf(deployment, 2, 0): false, // only the former pod serves
	} {
		if got, err := answering(t, map[string]string{path: body}).Available(t.Context(), "ns", "d"); err != nil || got != want {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

func TestVolumesOfAClass(t *testing.T) {
	client := answering(t, map[string]string{"/api/v1/persistentvolumes": `{"items":[
		{"metadata":{"name":"a"},"spec":{"storageClassName":"mine"},"status":{"phase":"Released"}},
		{"metadata":{"name":"b"},"spec":{"storageClassName":"other"},"status":{"phase":"Released"}}]}`})
	volumes, err := client.Volumes(t.Context(), "mine")
	if err != nil || len(volumes) != 1 || volumes[0].Metadata.Name != "a" || volumes[0].Status.Phase != "Released" {
		t.Errorf("volumes %+v, %v", volumes, err)
	}
}

func TestOpenNeedsCertificates(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open("https://x", dir, "admin"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without files: %v", err)
	}
	authority, err := pki.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Ensure(pki.Leaf{File: "admin", Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("https://x", dir, "admin"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("https://x", dir, "admin"); err == nil {
		t.Error("a broken authority is taken")
	}
}
