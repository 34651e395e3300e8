// Command agent backs up one tenant, brings a backup back, verifies one, or proves what came back: a Job.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"atrium.dev/atrium/internal/agent"
	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// pause before an object is read anew: a store that was overwhelmed needs a moment.
const pause = 2 * time.Second

// Where the image and the cluster have what it needs.
const (
	restic  = "/usr/bin/restic"
	pgDump  = "/usr/bin/pg_dump"
	outcome = "/dev/termination-log" // for the last word, at most 4,096 bytes
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: agent backup|restore|verify|prove")
		os.Exit(contract.ExitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	last, code := agent.Run(ctx, agent.Config{TaskDir: backup.TaskDir, Restic: restic, PgDump: pgDump, Now: time.Now, Pause: pause, Log: log}, os.Args[1])
	raw, err := json.Marshal(last)
	if err == nil {
		err = os.WriteFile(outcome, raw, 0o644)
	}
	if err != nil {
		log.Warn("the last word was not written", "error", err)
	}
	if code != contract.ExitOK {
		stop()
		os.Exit(code)
	}
}
