package backup

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/controllers/agentjob"
	"atrium.dev/atrium/internal/fault"
	"atrium.dev/atrium/internal/postgres"
	"atrium.dev/atrium/internal/registry"
)

// holder is how the tenant's row names this backup.
func (s *scope) holder() string { return registry.ReadsRows + s.backup.Name }

// names on the database server.
func (s *scope) names() postgres.Names {
	n := postgres.NamesOf(s.id(), 1)
	n.Schema = s.row.Schema
	return n
}

// lease writes on the tenant's row that this backup is at work, longer than an attempt
// may take. Whoever else works on the company's backups keeps away until then, and the
// login that reads its rows is let be. Do, which may be nil, runs under the row's lock.
func (r *Reconciler) lease(ctx context.Context, s *scope, do func(pgx.Tx) error) error {
	var other string
	err := r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, row *registry.Row) error {
		s.row = *row
		if row.State != registry.Active {
			return fault.New(v1alpha1.ReasonTenantNotReady, nil, "the registry says that tenant %s is %s: see its conditions", s.backup.Spec.Tenant, row.State)
		}
		if row.Target != "" && row.Target != row.Release {
			return fault.New(v1alpha1.ReasonTenantNotReady, nil, "Tenant %s is being brought to release %s: its rows are backed up after that", s.backup.Spec.Tenant, row.Target)
		}
		if row.Backup != s.holder() && row.BackingUp(r.Now()) {
			other = strings.Replace(row.Backup, "/", " ", 1)
			return nil
		}
		if row.Hold != "" {
			other = strings.Replace(row.Hold, "/", " ", 1)
			return nil
		}
		row.Backup, row.BackupUntil = s.holder(), r.Now().Add(agentjob.Deadline+closeRoom).UTC().Truncate(time.Second)
		s.row = *row
		if do == nil {
			return nil
		}
		return do(tx)
	})
	if err == nil && other != "" {
		return &waiting{v1alpha1.ReasonQueued, "it waits: " + other + " works on this company's backups", queueLook}
	}
	return err
}

// shut takes back all that was opened for a backup: the Job when it is still at work,
// the login and its sessions, and at last the tenant's row.
func (r *Reconciler) shut(ctx context.Context, s *scope) error {
	if s.id() == "" || s.backup.Status.DatabaseServer == "" {
		return nil // it never got so far
	}
	s.namespace = v1alpha1.NamespacePrefix + s.backup.Spec.Tenant
	if err := r.Agent.RemoveJobs(ctx, s.work()); err != nil {
		return err
	}
	if err := r.Agent.RemoveObjects(ctx, s.work()); err != nil {
		return err
	}
	if s.database == nil {
		_, server, err := r.Servers.NamedDatabase(ctx, r.Client, s.backup.Status.DatabaseServer)
		if fault.Is(err, v1alpha1.ReasonServerNotFound) {
			return nil // what was open went with it
		}
		if err != nil {
			return err
		}
		s.database = server
	}
	return r.shutLogin(ctx, s, true)
}

// shutLogin closes the login and ends its sessions, unless another one works with it.
// That it is closed is committed first, or a session could begin again.
func (r *Reconciler) shutLogin(ctx context.Context, s *scope, release bool) error {
	steps := []func(pgx.Tx, *registry.Row) error{
		func(tx pgx.Tx, _ *registry.Row) error { return postgres.ShutLogin(ctx, tx, s.names().Backup) },
		func(tx pgx.Tx, row *registry.Row) error {
			if release {
				row.Backup = ""
			}
			return postgres.EndSessions(ctx, tx, []string{s.names().Backup})
		},
	}
	for _, step := range steps {
		err := r.Registry.Locked(ctx, s.database, s.id(), func(tx pgx.Tx, row *registry.Row) error {
			if row.Backup != s.holder() {
				return nil
			}
			return step(tx, row)
		})
		if fault.Is(err, v1alpha1.ReasonServerNotFound) {
			return nil // another database by now, with no row of this tenant
		}
		if err != nil {
			return err
		}
	}
	return nil
}
