// Command atrium-office is the office of one company: `serve` answers people,
// `migrate` brings the schema and the page's files up to this release, `seed` adds
// people to try it with. What it agrees with the platform stands in package contract.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the image has no files but this program

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// release is the version of this program, set by the linker.
var release = "0.0.0-dev"

const usage = `usage: atrium-office [--settings DIR] [--listen ADDRESS] [--ops-listen ADDRESS] COMMAND

  serve            answer people on port 8080 and operations on port 8081
  migrate up       bring the schema and the page's files up to this release
  migrate status   print the schema's version and what this program knows
  migrate check    succeed if there is nothing to migrate
  seed             add a company of 30 people to try the office with
`

// errUsage means that the arguments are wrong.
var errUsage = errors.New("wrong arguments")

func main() {
	ctx, stop := signalContext()
	defer stop()
	log := newLogger(os.Stdout)
	err := run(ctx, os.Args[1:], os.Stdout, log)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
	} else if err != nil {
		log.Error("the program ends", "error", err.Error())
	}
	os.Exit(exitCode(err))
}

// signalContext ends when the program is asked to stop.
func signalContext() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

func run(ctx context.Context, args []string, out io.Writer, log *slog.Logger) error {
	flags := flag.NewFlagSet("atrium-office", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("settings", contract.DefaultSettingsDir, "")
	at := addresses{}
	flags.StringVar(&at.people, "listen", port(contract.PortHTTP), "")
	flags.StringVar(&at.ops, "ops-listen", port(contract.PortOps), "")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	command := flags.Args()
	switch {
	case len(command) == 1 && command[0] == contract.CommandServe:
		return serve(ctx, *dir, at, log)
	case len(command) == 1 && command[0] == contract.CommandSeed:
		return seed(ctx, *dir, log)
	case len(command) == 2 && command[0] == contract.CommandMigrate:
		return migrate(ctx, *dir, command[1], out, log)
	}
	return errUsage
}

func port(n int) string { return fmt.Sprintf(":%d", n) }

// exitCode classes an error for the operator.
func exitCode(err error) int {
	var settings *settingsError
	switch {
	case err == nil:
		return contract.ExitOK
	case errors.Is(err, errUsage), errors.As(err, &settings):
		return contract.ExitUsage
	case errors.Is(err, store.ErrSchemaNewer):
		return contract.ExitSchema
	case store.IsUnavailable(err), kernel.IsKind(err, kernel.KindUnavailable):
		return contract.ExitUnavailable
	}
	return contract.ExitFailure
}
