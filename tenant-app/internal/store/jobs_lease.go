package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	jobLimit   = 2 * time.Minute // for one try
	leaseTime  = 3 * time.Minute // longer than a try and the statement after it
	retryFirst = 2 * time.Second
	retryMost  = time.Hour
	// tries before a job is given up: some 14 hours, so that a night's outage of a
	// mail server costs no mail.
	maxTries   = 24
	maxError   = 500 // bytes of an error that are kept
	keepDead   = 30 * 24 * time.Hour
	everyFirst = time.Minute // new housekeeping begins within it, not in all companies at once
)

// leased is a job that this worker does now.
type leased struct {
	ID          kernel.ID       `bun:"id"`
	Kind        string          `bun:"kind"`
	Payload     json.RawMessage `bun:"payload"`
	Attempts    int             `bun:"attempts"`
	LeasedUntil time.Time       `bun:"leased_until"`
}

// prepare makes the queue this data epoch's and sees that housekeeping is in it.
// What it does is done only once, however often it runs.
func (j *Jobs) prepare(ctx context.Context) error {
	now, epoch := j.clock(), j.settings().DataEpoch
	return j.db.InTx(ctx, func(ctx context.Context) error {
		for _, kind := range slices.Sorted(maps.Keys(j.handlers)) { // in one order, or two replicas could wait for each other
			h := j.handlers[kind]
			if h.outgoing {
				_, err := j.db.Q(ctx).NewRaw(`UPDATE job SET dead_at = ?, last_error = 'skipped: it was due before a restore', leased_until = NULL
					WHERE kind = ? AND data_epoch < ? AND run_at <= ? AND dead_at IS NULL`, now, kind, epoch, now).Exec(ctx)
				if err != nil {
					return fmt.Errorf("skip jobs of before the restore: %w", err)
				}
			}
			if h.every == 0 {
				continue
			}
			_, err := j.db.Q(ctx).NewRaw(`INSERT INTO job (id, kind, version, key, payload, run_at, data_epoch, created_at)
				VALUES (?, ?, 1, ?, '{}', ?, ?, ?) ON CONFLICT (kind, key) WHERE key IS NOT NULL AND dead_at IS NULL DO NOTHING`,
				kernel.NewID(), kind, everyKey, now.Add(rand.N(everyFirst)), epoch, now).Exec(ctx)
			if err != nil {
				return fmt.Errorf("plan %s: %w", kind, err)
			}
		}
		// Leases of before a restore are held by nobody.
		_, err := j.db.Q(ctx).NewRaw(`UPDATE job SET data_epoch = ?, leased_until = NULL WHERE data_epoch < ?`, epoch, epoch).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take over the jobs of before the restore: %w", err)
		}
		return nil
	})
}

// known is a list of kinds with the newest version that this program understands,
// for joining with the queue.
func known(handlers map[string]handler) (sql string, args []any) {
	rows := make([]string, 0, len(handlers))
	for kind, h := range handlers {
		rows = append(rows, "(?, ?::integer)")
		args = append(args, kind, h.version)
	}
	return "(VALUES " + strings.Join(rows, ", ") + ") AS known (kind, version)", args
}

// lease takes up to n due jobs. Others that look at the same time get other ones.
func (j *Jobs) lease(ctx context.Context, handlers map[string]handler, n int) ([]leased, error) {
	kinds, args := known(handlers)
	now := j.clock()
	args = append(args, now, now, n, now.Add(leaseTime))
	var jobs []leased
	err := j.db.Q(ctx).NewRaw(`WITH due AS (
		SELECT job.id FROM job JOIN `+kinds+` ON known.kind = job.kind AND job.version <= known.version
		WHERE job.dead_at IS NULL AND job.run_at <= ? AND (job.leased_until IS NULL OR job.leased_until <= ?)
		ORDER BY job.run_at, job.id LIMIT ? FOR UPDATE OF job SKIP LOCKED)
		UPDATE job SET leased_until = ?, attempts = attempts + 1, again = false FROM due WHERE job.id = due.id
		RETURNING job.id, job.kind, job.payload, job.attempts, job.leased_until`, args...).Scan(ctx, &jobs)
	if err != nil {
		return nil, fmt.Errorf("lease jobs: %w", err)
	}
	return jobs, nil
}

