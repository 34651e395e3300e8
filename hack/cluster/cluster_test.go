package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"atrium.dev/hack/cluster/internal/cluster"
	"atrium.dev/hack/cluster/internal/image"
	"atrium.dev/hack/cluster/internal/process"
	"atrium.dev/hack/cluster/internal/state"
)

// toService reaches the peer of namespace one by its name in the cluster's DNS.
const toService = "http://peer.one.svc.cluster.local/"

// TestMain lets the forwarder that a test starts be this program, which the tool
// copies as it copies itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cluster.ServeCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

// needMachine skips a test that takes the machine's one place for a cluster
// unless it was asked for.
func needMachine(t *testing.T) {
	t.Helper()
	if os.Getenv("ATRIUM_CLUSTER_TEST") == "" {
		t.Skip("starts a real cluster: set ATRIUM_CLUSTER_TEST=1 and run as root on a machine without one")
	}
	if owner, err := state.Registered(); err != nil || owner != nil {
		t.Fatalf("a cluster is registered here already (%v, %v): run \"cluster down\" first", owner, err)
	}
}

// do runs a command of the tool and returns what it printed to standard output.
func do(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := dispatch(ctx, args, &stdout, &stderr); err != nil {
		t.Fatalf("cluster %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// up starts the cluster and makes sure that it does not outlive the test.
func up(t *testing.T) {
	t.Helper()
	upWith(t, "cilium")
}

func upWith(t *testing.T, network string) {
	t.Helper()
	do(t, "up", "--network", network)
	t.Cleanup(func() {
		if owner, _ := state.Registered(); owner != nil {
			_ = dispatch(context.Background(), []string{"down"}, os.Stdout, os.Stderr)
		}
	})
}

// kubectl runs kubectl as the administrator.
func kubectl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	owner, err := state.Registered()
	if err != nil || owner == nil {
		t.Fatalf("no cluster is registered: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(owner.Parts["kubernetes"], "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+owner.State.Kubeconfig())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustKubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := kubectl(t, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// runWorkload builds and loads the image of the peers, and waits until both run
// under the name by digest.
func runWorkload(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "peer"), "./testdata/peer")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the peer: %v\n%s", err, out)
	}
	archive, err := os.Create(filepath.Join(dir, "peer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Program{Name: "atrium.dev/test/peer:1", File: filepath.Join(dir, "peer")}).Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	do(t, "load", archive.Name())
	owner, _ := state.Registered()
	images, err := image.Store{Ctr: filepath.Join(owner.Parts["containerd"], "ctr"), Socket: owner.State.ContainerdSocket()}.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workload, err := os.ReadFile("testdata/workload.yaml")
	if err != nil {
		t.Fatal(err)
	}
	byDigest := "atrium.dev/test/peer@" + images["atrium.dev/test/peer:1"]
	manifest := filepath.Join(dir, "workload.yaml")
	if err := os.WriteFile(manifest, bytes.ReplaceAll(workload, []byte("IMAGE"), []byte(byDigest)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, "apply", "-f", manifest)
	for _, namespace := range []string{"one", "two"} {
		mustKubectl(t, "-n", namespace, "rollout", "status", "deployment/peer", "--timeout=90s")
	}
}

// killAll ends every process of the cluster without warning, as a machine that
// loses its power does: programs, shims and what runs in pods.
func killAll(t *testing.T) {
	t.Helper()
	owner, err := state.Registered()
	if err != nil || owner == nil {
		t.Fatalf("no cluster to kill: %v", err)
	}
	table := process.Table{Pids: owner.State.Path("pids")}
	for _, name := range table.Names() {
		if record, alive := table.Alive(name); alive {
			_ = syscall.Kill(record.Pid, syscall.SIGKILL)
		}
	}
	groups, _ := filepath.Glob("/sys/fs/cgroup/memory/kubepods/*/*/*/cgroup.procs")
	more, _ := filepath.Glob("/sys/fs/cgroup/memory/kubepods/*/*/cgroup.procs")
	for _, file := range append(groups, more...) {
		content, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(content)) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		content, _ := os.ReadFile(file)
		if bytes.Contains(content, []byte("containerd-shim-runc-v2")) && bytes.Contains(content, []byte(string(owner.State)+"/")) {
			var pid int
			if _, err := fmt.Sscanf(file, "/proc/%d/", &pid); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// answers waits until the Service of namespace one answers a pod: kube-proxy
// takes up to a second to learn of a pod that has become ready.
func answers(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "the Service to answer namespace "+namespace, func() bool {
		out, err := kubectl(t, "-n", namespace, "exec", "deployment/peer", "--", "/peer", "get", toService)
		return err == nil && strings.Contains(out, "hello from peer-")
	})
}

// firstLine sends a line through the forwarder and returns the first line that
// the peer received.
func firstLine(t *testing.T, address string) (client, line string) {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprint(connection, "hello\n"); err != nil {
		t.Fatal(err)
	}
	line, err = bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		owner, _ := state.Registered()
		log, _ := os.ReadFile(owner.State.Path("logs", "forwarder.log"))
		t.Fatalf("%v; the forwarder says:\n%s", err, log)
	}
	return connection.LocalAddr().String(), line
}
