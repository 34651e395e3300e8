// Command cluster runs a real Kubernetes on a bare Linux machine, and builds
// the parts that it and the tests are made of.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"atrium.dev/hack/cluster/internal/cluster"
)

const usage = `usage: cluster COMMAND

  parts NAME...        build parts that are missing, print NAME<TAB>FOLDER for each
  up [--network auto|cilium|plain]
                       start the cluster, or what is missing of it
  down                 stop it and remove all that it left, data too
  status               say what runs and where
  store up|down|status an S3 store beside the cluster, which outlives it; up prints where its credentials are
  load IMAGE.tar...    bring images into the running cluster
  forward [--listen 127.0.0.1:8080] [--namespace atrium-system] [--service gateway] [--port http]
                       reach a Service from loopback, in the background
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// errUsage is returned for a command line that says nothing that can be done.
var errUsage = errors.New("usage")

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"parts":   partsCommand,
		"up":      upCommand,
		"down":    downCommand,
		"status":  statusCommand,
		"load":    loadCommand,
		"store":   storeCommand,
		"forward": forwardCommand,

		cluster.ServeCommand: serveForwarder,
	}
	run, known := commands[args[0]]
	if !known {
		return errUsage
	}
	return run(ctx, args[1:], stdout, stderr)
}
