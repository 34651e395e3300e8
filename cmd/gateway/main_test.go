package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/env/kube"
)

const limit = time.Minute

// maxIdleMemory is the target for the gateway's resident memory without traffic.
const maxIdleMemory = 60 << 20

// The program as the image holds it: without a home, on a folder that it cannot
// write, against a real API server.
func TestTheProgram(t *testing.T) {
	environment := kube.New(t)
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			t.Logf("stop the API server: %v", err)
		}
	}()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	addAcme(t, api)

	binary := buildProgram(t)
	refusesWrongProxies(t, binary)
	g := startProgram(t, binary, environment.KubeConfig)
	g.until("ready", func() bool { code, _ := g.get(g.ops, "/readyz", ""); return code == http.StatusOK })
	if code, page := g.get(g.people, "/", "acme.example.com"); code != http.StatusServiceUnavailable || !strings.Contains(page, "云杉科技的办公室正在启动") {
		t.Errorf("acme gets %d %s", code, page)
	}
	if code, _ := g.get(g.people, "/", "globex.example.com"); code != http.StatusNotFound {
		t.Errorf("a stranger gets %d", code)
	}
	if code, text := g.get(g.ops, "/metrics", ""); code != http.StatusOK || !strings.Contains(text, "atrium_gateway_hosts 1\n") {
		t.Errorf("metrics answer %d without the one host", code)
	}
	if code, _ := g.get(g.people, "/metrics", "acme.example.com"); code == http.StatusOK {
		t.Error("metrics are open to people")
	}
	memory := g.resident()
	t.Logf("resident memory: %.1f MB", float64(memory)/(1<<20))
	if memory > maxIdleMemory {
		t.Errorf("resident memory is %.1f MB, target %d", float64(memory)/(1<<20), maxIdleMemory>>20)
	}

	if err := g.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	g.until("not ready", func() bool { code, _ := g.get(g.ops, "/readyz", ""); return code == http.StatusServiceUnavailable })
	if code, _ := g.get(g.people, "/", "acme.example.com"); code != http.StatusServiceUnavailable {
		t.Errorf("a request just after SIGTERM gets %d: others do not know yet", code)
	}
	select {
	case err := <-g.ended:
		if err != nil {
			t.Errorf("the program ended with %v", err)
		}
	case <-time.After(limit):
		t.Error("the program does not end")
	}
}

// TestDrainFitsThePod holds the limits of a gateway's end against the time that the
// chart gives its pod, and against the longest answer of an app (two minutes).
func TestDrainFitsThePod(t *testing.T) {
	raw, err := os.ReadFile("../../charts/atrium/templates/gateway/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), "terminationGracePeriodSeconds: ")
	grace, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	if whole := drainDelay + drainLimit + opsLimit; whole >= time.Duration(grace)*time.Second {
		t.Errorf("the gateway takes up to %s to end, its pod has %d s", whole, grace)
	}
	if drainLimit <= 2*time.Minute {
		t.Errorf("a download that an app still sends is cut after %s", drainLimit)
	}
}

func refusesWrongProxies(t *testing.T, binary string) {
	t.Helper()
	out, err := exec.Command(binary, "--trusted-proxies=everybody").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), `"everybody" is no network`) {
		t.Errorf("%v: %s", err, out)
	}
}

func addAcme(t *testing.T, api client.Client) {
	t.Helper()
	amounts := v1alpha1.ResourceAmounts{CPU: resource.MustParse("100m"), Memory: resource.MustParse("64Mi")}
	plan := &v1alpha1.Plan{
		ObjectMeta: metav1.ObjectMeta{Name: "small"},
		Spec: v1alpha1.PlanSpec{
			Replicas: 1, Resources: v1alpha1.Resources{Requests: amounts, Limits: amounts},
			RequestLimits: v1alpha1.RequestLimits{MaxBodyBytes: 1 << 20, RequestsPerSecond: 100, Burst: 100},
			Database:      v1alpha1.DatabaseLimits{Connections: 10, StatementTimeout: metav1.Duration{Duration: time.Second}},
		},
	}
	acme := &v1alpha1.Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: "acme"},
		Spec:       v1alpha1.TenantSpec{DisplayName: "云杉科技", Plan: "small", Release: "0.1.0"},
	}
	for _, object := range []client.Object{plan, acme} {
		if err := api.Create(context.Background(), object); err != nil {
			t.Fatal(err)
		}
	}
	acme.Status.Hosts = []string{"acme.example.com"}
	if err := api.Status().Update(context.Background(), acme); err != nil {
		t.Fatal(err)
	}
}

type program struct {
	t           *testing.T
	people, ops string
	process     *os.Process
	ended       chan error
}

func startProgram(t *testing.T, binary string, kubeconfig []byte) *program {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	g := &program{t: t, people: freeAddress(t), ops: freeAddress(t), ended: make(chan error, 1)}
	command := exec.Command(binary, "--listen", g.people, "--ops-listen", g.ops)
	command.Env = []string{"KUBECONFIG=" + file}
	command.Dir = "/proc" // takes no files
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	g.process = command.Process
	done := make(chan struct{})
	go func() { g.ended <- command.Wait(); close(done) }()
	t.Cleanup(func() {
		_ = g.process.Kill()
		<-done
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return g
}

func buildProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "gateway")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// get returns 0 while nobody answers.
func (g *program) get(addr, path, host string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Accept", "text/html")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (g *program) until(what string, done func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			g.t.Fatalf("the gateway is not %s within %s", what, limit)
		}
	}
}

// resident memory in bytes, as the kernel counts it.
func (g *program) resident() int {
	g.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.process.Pid))
	if err != nil {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == "VmRSS:" {
			kilobytes, err := strconv.Atoi(fields[1])
			if err != nil {
				g.t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	g.t.Fatal("the kernel does not say how much memory the gateway has")
	return 0
}
