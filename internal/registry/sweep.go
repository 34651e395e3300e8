package registry

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/internal/postgres"
)

// Known is what a registry knows of one tenant of any installation.
type Known struct {
	ID           string
	Installation string
	Name         string
	State        State
}

// Everyone lists the tenants of every installation in a server's registry, those
// that were dropped as well. Two installations may share a database: what belongs to
// the other one is not ours to judge.
func (r *Registry) Everyone(ctx context.Context, server *postgres.Server) ([]Known, error) {
	if _, err := r.epoch(ctx, server); err != nil {
		return nil, err
	}
	rows, err := server.Pool().Query(ctx, `SELECT /* sweep */ id, installation, name, state FROM atrium.tenants ORDER BY id`)
	if err != nil {
		return nil, server.Fault(err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Known])
	return known, server.Fault(err)
}

// Alone says whether no other installation ever used a server's database.
func (r *Registry) Alone(ctx context.Context, server *postgres.Server) (alone bool, err error) {
	if _, err := r.epoch(ctx, server); err != nil {
		return false, err
	}
	err = server.Pool().QueryRow(ctx, `SELECT /* sweep */ count(*) = 1 FROM atrium.installations`).Scan(&alone)
	return alone, server.Fault(err)
}

// Leading runs do in a transaction, after it has made sure that no other operator
// took over: nobody can until the transaction ends.
func (r *Registry) Leading(ctx context.Context, server *postgres.Server, do func(pgx.Tx) error) error {
	epoch, err := r.epoch(ctx, server)
	if err != nil {
		return err
	}
	return server.Tx(ctx, func(tx pgx.Tx) error {
		var now int64
		err := tx.QueryRow(ctx, `SELECT /* sweep */ epoch FROM atrium.installations WHERE installation = $1 FOR SHARE`, r.installation).Scan(&now)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && now != epoch {
			return r.lost(server)
		}
		if err != nil {
			return err
		}
		return do(tx)
	})
}
