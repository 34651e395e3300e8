// Package registry keeps what must outlive the cluster: for each tenant of an
// installation one row on the DatabaseServer that holds its schema. The row is the
// authority over a tenant's identity, and its lock and fence keep an operator that
// is no longer the leader from changing anything.
package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
)

// FreshFor is how long a heartbeat counts, and HeartbeatEvery how often one is due.
const (
	FreshFor       = 2 * time.Minute
	HeartbeatEvery = 30 * time.Second
)

// Registry is one operator process's view of the registries of all servers.
type Registry struct {
	installation string
	cluster      string
	holder       string // this process: what it holds already it need not take again

	mu     sync.Mutex
	claims map[string]*claim // by server
}

// claim is what this process holds on one server.
type claim struct {
	// Held while the server is asked, so that one process takes one epoch; others
	// wait for no server but their own.
	mu    sync.Mutex
	epoch int64     // 0 until it was taken
	beat  time.Time // when the last heartbeat was sent
}

func (r *Registry) claim(server string) *claim {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.claims[server] == nil {
		r.claims[server] = &claim{}
	}
	return r.claims[server]
}

// New makes a Registry for an installation (a name that a person chose) run by a
// cluster (the UID of its namespace kube-system).
func New(installation, cluster string) *Registry {
	return &Registry{installation: installation, cluster: cluster, holder: rand.Text(), claims: map[string]*claim{}}
}

// Take claims the installation on a server for this process, which then has the
// highest epoch; whoever had it before can change nothing any more. It does so at
// the first use of a server only; two DatabaseServers that lead to one database are
// taken once. It fails with InstallationConflict while another
// cluster's heartbeat under this name is fresh.
func (r *Registry) Take(ctx context.Context, server *postgres.Server) error {
	_, err := r.epoch(ctx, server)
	return err
}

