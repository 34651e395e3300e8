package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"atrium.dev/hack/cluster/internal/command"
)

// EnsureBridge makes the link that carries the node's address and the route of
// the Service range: a packet to a Service that kube-proxy has not rewritten
// ends there instead of leaving by the default route.
func EnsureBridge(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join("/sys/class/net", Bridge)); err != nil {
		if _, err := command.Output(ctx, "ip", "link", "add", Bridge, "type", "bridge"); err != nil {
			return fmt.Errorf("make the bridge: %w; the kernel needs bridges and this process CAP_NET_ADMIN", err)
		}
	}
	for _, args := range [][]string{
		{"ip", "address", "replace", nodeAddress, "dev", Bridge},
		{"ip", "link", "set", Bridge, "up"},
		{"ip", "route", "replace", Services.String(), "dev", Bridge},
	} {
		if _, err := command.Output(ctx, args...); err != nil {
			return fmt.Errorf("set up the bridge %s: %w", Bridge, err)
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1\n"), 0o644)
}

// CheckPort returns an error when another program listens on an address.
func CheckPort(address, user string) error {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s, which %s needs, is taken: stop the program that listens there (ss -ltnp names it)", address, user)
	}
	if err != nil {
		return fmt.Errorf("listen on %s for %s: %w", address, user, err)
	}
	return listener.Close()
}
