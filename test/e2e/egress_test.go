//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	networkingv1 "k8s.io/api/networking/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// A machine outside the cluster: a network namespace of its own behind a link to this
// machine, with addresses that belong to nobody (RFC 5737) and one of a private network.
const (
	outside        = "atrium-e2e-out"
	outsideLink    = "atrium-e2e0"
	outsideGate    = "203.0.113.1"
	outsideHost    = "203.0.113.10"
	outsideOther   = "203.0.113.11"
	outsidePrivate = "192.168.213.10"
)

// openInternet is a Plan whose companies may call the Internet.
const openInternet = `apiVersion: atrium.dev/v1alpha1
kind: Plan
metadata: {name: e2e-internet, labels: {` + mark + `: "true"}}
spec:
  replicas: 1
  egress: Internet
  resources:
    requests: {cpu: 20m, memory: 64Mi}
    limits: {cpu: "1", memory: 256Mi}
`

// TestEgressIsWhatWasOpened sends packets from companies' pods to a machine outside the
// cluster: nothing leaves by default, the Tenant's list opens exactly what it says, and
// the plan opens HTTPS and submission of public addresses.
func TestEgressIsWhatWasOpened(t *testing.T) {
	if os.Getenv("CLUSTER") == "existing" {
		t.Skip("this machine is none of somebody else's cluster")
	}
	doors := []string{
		outsideHost + " 443", outsideHost + " 587", outsideHost + " 80", outsideHost + " 8443",
		outsideOther + " 8443", outsidePrivate + " 443", outsidePrivate + " 8443",
	}
	listenOutside(t, doors)
	apply(t, openInternet)
	closed, public := fresh(t, "closed", "闭门科技有限公司"), fresh(t, "public", "开门科技有限公司")
	public.plan = "e2e-internet"
	onboard(t, closed, public)

	passes(t, public, "internet", doors, outsideHost+" 443", outsideHost+" 587")
	passes(t, closed, "default", doors)
	kubectl(t, "patch", "tenant", closed.name, "--type=merge", "-p",
		fmt.Sprintf(`{"spec":{"egress":[{"cidr":"%s/32","ports":[8443]}]}}`, outsideHost))
	eventually(t, healLimit, "the policy of "+closed.name+" to name its list", func(ctx context.Context) error {
		policy, err := object[networkingv1.NetworkPolicy](ctx, "networkpolicy", v1alpha1.OfficeName, "-n", closed.namespace())
		if err == nil && len(policy.Spec.Egress) == 0 {
			err = errors.New("it opens nothing yet")
		}
		return err
	})
	passes(t, closed, "list", doors, outsideHost+" 8443")
}

// passes tries all doors from a pod of the company; exactly those that are named must
// open. A policy takes a moment to reach the node, so doors that shall open are tried
// for a while, and first.
func passes(t *testing.T, c company, what string, doors []string, open ...string) {
	t.Helper()
	var first, args []string
	want := map[string]string{}
	for _, door := range doors {
		name := strings.ReplaceAll(door, " ", ":")
		args, want[name] = append(append(args, name), strings.Fields(door)...), "closed"
	}
	for _, door := range open {
		want[strings.ReplaceAll(door, " ", ":")] = "open"
		first = append(first, strings.ReplaceAll(door, " ", "/"))
	}
	patience := ""
	for _, door := range first {
		patience += fmt.Sprintf("for i in 1 2 3 4 5 6; do timeout 4 bash -c 'exec 3<>/dev/tcp/%s' 2>/dev/null && break; sleep 0.5; done\n", door)
	}
	said := insidePod(t, c, "egress-"+what, patience+probes, args...)
	for name, state := range want {
		if !strings.Contains("\n"+said, "\n"+name+" "+state+"\n") {
			t.Errorf("%s (%s): want %s %s, the pod saw:\n%s", c.name, what, name, state, said)
		}
	}
	t.Logf("%s: %d doors, open are %v", what, len(doors), open)
}

// listenOutside makes the machine outside and lets it listen. It goes with the test.
func listenOutside(t *testing.T, doors []string) {
	t.Helper()
	file := "/run/netns/" + outside
	t.Cleanup(func() { removeOutside(file) })
	removeOutside(file)
	// Not "ip netns add", which turns /run/netns into a mount of its own.
	if err := os.WriteFile(file, nil, 0o444); err != nil { //nolint:gosec // as ip makes it
		t.Fatal(err)
	}
	for _, command := range []string{
		"unshare --net=" + file + " true",
		"ip link add " + outsideLink + " type veth peer name eth0 netns " + outside,
		"ip address add " + outsideGate + "/24 dev " + outsideLink,
		"ip link set " + outsideLink + " up",
		"ip -netns " + outside + " link set lo up",
		"ip -netns " + outside + " address add " + outsideHost + "/24 dev eth0",
		"ip -netns " + outside + " address add " + outsideOther + "/24 dev eth0",
		"ip -netns " + outside + " address add " + outsidePrivate + "/32 dev eth0",
		"ip -netns " + outside + " link set eth0 up",
		"ip -netns " + outside + " route add default via " + outsideGate,
		"ip route add " + outsidePrivate + "/32 via " + outsideHost,
	} {
		words := strings.Fields(command)
		if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil { //nolint:gosec // the commands above
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	for _, door := range doors {
		address := strings.ReplaceAll(door, " ", ":")
		listener, err := listenIn(t.Context(), file, address)
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
		// What is not there cannot be reached either.
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			t.Fatalf("the machine outside does not answer: %v", err)
		}
		_ = conn.Close()
	}
}

// listenIn listens in a network namespace. A socket stays where its thread was when it
// was made; the thread is not used again.
func listenIn(ctx context.Context, file, address string) (net.Listener, error) {
	type made struct {
		listener net.Listener
		err      error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		namespace, err := os.Open(file)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
			_ = namespace.Close()
		}
		if err != nil {
			done <- made{err: fmt.Errorf("enter %s: %w", file, err)}
			return
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", address)
		done <- made{listener, err}
	}()
	m := <-done
	return m.listener, m.err
}

// removeOutside takes away what this test, or an interrupted run of it, has made.
func removeOutside(file string) {
	_ = exec.Command("ip", "link", "delete", outsideLink).Run() //nolint:noctx // at the end
	_ = unix.Unmount(file, unix.MNT_DETACH)
	_ = os.Remove(file)
}
