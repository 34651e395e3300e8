package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"filippo.io/age"
	"github.com/minio/minio-go/v7"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/internal/restic"
	"atrium.dev/atrium/tenant-app/contract"
)

// openGeneration makes the restic repository if it is not there. The tenant's lease
// lets one agent work at a time, so a lock is of one that was killed. What one left
// that was killed while it made the repository, the operator removes: an agent may not.
func (w *work) openGeneration(ctx context.Context) error {
	place := backup.RepositoryOf(w.task.Generation)
	if err := w.store.clear(ctx, place+"/locks/"); err != nil {
		return fmt.Errorf("remove locks of a run that was killed: %w", err)
	}
	_, err := w.store.client.StatObject(ctx, w.store.name, place+"/config", minio.StatObjectOptions{})
	if err == nil {
		return nil
	}
	if !absent(err) {
		return fmt.Errorf("look for generation %s: %w", w.task.Generation, err)
	}
	if !w.task.Full {
		return fail(backup.ExitBroken, fmt.Errorf("generation %s is gone from the backup store: take a full backup", w.task.Generation))
	}
	return w.repository(w.task.Generation, w.task.Password).Init(ctx)
}

// clear removes what lies under a prefix.
func (b *bucket) clear(ctx context.Context, prefix string) error {
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		if err := b.client.RemoveObject(ctx, b.name, o.Key, minio.RemoveObjectOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// shape adds a pg_dump of the schema, for people who have to do without the app's
// migrations, where no former backup of this generation has the same one.
func (w *work) shape(ctx context.Context, m *backup.Manifest, former backup.Manifest) error {
	if !m.Full && former.Generation == m.Generation && former.SchemaVersion == m.SchemaVersion && former.Schema != "" {
		m.Schema, m.SchemaEpoch = former.Schema, former.SchemaEpoch
		return nil
	}
	w.progress.begin(backup.StepSchema)
	recipient, _, err := parseRecipient(w.task.Epoch.Recipient)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer // a schema is some 100 KB
	to, err := age.Encrypt(&sealed, recipient)
	if err != nil {
		return fmt.Errorf("encrypt the schema: %w", err)
	}
	db := w.task.Database
	dump := exec.CommandContext(ctx, w.PgDump, "--schema-only", "--no-password", "--schema", backup.Quote(db.Schema))
	var said bytes.Buffer
	dump.Stdout, dump.Stderr = to, &said
	dump.Env = append(os.Environ(), "PGHOST="+db.Host, "PGPORT="+strconv.Itoa(db.Port), "PGDATABASE="+db.Name, "PGUSER="+db.User, "PGPASSWORD="+db.Password,
		"PGSSLMODE="+db.SSLMode, "PGAPPNAME=atrium-agent", "PGCONNECT_TIMEOUT="+strconv.Itoa(connectSeconds))
	if db.CABundle != "" {
		file, err := restic.InMemory("ca", db.CABundle)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		dump.ExtraFiles = []*os.File{file}
		dump.Env = append(dump.Env, "PGSSLROOTCERT="+restic.ExtraFile)
	}
	if err := dump.Run(); err != nil {
		return fmt.Errorf("dump the schema: %w: %.500s", err, said.String())
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("encrypt the schema: %w", err)
	}
	w.progress.stored.Add(int64(sealed.Len()))
	if err := w.store.writeAll(ctx, backup.SchemaOf(m.Backup), sealed.Bytes()); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	m.Schema, m.SchemaEpoch = m.Backup, w.task.Epoch.ID
	return nil
}

// openShape reads the pg_dump that restoring by hand begins with: what proves a backup
// proves that too. What brings a company back does not need it and does not fail for it.
func (w *work) openShape(ctx context.Context, m backup.Manifest, identities map[string]age.Identity) error {
	sealed, err := w.store.read(ctx, backup.SchemaOf(m.Schema), maxSchema)
	if err != nil {
		return fmt.Errorf("read the schema of backup %s: %w", m.Schema, lost(err))
	}
	identity, ok := identities[m.SchemaEpoch]
	if !ok {
		return fail(contract.ExitUsage, fmt.Errorf("the task has no identity for epoch %s", m.SchemaEpoch))
	}
	plain, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err == nil {
		_, err = io.Copy(io.Discard, plain)
	}
	if err != nil {
		return fail(backup.ExitBroken, fmt.Errorf("open the schema of backup %s: %w", m.Schema, err))
	}
	return nil
}
