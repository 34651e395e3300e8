package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"atrium.dev/hack/cluster/internal/forward"
	"atrium.dev/hack/cluster/internal/network"
	"atrium.dev/hack/cluster/internal/process"
)

// Forward says what to forward: a loopback address to a port of a Service.
type Forward struct {
	Listen    string // host:port
	Namespace string
	Service   string
	Port      string // name or number
}

// ServeCommand is the hidden command by which the tool runs the forwarder.
const ServeCommand = "forward-serve"

// StartForwarder keeps a forwarder running in the background. Another one, for
// another address or Service, is replaced.
func (c *Cluster) StartForwarder(ctx context.Context, f Forward) error {
	if _, alive := c.processes().Alive(apiserver); !alive {
		return errors.New("the cluster does not run: start it with \"cluster up\"")
	}
	program, err := c.keepProgram()
	if err != nil {
		return err
	}
	if record, alive := c.processes().Alive(forwarder); !alive {
		if err := network.CheckPort(f.Listen, "the forwarder"); err != nil {
			return err
		}
	} else if content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", record.Pid)); err == nil && !containsArg(content, f.Listen) {
		if err := network.CheckPort(f.Listen, "the forwarder"); err != nil {
			return err
		}
	}
	_, err = c.processes().Ensure(process.Spec{
		Name: forwarder,
		Args: []string{program, ServeCommand, f.Listen, f.Namespace, f.Service, f.Port},
		Env:  []string{"ATRIUM_STATE=" + string(c.State)},
	})
	if err != nil {
		return err
	}
	return c.wait(ctx, 10*time.Second, []string{forwarder}, func(context.Context) error {
		connection, err := net.DialTimeout("tcp", f.Listen, time.Second)
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

// ServeForwarder is the forwarder itself; it runs until it is told to end.
func (c *Cluster) ServeForwarder(ctx context.Context, f Forward, log io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return err
	}
	forwarder := forward.Forwarder{
		Log: slog.New(slog.NewTextHandler(log, nil)),
		Resolve: forward.Cached(func(ctx context.Context) (string, error) {
			return client.ServiceAddress(ctx, f.Namespace, f.Service, f.Port)
		}, 2*time.Second),
	}
	return forwarder.Serve(ctx, listener)
}

// keepProgram copies this program into the state folder: "go run" deletes its
// own, and the forwarder's name in the list of processes should say what it is.
func (c *Cluster) keepProgram() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(self)
	if err != nil {
		return "", fmt.Errorf("copy this program for the forwarder: %w", err)
	}
	return c.State.Path("bin", "cluster"), c.State.WriteFile(content, 0o755, "bin", "cluster")
}
