package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"atrium.dev/hack/cluster/internal/state"
)

// TestWorkloadsAndPolicies runs restricted pods and sends real packets.
func TestWorkloadsAndPolicies(t *testing.T) {
	needMachine(t)
	up(t)
	runWorkload(t)

	if out := mustKubectl(t, "-n", "one", "logs", "deployment/peer"); !strings.Contains(out, "peer is up as user 65532") {
		t.Errorf("the log of the peer says %q", out)
	}
	answers(t, "one")
	answers(t, "two")
	mustKubectl(t, "apply", "-f", "testdata/deny.yaml")
	eventually(t, "the policy to cut namespace two off", func() bool {
		out, err := kubectl(t, "-n", "two", "exec", "deployment/peer", "--", "/peer", "get", toService)
		return err != nil && strings.Contains(out, "deadline exceeded")
	})
	if out := mustKubectl(t, "-n", "one", "exec", "deployment/peer", "--", "/peer", "get", toService); !strings.Contains(out, "hello from peer-") {
		t.Errorf("inside the namespace the Service answers %q", out)
	}

	// The machine itself is let in: the kubelet probes from there.
	mustKubectl(t, "-n", "one", "rollout", "restart", "deployment/peer")
	mustKubectl(t, "-n", "one", "rollout", "status", "deployment/peer", "--timeout=60s")

	const listen = "127.0.0.1:18099"
	do(t, "forward", "--listen", listen, "--namespace", "one", "--service", "peer", "--port", "lines")
	client, line := firstLine(t, listen)
	_, port, _ := strings.Cut(client, ":")
	if want := "PROXY TCP4 127.0.0.1 127.0.0.1 " + port + " 18099\r\n"; line != want {
		t.Errorf("the Service was told %q, want %q", line, want)
	}
	if status := do(t, "status"); !strings.Contains(status, "atrium is Ready") || !strings.Contains(status, "enforced by Cilium") ||
		!strings.Contains(status, "http://"+listen+" → one/peer:lines") {
		t.Errorf("status says\n%s", status)
	}
}

// TestSecondClusterIsRefused names the running cluster and how to stop it.
func TestSecondClusterIsRefused(t *testing.T) {
	needMachine(t)
	up(t)
	owner, err := state.Registered()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := *owner
	elsewhere.Checkout = "/somewhere/else/hack/cluster"
	if err := state.Register(elsewhere); err != nil {
		t.Fatal(err)
	}
	err = dispatch(context.Background(), []string{"up"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "/somewhere/else/hack/cluster") || !strings.Contains(err.Error(), "down") {
		t.Errorf("a second up says %v", err)
	}
}

// TestPlainRoutes connects pods where Cilium cannot run, and says that policies
// do not hold.
func TestPlainRoutes(t *testing.T) {
	needMachine(t)
	before := takeInventory(t)
	upWith(t, "plain")
	runWorkload(t)
	answers(t, "two")
	// A second run must neither take the pods' routes for somebody else's nor
	// change the network under running pods.
	do(t, "up")
	if status := do(t, "status"); !strings.Contains(status, "atrium is Ready") || !strings.Contains(status, "NOT enforced") {
		t.Errorf("status says\n%s", status)
	}
	do(t, "down")
	assertSame(t, before, takeInventory(t))
}
