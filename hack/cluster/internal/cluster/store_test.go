package cluster

import (
	"os"
	"testing"

	"atrium.dev/hack/cluster/internal/state"
)

// TestWhatStaysWithAStore: "down" leaves a store what it needs, and takes all else.
func TestWhatStaysWithAStore(t *testing.T) {
	for _, kept := range []bool{true, false} {
		c := &Cluster{State: state.Dir(t.TempDir())}
		for _, name := range []string{"pids", "data", "volumes", "recovery-identity.txt", "before.json", "kubeconfig"} {
			if err := os.Mkdir(c.State.Path(name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if !c.clusterKept() {
			t.Error("a cluster that does not run is taken for none: \"store down\" would remove its data")
		}
		if kept {
			if _, err := c.storeAccess(); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.removeState(); err != nil {
			t.Fatal(err)
		}
		for name, stays := range map[string]bool{"store": kept, "pids": kept, "recovery-identity.txt": kept, "before.json": kept, "data": false, "volumes": false, "kubeconfig": false} {
			if _, err := os.Stat(c.State.Path(name)); (err == nil) != stays {
				t.Errorf("store %v: %s stays: %v, want %v", kept, name, err == nil, stays)
			}
		}
	}
}

// TestTheStoresPasswordIsMadeOnce and is readable by its owner alone.
func TestTheStoresPasswordIsMadeOnce(t *testing.T) {
	c := &Cluster{State: state.Dir(t.TempDir())}
	first, err := c.storeAccess()
	if err != nil || len(first.SecretKey) < 20 || first.Endpoint != "http://10.244.255.2:9000" {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := c.storeAccess(); err != nil || again != first {
		t.Errorf("again %+v, %v", again, err)
	}
	for _, path := range []string{c.State.Path(storeDir), c.StoreCredentials()} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
}
