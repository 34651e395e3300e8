package agent

import (
	"context"
	"fmt"
	"io"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// restore brings rows and objects of a backup back, and ends well only when all of it
// was compared with the manifest. Rows are committed at the very end.
func (w *work) restore(ctx context.Context) (*backup.Restored, error) {
	m, err := w.manifest(ctx, w.task.Backup)
	if err != nil {
		return nil, err
	}
	if m.SchemaVersion != w.task.SchemaVersion {
		return nil, fail(contract.ExitSchema, fmt.Errorf("restore backup %s: it has schema version %d and the schema has %d: migrate that one to %d with release %s first",
			m.Backup, m.SchemaVersion, w.task.SchemaVersion, m.SchemaVersion, m.Release))
	}
	l, err := w.openLoad(ctx, m)
	if err != nil {
		return nil, err
	}
	defer l.close(ctx)
	if err := w.through(ctx, m, l.begin, l.table); err != nil {
		return nil, err
	}
	if err := l.finish(ctx); err != nil {
		return nil, fmt.Errorf("restore backup %s: %w", m.Backup, err)
	}
	return done(m), nil
}

// verify reads all of a backup and compares it with its manifest.
func (w *work) verify(ctx context.Context) (*backup.Restored, error) {
	w.task.Bucket = contract.Bucket{}
	m, err := w.manifest(ctx, w.task.Backup)
	if err != nil {
		return nil, err
	}
	discard := func(_ context.Context, _ backup.Table, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	if err := w.through(ctx, m, func(context.Context) error { return nil }, discard); err != nil {
		return nil, err
	}
	return done(m), nil
}

// done is what was compared, all of it with success.
func done(m backup.Manifest) *backup.Restored {
	r := &backup.Restored{Tables: len(m.Tables), Objects: m.Objects.Count, Bytes: m.Objects.Bytes}
	for _, t := range m.Tables {
		r.Rows += t.Rows
	}
	return r
}

// through reads a backup in one pass: objects go to the tenant's bucket, tables to
// table, after begin. Only when it gives no error was all there and as it was.
func (w *work) through(ctx context.Context, m backup.Manifest, begin func(context.Context) error, table func(context.Context, backup.Table, io.Reader) error) error {
	w.progress.all.Store(m.Objects.Count)
	w.progress.tablesAll.Store(int64(len(m.Tables)))
	objects, err := w.openReturns(ctx)
	if err != nil {
		return err
	}
	defer func() {
		objects.end(nil)
		_ = objects.wait()
	}()
	err = w.repository(m.Generation, w.task.Password).Dump(ctx, m.Snapshot, backup.Stream, func(r io.Reader) error {
		counted := &measured{Reader: r, sum: newSum(), total: &w.progress.read}
		return readStream(counted, m, objects.add, func() error {
			if err := objects.wait(); err != nil {
				return err
			}
			w.progress.begin(backup.StepRows)
			return begin(ctx)
		}, func(t backup.Table, r io.Reader) error {
			defer w.progress.tables.Add(1)
			return table(ctx, t, r)
		})
	})
	if err != nil {
		return fmt.Errorf("read backup %s: %w", m.Backup, w.unreadable(ctx, m.Backup, err))
	}
	if objects.target != nil {
		return nil
	}
	return w.openShape(ctx, m, objects.identities)
}

// unreadable tells a backup that is not whole from a store that does not answer: what
// cannot be read although the store can is broken.
func (w *work) unreadable(ctx context.Context, name string, err error) error {
	if codeOf(err) != contract.ExitFailure || sqlState(err) != "" {
		return err
	}
	if _, asked := w.store.read(ctx, backup.ManifestOf(name), maxManifest); asked != nil {
		return fail(contract.ExitUnavailable, err)
	}
	return fail(backup.ExitBroken, err)
}
