package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDownLeavesNothing compares the machine before "up" and after "down".
func TestDownLeavesNothing(t *testing.T) {
	needMachine(t)
	before := takeInventory(t)
	up(t)
	runWorkload(t)
	do(t, "down")
	assertSame(t, before, takeInventory(t))
}

// TestKilledClusterComesBack kills everything, starts again over what is left,
// kills it once more and cleans up.
func TestKilledClusterComesBack(t *testing.T) {
	needMachine(t)
	before := takeInventory(t)
	up(t)
	runWorkload(t)
	killAll(t)
	up(t)
	answers(t, "two")
	killAll(t)
	do(t, "down")
	assertSame(t, before, takeInventory(t))
}

// TestStoreOutlivesTheCluster reaches the store from a pod, kills the cluster under
// it, takes the cluster away, and the store at last: nothing is left of either.
func TestStoreOutlivesTheCluster(t *testing.T) {
	for _, network := range []string{"cilium", "plain"} {
		t.Run(network, func(t *testing.T) {
			needMachine(t)
			before := takeInventory(t)
			upWith(t, network)
			do(t, "store", "up")
			t.Cleanup(func() { _ = dispatch(context.Background(), []string{"store", "down"}, io.Discard, os.Stderr) })
			credentials := do(t, "store", "up")
			first, err := os.ReadFile(strings.TrimSpace(credentials))
			if err != nil {
				t.Fatal(err)
			}
			runWorkload(t)
			reachesStore(t)
			killAll(t)
			upWith(t, network)
			answers(t, "two")
			reachesStore(t)
			do(t, "down")
			if status := do(t, "store", "status"); !strings.Contains(status, "runs as process") {
				t.Errorf("after the cluster has gone: %s", status)
			}
			if now, err := os.ReadFile(strings.TrimSpace(credentials)); err != nil || !bytes.Equal(now, first) {
				t.Errorf("its credentials changed: %v", err)
			}
			do(t, "store", "down")
			assertSame(t, before, takeInventory(t))
		})
	}
}

// reachesStore waits until a pod without a policy gets an answer of the store.
func reachesStore(t *testing.T) {
	t.Helper()
	eventually(t, "the store to answer a pod", func() bool {
		_, err := kubectl(t, "-n", "one", "exec", "deployment/peer", "--", "/peer", "get", "http://10.244.255.2:9000/minio/health/ready")
		return err == nil
	})
}

// eventually fails when a condition does not hold within two minutes.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited two minutes for %s", what)
		}
	}
}
