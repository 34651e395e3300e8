package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Recovery is what a server tells of its own physical backups. A time is zero when
// there was no such event, or when the server forgot it in a crash.
type Recovery struct {
	Archives     bool      // archive_mode is on
	CountsSince  time.Time // archivals before are forgotten
	LastArchived time.Time
	LastFailed   time.Time
	MayList      bool      // the admin may look for base backups
	BaseBackup   time.Time // end of the last one; needs MayList
}

// Recovery asks for the state of archiving, and for the last base backup where the
// admin is a member of pg_monitor: its history file stays in pg_wal until the next.
func (s *Server) Recovery(ctx context.Context) (r Recovery, err error) {
	err = s.Tx(ctx, func(tx pgx.Tx) error {
		var since, archived, failed, base *time.Time
		if err := tx.QueryRow(ctx, `
			SELECT current_setting('archive_mode') <> 'off', stats_reset, last_archived_time, last_failed_time,
			       pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE')
			FROM pg_catalog.pg_stat_archiver`).Scan(&r.Archives, &since, &archived, &failed, &r.MayList); err != nil {
			return err
		}
		if r.MayList {
			err := tx.QueryRow(ctx, `SELECT max(modification) FROM pg_catalog.pg_ls_waldir() WHERE name LIKE '%.backup'`).Scan(&base)
			if err != nil {
				return err
			}
		}
		for to, from := range map[*time.Time]*time.Time{&r.CountsSince: since, &r.LastArchived: archived, &r.LastFailed: failed, &r.BaseBackup: base} {
			if from != nil {
				*to = *from
			}
		}
		return nil
	})
	return r, err
}

// UsedBytes is the size of the database on disk. It looks at every file, so ask
// seldom.
func (s *Server) UsedBytes(ctx context.Context) (bytes int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT pg_catalog.pg_database_size(current_database())`).Scan(&bytes)
	return bytes, s.Fault(err)
}

// Admin is the name of the login that the operator uses, as an identifier in SQL.
func (s *Server) Admin() string { return quote(s.config.User) }
