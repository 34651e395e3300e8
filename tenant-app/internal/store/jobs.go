package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Job is work that is done once its transaction is committed and At has come. It is
// done at least once: handlers must bear a repetition.
type Job struct {
	Kind    string // "notify.mail": module and verb
	Version int    // of the payload, from 1; a program that knows only older ones leaves the job to a newer one
	Key     string // unique among the unfinished jobs of the kind; empty: none
	Payload any    // becomes JSON
	At      time.Time
}

// Jobs is the company's queue and its worker.
type Jobs struct {
	db        *DB
	clock     kernel.Clock
	settings  func() contract.Settings
	log       *slog.Logger
	handlers  map[string]handler  // by kind; complete before Run
	consumers map[string][]string // consumers of an event, by its kind
	wake      chan struct{}

	mu   sync.Mutex
	next time.Time // when to look for due jobs; zero: at once
}

// handler does the jobs of one kind.
type handler struct {
	version  int // newest that it understands
	run      func(ctx context.Context, payload json.RawMessage) error
	every    time.Duration // zero: when asked for
	outgoing bool
}

// everyKey is the key of the one job of a kind that comes back.
const everyKey = "every"

// NewJobs makes the queue. Nothing is done before Run.
func NewJobs(db *DB, clock kernel.Clock, settings func() contract.Settings, log *slog.Logger) *Jobs {
	j := &Jobs{
		db: db, clock: clock, settings: settings, log: log,
		handlers: map[string]handler{}, consumers: map[string][]string{}, wake: make(chan struct{}, 1),
	}
	j.Every("store.forget-dead-jobs", 24*time.Hour, j.forgetDead)
	return j
}

// Handle says who does the jobs of a kind. version is the newest that fn
// understands; it must understand all older ones too. An error means: again later.
// fn has two minutes; its context ends earlier when the program does.
func (j *Jobs) Handle(kind string, version int, fn func(ctx context.Context, payload json.RawMessage) error) {
	j.register(kind, handler{version: version, run: fn})
}

// HandleOutgoing is Handle for what leaves the company, such as a mail: jobs that
// were due before a restore are given up, their work may have been done already.
func (j *Jobs) HandleOutgoing(kind string, version int, fn func(ctx context.Context, payload json.RawMessage) error) {
	j.register(kind, handler{version: version, run: fn, outgoing: true})
}

// Every has fn done again and again, on one replica at a time, for example to sweep.
// A hibernated company is not woken for it.
func (j *Jobs) Every(kind string, period time.Duration, fn func(ctx context.Context) error) {
	j.register(kind, handler{version: 1, every: period, run: func(ctx context.Context, _ json.RawMessage) error { return fn(ctx) }})
}

func (j *Jobs) register(kind string, h handler) {
	if _, taken := j.handlers[kind]; taken || kind == "" || h.version < 1 {
		panic(fmt.Sprintf("jobs of kind %q, version %d: registered twice, or without a version", kind, h.version))
	}
	j.handlers[kind] = h
}

// jobRow is a row of the queue.
type jobRow struct {
	bun.BaseModel `bun:"table:job,alias:job"`

	ID        kernel.ID `bun:"id,pk,type:uuid"`
	Kind      string    `bun:"kind"`
	Version   int       `bun:"version"`
	Key       string    `bun:"key,nullzero"`
	Payload   string    `bun:"payload"` // JSON; bun would escape in a RawMessage what is escaped already
	RunAt     time.Time `bun:"run_at"`
	DataEpoch int64     `bun:"data_epoch"`
	CreatedAt time.Time `bun:"created_at"`
}

func (j *Jobs) row(job Job) (jobRow, error) {
	payload, err := json.Marshal(job.Payload)
	if err != nil {
		return jobRow{}, fmt.Errorf("add job %s: %w", job.Kind, err)
	}
	if job.Kind == "" || job.Version < 1 {
		return jobRow{}, fmt.Errorf("add job %q: version %d; a job has a kind and a version from 1", job.Kind, job.Version)
	}
	now := j.clock()
	if job.At.IsZero() {
		job.At = now
	}
	return jobRow{
		ID: kernel.NewID(), Kind: job.Kind, Version: job.Version, Key: job.Key, Payload: string(payload), RunAt: job.At,
		DataEpoch: j.settings().DataEpoch, CreatedAt: now,
	}, nil
}

// Add puts a job into the queue, in the caller's transaction, and wakes the worker
// once that is committed. Where a job with its key waits already, that one gets the
// new payload and the earlier time (Remove it first to put it off); where one is
// being done, it is done again afterwards.
//
// A key's row is locked until the transaction ends: leave the key out where many
// transactions at once would add the same.
func (j *Jobs) Add(ctx context.Context, job Job) error {
	row, err := j.row(job)
	if err != nil {
		return err
	}
	return j.insert(ctx, row)
}

func (j *Jobs) insert(ctx context.Context, rows ...jobRow) error {
	query := j.db.Q(ctx).NewInsert().Model(&rows)
	if rows[0].Key != "" {
		query = query.On("CONFLICT (kind, key) WHERE key IS NOT NULL AND dead_at IS NULL DO UPDATE").
			Set("version = EXCLUDED.version").Set("payload = EXCLUDED.payload").
			Set("run_at = CASE WHEN job.leased_until IS NULL OR job.again THEN least(job.run_at, EXCLUDED.run_at) ELSE EXCLUDED.run_at END").
			Set("again = job.leased_until IS NOT NULL")
	}
	if _, err := query.Exec(ctx); err != nil {
		return fmt.Errorf("add job %s: %w", rows[0].Kind, err)
	}
	at := rows[0].RunAt
	AfterCommit(ctx, func() { j.lookAt(at) })
	return nil
}

// Remove takes the unfinished job with a key out of the queue. One that is being done
// is not stopped. That there is none is no error.
func (j *Jobs) Remove(ctx context.Context, kind, key string) error {
	_, err := j.db.Q(ctx).NewDelete().Model((*jobRow)(nil)).Where("kind = ?", kind).Where("key = ?", key).Where("dead_at IS NULL").Exec(ctx)
	if err != nil {
		return fmt.Errorf("remove job %s: %w", kind, err)
	}
	return nil
}

// NextDue is when the next job is due that this program knows, housekeeping aside; in
// the past for one that is late, zero if there is none or jobs are paused.
func (j *Jobs) NextDue(ctx context.Context) (time.Time, error) {
	if !j.settings().Outbound {
		return time.Time{}, nil
	}
	known := map[string]handler{}
	for kind, h := range j.handlers {
		if h.every == 0 {
			known[kind] = h
		}
	}
	return j.earliest(ctx, known, nil)
}

// Wake makes the worker look for due jobs at once: for whoever turned the clock.
func (j *Jobs) Wake() { j.lookAt(time.Time{}) }

// lookAt brings the next look forward to at.
func (j *Jobs) lookAt(at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if at.Before(j.next) {
		j.next = at
		select {
		case j.wake <- struct{}{}:
		default: // it is awake
		}
	}
}
