package agent

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// backup takes one backup. The manifest comes last: until it lies in the store there
// is none, and once it does there is nothing left to do.
func (w *work) backup(ctx context.Context) error {
	if len(w.task.Sign) != ed25519.SeedSize || w.task.Epoch.ID == "" || w.task.Generation == "" || w.task.Password == "" {
		return fail(contract.ExitUsage, fmt.Errorf("the task of a backup lacks a signing key, an epoch or a generation"))
	}
	if _, err := w.manifest(ctx, w.task.Backup); err == nil {
		w.Log.Info("the backup is there already", "backup", w.task.Backup)
		return nil
	} else if !absent(err) {
		return err
	}
	if err := w.openGeneration(ctx); err != nil {
		return err
	}
	c, err := w.openCopies(ctx)
	if err != nil {
		return err
	}
	m := w.begun()
	var former backup.Manifest
	if w.task.Previous.Backup != "" {
		if former, err = c.adopt(ctx); err != nil {
			return err
		}
		m.Previous = former.Backup
	}
	if err := c.ahead(ctx); err != nil {
		return err
	}
	if err := w.rows(ctx, &m, c); err != nil {
		return err
	}
	if err := w.shape(ctx, &m, former); err != nil {
		return err
	}
	m.Epochs = c.epochs(former, m.SchemaEpoch)
	return w.sign(ctx, m)
}

// begun is the manifest as far as the task says it.
func (w *work) begun() backup.Manifest {
	t := w.task
	return backup.Manifest{
		Version: 1, Backup: t.Backup, Full: t.Full, TenantID: t.TenantID, Tenant: t.Tenant, Installation: t.Installation,
		Release: t.Release, SchemaVersion: t.SchemaVersion, OperatorVersion: t.OperatorVersion, KeyID: t.KeyID, Generation: t.Generation,
	}
}

// rows stores the stream: objects as they were with the rows, then the rows.
func (w *work) rows(ctx context.Context, m *backup.Manifest, c *copies) error {
	conn, err := connect(ctx, w.task.Database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin to read rows: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	deletedSince := c.source.clock.seen() // before the snapshot: what was there with it is younger
	if _, err := tx.Exec(ctx, backup.Settings); err != nil {
		return fmt.Errorf("begin to read rows: %w", err)
	}
	err = tx.QueryRow(ctx, "SELECT statement_timestamp(), split_part(current_setting('server_version'), ' ', 1)").Scan(&m.Moment, &m.PostgreSQL)
	if err != nil {
		return fmt.Errorf("begin to read rows: %w", err)
	}
	m.Moment = m.Moment.UTC()
	tables, sequences, err := catalogue(ctx, tx, w.task.Database.Schema)
	if err != nil {
		return err
	}
	w.progress.tablesAll.Store(int64(len(tables)))
	s := &stream{work: w, m: m, copies: c, tx: tx, tables: tables, sequences: sequences, deletedSince: deletedSince}
	summary, err := w.repository(w.task.Generation, w.task.Password).Backup(ctx, backup.Stream, w.task.Backup, func(out io.Writer) error { return s.write(ctx, out) })
	if err != nil {
		return fmt.Errorf("store the rows: %w", err)
	}
	m.Snapshot = summary.Snapshot
	w.progress.stored.Add(summary.Added)
	return nil
}

// stream writes one stream.
type stream struct {
	*work
	m            *backup.Manifest
	copies       *copies
	tx           pgx.Tx
	tables       []table
	sequences    []string
	deletedSince time.Time
	out          *bufio.Writer
}

func (s *stream) write(ctx context.Context, out io.Writer) error {
	counted := &counter{to: out, total: &s.progress.read}
	s.out = bufio.NewWriterSize(counted, 256<<10)
	if err := s.objects(ctx); err != nil {
		return err
	}
	if err := s.rows(ctx); err != nil {
		return err
	}
	s.line(backup.LineCommit)
	s.line(backup.LineEnd)
	err := s.out.Flush()
	s.m.StreamBytes = counted.size
	return err
}

// line keeps its error for Flush.
func (s *stream) line(text string) { _, _ = s.out.WriteString(text + "\n") }

func (s *stream) objects(ctx context.Context) error {
	digest := newSum()
	err := s.copies.list(ctx, s.deletedSince, func(o backup.Object) error {
		o, err := s.copies.copy(ctx, o)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("write object %s: %w", o.Key, err)
		}
		text := backup.LineObject + string(raw) + "\n"
		_, _ = digest.Write([]byte(text))
		s.m.Objects.Count++
		s.m.Objects.Bytes += o.Size
		s.copies.used[o.Epoch] = true
		_, err = s.out.WriteString(text)
		return err
	})
	s.m.Objects.Digest = digest.String()
	return err
}

func (s *stream) rows(ctx context.Context) error {
	s.progress.begin(backup.StepRows)
	plain := make([]backup.Table, len(s.tables))
	for i, t := range s.tables {
		plain[i] = t.Table
	}
	s.line(backup.LineRows)
	for _, text := range backup.Begin(plain) {
		s.line(text)
	}
	for _, t := range s.tables {
		s.line(t.CopyLine(""))
		done, err := copyOut(ctx, s.tx, s.task.Database.Schema, t, s.out)
		if err != nil {
			return err
		}
		s.line(backup.LineCopyEnd)
		s.m.Tables = append(s.m.Tables, done)
		s.progress.tables.Add(1)
	}
	// After the rows: a sequence is no part of the snapshot, and may be ahead of them but not behind.
	for _, name := range s.sequences {
		state, err := sequence(ctx, s.tx, s.task.Database.Schema, name)
		if err != nil {
			return err
		}
		s.line(state.SetLine(""))
		s.m.Sequences = append(s.m.Sequences, state)
	}
	return nil
}

// counter counts what is written.
type counter struct {
	to    io.Writer
	size  int64
	total interface{ Add(int64) int64 }
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.size += int64(n)
	c.total.Add(int64(n))
	return n, err
}

// sign writes the manifest. Its signature comes first, so that a manifest always has one.
func (w *work) sign(ctx context.Context, m backup.Manifest) error {
	m.Finished = w.Now().UTC()
	m.ReadBytes, m.StoredBytes = w.progress.read.Load(), w.progress.stored.Load()
	raw, signature, err := m.Sign(ed25519.NewKeyFromSeed(w.task.Sign))
	if err != nil {
		return err
	}
	for _, file := range []struct {
		key string
		raw []byte
	}{{backup.SignatureOf(m.Backup), signature}, {backup.ManifestOf(m.Backup), raw}} {
		if err := w.store.writeAll(ctx, file.key, file.raw); err != nil {
			return fmt.Errorf("write the manifest: %w", err)
		}
	}
	return nil
}
