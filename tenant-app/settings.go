package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// followEvery is how soon a changed file is noticed. Kubernetes itself takes up to
// a minute to bring it here.
const followEvery = 3 * time.Second

// settingsError means that the settings folder is at fault.
type settingsError struct{ error }

func (e *settingsError) Unwrap() error { return e.error }

// mounted is the settings folder and what was made from it.
type mounted struct {
	dir      string
	settings atomic.Pointer[contract.Settings]
	keys     atomic.Pointer[contract.Keys]
	db       *store.DB
	bucket   *blob.Bucket
}

// mount reads the folder and prepares the ways to database and bucket.
func mount(ctx context.Context, dir string) (*mounted, error) {
	m := &mounted{dir: dir}
	settings, database, bucket, keys, err := load(dir)
	if err != nil {
		return nil, err
	}
	m.settings.Store(&settings)
	m.keys.Store(&keys)
	if m.db, err = store.Open(ctx, database); err != nil {
		return nil, &settingsError{err}
	}
	if m.bucket, err = blob.Open(bucket, func() (contract.Bucket, error) { return contract.LoadBucket(dir) }); err != nil {
		return nil, &settingsError{err}
	}
	return m, nil
}

func load(dir string) (settings contract.Settings, database contract.Database, bucket contract.Bucket, keys contract.Keys, err error) {
	if settings, err = contract.LoadSettings(dir); err == nil {
		if database, err = contract.LoadDatabase(dir); err == nil {
			if bucket, err = contract.LoadBucket(dir); err == nil {
				keys, err = contract.LoadKeys(dir)
			}
		}
	}
	if err != nil {
		err = &settingsError{err}
	}
	return settings, database, bucket, keys, err
}

// Settings are the settings as they are now.
func (m *mounted) Settings() contract.Settings { return *m.settings.Load() }

// Keys are the keys as they are now.
func (m *mounted) Keys() contract.Keys { return *m.keys.Load() }

// follow takes changes of the files until ctx ends. It reads only what changed.
// Files that cannot be used are logged once, and what was read before stays in force.
func (m *mounted) follow(ctx context.Context, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	complaint, taken := "", ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := stamp(m.dir)
		if now == taken {
			continue
		}
		if err := m.reload(ctx); err == nil {
			complaint, taken = "", now
		} else if err.Error() != complaint {
			complaint = err.Error()
			log.ErrorContext(ctx, "changed settings cannot be used", "error", complaint)
		}
	}
}

// stamp changes when a file does: Kubernetes replaces them, never writes into one.
func stamp(dir string) string {
	var all strings.Builder
	for _, file := range []string{contract.FileSettings, contract.FileDatabase, contract.FileBucket, contract.FileKeys} {
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil {
			fmt.Fprintln(&all, info.ModTime().UnixNano(), info.Size())
		}
	}
	return all.String()
}

func (m *mounted) reload(ctx context.Context) error {
	settings, database, bucket, keys, err := load(m.dir)
	if err != nil {
		return err
	}
	m.settings.Store(&settings)
	m.keys.Store(&keys)
	// One that cannot follow now keeps the other from nothing.
	return errors.Join(m.db.Follow(ctx, database), m.bucket.Follow(bucket))
}