func (r *Registry) epoch(ctx context.Context, server *postgres.Server) (int64, error) {
	c := r.claim(server.Name())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != 0 {
		return c.epoch, nil
	}
	var epoch int64
	err := server.Tx(ctx, func(tx pgx.Tx) error {
		if err := ensureSchema(ctx, tx); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO atrium.installations AS i (installation, cluster, heartbeat, epoch, holder) VALUES ($1, $2, now(), 1, $4)
			ON CONFLICT (installation) DO UPDATE SET cluster = $2, heartbeat = now(), holder = $4,
				epoch = i.epoch + CASE WHEN i.holder = $4 THEN 0 ELSE 1 END
			WHERE i.cluster = $2 OR i.heartbeat < now() - $3::interval
			RETURNING epoch`, r.installation, r.cluster, FreshFor, r.holder).Scan(&epoch)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Blocked(v1alpha1.ReasonInstallationConflict, nil,
				"DatabaseServer %s is in use by another cluster under the installation name %q: choose another name, or stop that cluster's operator and wait %s",
				server.Name(), r.installation, FreshFor)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	c.epoch = epoch
	return epoch, nil
}

// Forget drops what is remembered about a server that is gone or was replaced.
func (r *Registry) Forget(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.claims, server)
}

// Heartbeat tells other clusters that this one lives; it writes only when one is
// due. It fails with FenceLost when another operator took over.
func (r *Registry) Heartbeat(ctx context.Context, server *postgres.Server, now time.Time) error {
	epoch, err := r.epoch(ctx, server)
	if err != nil {
		return err
	}
	if !r.due(server.Name(), now) {
		return nil
	}
	tag, err := server.Pool().Exec(ctx, `UPDATE atrium.installations SET heartbeat = now() WHERE installation = $1 AND epoch = $2`, r.installation, epoch)
	if err != nil {
		return server.Fault(err)
	}
	if tag.RowsAffected() == 0 {
		return r.lost(server)
	}
	return nil
}

func (r *Registry) due(server string, now time.Time) bool {
	c := r.claim(server)
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.beat) < HeartbeatEvery {
		return false
	}
	c.beat = now
	return true
}

func (r *Registry) lost(server *postgres.Server) error {
	return fault.Blocked(v1alpha1.ReasonFenceLost, nil,
		"another operator has taken over installation %q on DatabaseServer %s; this one ends", r.installation, server.Name())
}

// Lookup returns the rows of a Tenant's name that are active or retained, latest first.
func (r *Registry) Lookup(ctx context.Context, server *postgres.Server, name string) ([]Row, error) {
	if _, err := r.epoch(ctx, server); err != nil {
		return nil, err
	}
	rows, err := server.Pool().Query(ctx,
		`SELECT `+columns+` FROM atrium.tenants WHERE installation = $1 AND name = $2 AND state <> 'dropped' ORDER BY changed DESC, id`,
		r.installation, name)
	if err != nil {
		return nil, server.Fault(err)
	}
	found, err := pgx.CollectRows(rows, func(one pgx.CollectableRow) (Row, error) {
		var row Row
		return row, one.Scan(row.targets()...)
	})
	return found, server.Fault(err)
}

// Insert writes a new tenant's row and returns it as it stands.
func (r *Registry) Insert(ctx context.Context, server *postgres.Server, row Row) (Row, error) {
	epoch, err := r.epoch(ctx, server)
	if err != nil {
		return row, err
	}
	err = server.Pool().QueryRow(ctx, `
		INSERT INTO atrium.tenants AS t (id, installation, name, state, store, bucket, target, fence)
		SELECT $1, i.installation, $3, 'active', $4, $5, $6, i.epoch FROM atrium.installations i
		WHERE i.installation = $2 AND i.epoch = $7 FOR SHARE
		RETURNING `+columns,
		row.ID, r.installation, row.Name, row.Store, row.Bucket, row.Target, epoch).Scan(row.targets()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, r.lost(server)
	}
	if err != nil {
		return row, server.Fault(fmt.Errorf("write the registry row of tenant %s: %w", row.Name, err))
	}
	return row, nil
}

// Locked runs do in a transaction that holds the tenant's row, after it has made
// sure that no other operator took over. What do changes in the row is written, and
// nothing when it changes nothing.
func (r *Registry) Locked(ctx context.Context, server *postgres.Server, id string, do func(tx pgx.Tx, row *Row) error) error {
	epoch, err := r.epoch(ctx, server)
	if err != nil {
		return err
	}
	return server.Tx(ctx, func(tx pgx.Tx) error {
		var row Row
		var now int64
		err := tx.QueryRow(ctx, `
			SELECT `+columns+`, i.epoch FROM atrium.tenants t JOIN atrium.installations i USING (installation)
			WHERE t.id = $1 AND installation = $2 FOR UPDATE OF t FOR SHARE OF i`, id, r.installation).
			Scan(append(row.targets(), &now)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return r.absent(ctx, tx, server, id)
		}
		if err != nil {
			return err
		}
		if now != epoch {
			return r.lost(server)
		}
		before := row
		if err := do(tx, &row); err != nil || row.same(before) {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE atrium.tenants SET name = $2, state = $3, store = $4, bucket = $5, schema = $6, release = $7, target = $8,
			       app_digest = $9, migrate_digest = $10, bucket_made = $11, login = $12, login_since = $13, close_other = $14,
			       rotation = $15, key = $16, key_check = $17, key_destroyed = $18, backup = $19, backup_until = $20,
			       data_epoch = $21, hold = $22, restored = $23, source = $24, fence = $25, changed = now() WHERE id = $1`,
			row.ID, row.Name, row.State, row.Store, row.Bucket, row.Schema, row.Release, row.Target,
			row.AppDigest, row.MigrateDigest, row.BucketMade, row.Login, row.LoginSince, row.CloseOther,
			row.Rotation, row.Key, row.KeyCheck, row.KeyDestroyed, row.Backup, row.BackupUntil,
			row.DataEpoch, row.Hold, row.Restored, row.Source, epoch)
		return err
	})
}

// absent says why this installation has no row of an id on a server.
func (r *Registry) absent(ctx context.Context, tx pgx.Tx, server *postgres.Server, id string) error {
	var of string
	err := tx.QueryRow(ctx, `SELECT installation FROM atrium.tenants WHERE id = $1`, id).Scan(&of)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.Blocked(v1alpha1.ReasonServerNotFound, nil,
			"DatabaseServer %s has no registry row of tenant %s: it is not the database that held it; restore that database, or correct the DatabaseServer", server.Name(), id)
	case err != nil:
		return err
	}
	return fault.Blocked(v1alpha1.ReasonInstallationConflict, nil,
		"tenant %s on DatabaseServer %s belongs to installation %q, and this operator runs installation %q: run it where it belongs, or install this platform under that name",
		id, server.Name(), of, r.installation)
}
