package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"atrium.dev/hack/cluster/internal/command"
)

// Where the store stands: a network namespace of its own beside the node, so that
// pods and node reach it by an address as they would another machine.
const (
	StoreNamespace = "atrium-store"
	StoreLink      = "atrium-store0" // its end on the bridge
	StoreIP        = "10.244.255.2"
	storeFile      = "/run/netns/" + StoreNamespace
)

// nsfs is the type of file system that a kept namespace shows.
const nsfs = 0x6e736673

// InStore is a command line that runs args in the store's namespace.
func InStore(args ...string) []string {
	return append([]string{"nsenter", "--net=" + storeFile}, args...)
}

// EnsureStore makes the store's namespace and ties it to the bridge.
func EnsureStore(ctx context.Context) error {
	if err := EnsureBridge(ctx); err != nil {
		return err
	}
	if err := ensureNamespace(ctx); err != nil {
		return fmt.Errorf("make the network namespace %s: %w", StoreNamespace, err)
	}
	var commands [][]string
	if _, err := os.Stat(filepath.Join("/sys/class/net", StoreLink)); err != nil {
		commands = append(commands, []string{"ip", "link", "add", StoreLink, "type", "veth", "peer", "name", "eth0", "netns", StoreNamespace})
	}
	// A bridge takes the least address of its ports unless it was given one, and
	// Cilium has learnt the one that it has.
	own, err := os.ReadFile(filepath.Join("/sys/class/net", Bridge, "address"))
	if err != nil {
		return fmt.Errorf("read the address of the bridge: %w", err)
	}
	inside := []string{"ip", "-netns", StoreNamespace}
	commands = append(commands,
		[]string{"ip", "link", "set", Bridge, "address", strings.TrimSpace(string(own))},
		[]string{"ip", "link", "set", StoreLink, "master", Bridge, "up"},
		append(inside[:3:3], "link", "set", "lo", "up"),
		append(inside[:3:3], "address", "replace", StoreIP+"/24", "dev", "eth0"),
		append(inside[:3:3], "link", "set", "eth0", "up"),
		append(inside[:3:3], "route", "replace", "default", "via", NodeIP),
	)
	for _, args := range commands {
		if _, err := command.Output(ctx, args...); err != nil {
			return fmt.Errorf("connect the store: %w", err)
		}
	}
	return nil
}

// ensureNamespace keeps a namespace under its name. It does not use "ip netns add",
// which turns /run/netns into a mount of its own.
func ensureNamespace(ctx context.Context) error {
	if kept() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(storeFile), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(storeFile, nil, 0o444); err != nil {
		return err
	}
	_, err := command.Output(ctx, "unshare", "--net="+storeFile, "true")
	return err
}

func kept() bool {
	var found syscall.Statfs_t
	return syscall.Statfs(storeFile, &found) == nil && found.Type == nsfs
}

// RemoveStore takes away the link and the namespace. What still runs in there keeps
// it alive without a name.
func RemoveStore(ctx context.Context) error {
	var failures []error
	if _, err := os.Stat(filepath.Join("/sys/class/net", StoreLink)); err == nil {
		_, err := command.Output(ctx, "ip", "link", "delete", StoreLink)
		failures = append(failures, err)
	}
	if kept() {
		failures = append(failures, syscall.Unmount(storeFile, syscall.MNT_DETACH))
	}
	if err := os.Remove(storeFile); err != nil && !os.IsNotExist(err) {
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
