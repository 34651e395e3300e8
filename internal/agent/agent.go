// Package agent is the program that backs a tenant up and brings it back: rows in one
// snapshot of the database, objects as they were with it, into the tenant's bucket of
// a backup store, and out of it. It is told all it needs by a Task, knows nothing of
// Kubernetes, keeps nothing on disk, and can be killed at any point: the next run with
// the same Task goes on or starts anew by itself. A run that ends well was compared.
package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/restic"
	"atrium.dev/atrium/tenant-app/contract"
)

// Config is where the agent finds what it works with.
type Config struct {
	TaskDir string // folder of backup.TaskFile
	Restic  string // program
	PgDump  string // program, of the newest PostgreSQL that the agent may meet
	Now     func() time.Time
	Pause   time.Duration // before an object is read anew that could not be sent
	Log     *slog.Logger
}

// maxTask bounds the task's file: a Secret cannot hold more.
const maxTask = 1 << 20

// gcPercent trades a little time for memory: the Job has little, and most of what is
// allocated are parts of objects on their way.
const gcPercent = 25

// Run does what a command and the task say, and gives the exit code of the program
// beside its last word.
func Run(ctx context.Context, config Config, command string) (backup.Outcome, int) {
	debug.SetGCPercent(gcPercent)
	restored, err := run(ctx, config, command)
	if err == nil {
		return backup.Outcome{Restored: restored}, contract.ExitOK
	}
	if ctx.Err() != nil {
		err = fail(contract.ExitUnavailable, fmt.Errorf("it was ended before it was done, the next run goes on: %w", err))
	}
	config.Log.Error("the agent failed", "command", command, "error", err)
	message := err.Error()
	return backup.Outcome{Message: message[:min(len(message), maxMessage)]}, codeOf(err)
}

// maxMessage keeps an Outcome below the 4,096 bytes of a termination message, also
// when each of its bytes is written as an escape.
const maxMessage = 600

func run(ctx context.Context, config Config, command string) (*backup.Restored, error) {
	if command == backup.CommandProve {
		return nil, prove(ctx, config.TaskDir)
	}
	task, err := readTask(filepath.Join(config.TaskDir, backup.TaskFile))
	if err != nil {
		return nil, fail(contract.ExitUsage, err)
	}
	store, err := openBucket(task.Store)
	if err != nil {
		return nil, fail(contract.ExitUsage, err)
	}
	w := &work{Config: config, task: task, store: store}
	defer w.report(ctx)()
	switch command {
	case backup.CommandBackup:
		return nil, w.backup(ctx)
	case backup.CommandRestore:
		return w.restore(ctx)
	case backup.CommandVerify:
		return w.verify(ctx)
	}
	return nil, fail(contract.ExitUsage, fmt.Errorf("the agent knows %s, %s, %s and %s, not %q", backup.CommandBackup, backup.CommandRestore, backup.CommandVerify, backup.CommandProve, command))
}

// readTask never quotes what it read: it holds secrets.
func readTask(file string) (backup.Task, error) {
	var task backup.Task
	info, err := os.Stat(file)
	if err != nil {
		return task, fmt.Errorf("read the task: %w; mount its Secret", err)
	}
	if info.Size() > maxTask {
		return task, fmt.Errorf("read the task: %s has %d bytes, more than a Secret can hold", file, info.Size())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return task, fmt.Errorf("read the task: %w", err)
	}
	if json.Unmarshal(raw, &task) != nil || task.Backup == "" || task.TenantID == "" || len(task.Verify) == 0 {
		return task, fmt.Errorf("read the task: %s is not the JSON object that package backup describes", file)
	}
	if err := task.Store.Check(); err != nil {
		return task, fmt.Errorf("read the task: store: %w", err)
	}
	return task, nil
}

// work is one run.
type work struct {
	Config
	task     backup.Task
	store    *bucket
	progress progress
}

// repository is the one of a generation.
func (w *work) repository(generation, password string) restic.Repository {
	return restic.Repository{Program: w.Restic, Bucket: w.task.Store, Path: backup.RepositoryOf(generation), Password: password}
}

// limits of what is read whole.
const (
	maxManifest = 16 << 20
	maxSchema   = 64 << 20
)

// manifest reads the manifest of one of the tenant's backups and checks it.
func (w *work) manifest(ctx context.Context, name string) (backup.Manifest, error) {
	raw, err := w.store.read(ctx, backup.ManifestOf(name), maxManifest)
	if err != nil {
		return backup.Manifest{}, fmt.Errorf("read the manifest of backup %s: %w", name, lost(err))
	}
	signature, err := w.store.read(ctx, backup.SignatureOf(name), maxManifest)
	if err != nil {
		return backup.Manifest{}, fmt.Errorf("read the signature of backup %s: %w", name, lost(err))
	}
	m, err := backup.Open(raw, signature, w.task.Verify, name, w.task.TenantID)
	if err != nil {
		return m, fail(backup.ExitBroken, fmt.Errorf("check the manifest of backup %s: %w", name, err))
	}
	return m, nil
}
