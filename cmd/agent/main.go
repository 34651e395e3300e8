// Command agent backs up one tenant, brings a backup back, verifies one, or proves what came back: a Job.
package main

import (
	"context"
	"encoding/json"
	"flag"
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

func main() {
	task := flag.String("task", backup.TaskDir, "folder of the task")
	restic := flag.String("restic", "/usr/bin/restic", "program")
	pgDump := flag.String("pg-dump", "/usr/bin/pg_dump", "program")
	outcome := flag.String("outcome", "/dev/termination-log", "file for the last word, at most 4,096 bytes")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: agent [flags] backup|restore|verify|prove")
		os.Exit(contract.ExitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	last, code := agent.Run(ctx, agent.Config{TaskDir: *task, Restic: *restic, PgDump: *pgDump, Now: time.Now, Log: log}, flag.Arg(0))
	raw, err := json.Marshal(last)
	if err == nil {
		err = os.WriteFile(*outcome, raw, 0o644)
	}
	if err != nil {
		log.Warn("the last word was not written", "error", err)
	}
	if code != contract.ExitOK {
		stop()
		os.Exit(code)
	}
}