// earliest is when the next job of these kinds is due that this worker does not hold
// already; zero if there is none. Another worker's is due when its lease ends.
func (j *Jobs) earliest(ctx context.Context, handlers map[string]handler, holds map[kernel.ID]bool) (time.Time, error) {
	if len(handlers) == 0 {
		return time.Time{}, nil
	}
	kinds, args := known(handlers)
	var at sql.NullTime
	args = append(args, pgdialect.Array(slices.AppendSeq([]kernel.ID{}, maps.Keys(holds))))
	err := j.db.Q(ctx).NewRaw(`SELECT min(greatest(job.run_at, job.leased_until)) FROM job JOIN `+kinds+`
		ON known.kind = job.kind AND job.version <= known.version WHERE job.dead_at IS NULL AND job.id <> ALL (?::uuid[])`, args...).Scan(ctx, &at)
	if err != nil {
		return time.Time{}, fmt.Errorf("see when the next job is due: %w", err)
	}
	return at.Time.UTC(), nil // the zero time if there is none
}

// held is the row while the lease is ours: another may have it, or nobody.
const held = " WHERE id = ? AND leased_until = ?"

// finish ends a job that was done. One that was added once more meanwhile is due again.
func (j *Jobs) finish(ctx context.Context, l leased) error {
	result, err := j.db.Q(ctx).NewRaw("DELETE FROM job"+held+" AND NOT again", l.ID, l.LeasedUntil).Exec(ctx)
	if err != nil {
		return fmt.Errorf("finish a job: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return j.release(ctx, l, "attempts = 0, again = false")
}

// putBack ends a try that failed, and the job with it if it was the last one.
func (j *Jobs) putBack(ctx context.Context, l leased, cause error) error {
	now := j.clock()
	retry := now.Add(backOff(l.Attempts))
	return j.release(ctx, l, `again = false, last_error = ?, run_at = CASE WHEN again THEN least(run_at, ?) ELSE ? END,
		dead_at = CASE WHEN attempts >= ? AND NOT again THEN ?::timestamptz END`, shorten(cause), retry, retry, maxTries, now)
}

// comeBack plans the next time of a job that comes back, whatever became of this one.
func (j *Jobs) comeBack(ctx context.Context, l leased, every time.Duration, cause error) error {
	next := j.clock().Add(every - every/20 + rand.N(every/10))
	return j.release(ctx, l, "attempts = 0, again = false, run_at = ?, last_error = ?", next, shorten(cause))
}

func (j *Jobs) release(ctx context.Context, l leased, set string, args ...any) error {
	var at []time.Time
	err := j.db.Q(ctx).NewRaw("UPDATE job SET leased_until = NULL, "+set+held+" RETURNING run_at", append(args, l.ID, l.LeasedUntil)...).Scan(ctx, &at)
	if err != nil {
		return fmt.Errorf("give a job back: %w", err)
	}
	for _, next := range at {
		j.lookAt(next)
	}
	return nil
}

// forgetDead deletes jobs that were given up long ago.
func (j *Jobs) forgetDead(ctx context.Context) error {
	_, err := j.db.Q(ctx).NewRaw("DELETE FROM job WHERE dead_at < ?", j.clock().Add(-keepDead)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete jobs that were given up: %w", err)
	}
	return nil
}

// backOff is the pause after a number of failed tries: doubled each time, and not the
// same for all jobs that failed together.
func backOff(tries int) time.Duration {
	pause := retryMost
	if tries < 12 {
		pause = min(retryMost, retryFirst<<(tries-1))
	}
	return pause - pause/5 + rand.N(2*pause/5)
}

func shorten(err error) any {
	if err == nil {
		return nil
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "")
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "")
}
