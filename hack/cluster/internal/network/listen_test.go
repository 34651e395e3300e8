package network

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// listen takes a free port of loopback for the time of a test.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestFreePort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := CheckPort(address, "etcd"); err != nil {
		t.Error(err)
	}
}

func TestReadResolvers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("# by hand\nsearch example.org\nnameserver 10.1.2.3\nnameserver\n  nameserver fe80::1%eth0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	resolvers, err := readResolvers(path)
	if want := []string{"10.1.2.3", "fe80::1%eth0"}; err != nil || !slices.Equal(resolvers, want) {
		t.Errorf("read %v, %v; want %v", resolvers, err, want)
	}
	if resolvers, err := readResolvers(path + ".missing"); err != nil || resolvers != nil {
		t.Errorf("a machine without resolv.conf: %v, %v", resolvers, err)
	}
}
