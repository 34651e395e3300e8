// Package audit keeps who did what, for auditors: entries are written with the change
// that they tell of, and a sealer chains them each minute, so that an entry that is
// changed, taken out or slipped in shows. What was typed never goes there: people type
// passwords into the wrong field.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Keep is how long entries are kept. The law asks for six months.
const Keep = 2 * 365 * 24 * time.Hour

// sealEvery is how long an entry stays unchained at the most.
const sealEvery = time.Minute

const sealJob = "audit.seal"

// row is a row of the table audit_entry.
type row struct {
	bun.BaseModel `bun:"table:audit_entry,alias:entry"`

	ID       kernel.ID  `bun:"id,pk,type:uuid"`
	No       int64      `bun:"no,nullzero"`
	Hash     []byte     `bun:"hash,type:bytea,nullzero"`
	Event    string     `bun:"event"`
	PersonID *kernel.ID `bun:"person_id,type:uuid"`
	Person   string     `bun:"person"`
	ObjectID *kernel.ID `bun:"object_id,type:uuid"`
	Details  string     `bun:"details"` // JSON, kept as it was written: its hash counts
	Address  string     `bun:"address"`
	Agent    string     `bun:"agent"`
	Request  string     `bun:"request"`
	At       time.Time  `bun:"at"`

	Object string `bun:"object,scanonly"` // name of the person that ObjectID is, if it is one
}

// Log is a company's audit log.
type Log struct {
	db    *store.DB
	clock kernel.Clock
	jobs  *store.Jobs
	log   *slog.Logger

	mu      sync.Mutex
	planned time.Time // when the next seal is due; another is not planned before
}

// New makes the log; sealing and forgetting are among the jobs.
func New(db *store.DB, clock kernel.Clock, jobs *store.Jobs, log *slog.Logger) *Log {
	l := &Log{db: db, clock: clock, jobs: jobs, log: log}
	jobs.Handle(sealJob, 1, func(ctx context.Context, _ json.RawMessage) error { return l.Seal(ctx) })
	jobs.Every("audit.forget", 24*time.Hour, l.forget)
	return l
}

// Write keeps what the person behind ctx did to an object, in the caller's transaction.
// Event is snake_case and stable: the page has a text for each. object may be NoID.
func (l *Log) Write(ctx context.Context, event string, object kernel.ID, details map[string]any) error {
	if details == nil {
		details = map[string]any{}
	}
	raw, err := json.Marshal(details)
	if err != nil {
		return fmt.Errorf("write %s to the audit log: %w", event, err)
	}
	request := kernel.RequestFrom(ctx)
	entry := &row{
		ID: kernel.NewID(), Event: event, ObjectID: orNone(object), Details: string(raw),
		Address: request.Address, Agent: clean(request.Agent), Request: request.ID, At: l.clock(),
	}
	if who, ok := kernel.PrincipalFrom(ctx); ok {
		entry.PersonID, entry.Person = orNone(who.PersonID), who.Name
	}
	if _, err := l.db.Q(ctx).NewInsert().Model(entry).Exec(ctx); err != nil {
		return fmt.Errorf("write %s to the audit log: %w", event, err)
	}
	store.AfterCommit(ctx, func() { l.planSeal(context.WithoutCancel(ctx)) })
	return nil
}

// planSeal asks for a seal in a minute, once a minute: outside of the transactions that
// write entries, which would wait for each other at the job's key. If the program ends
// before, the seal that comes next takes the entries with it.
func (l *Log) planSeal(ctx context.Context) {
	l.mu.Lock()
	now := l.clock()
	wanted := !now.Before(l.planned)
	if wanted {
		l.planned = now.Add(sealEvery)
	}
	at := l.planned
	l.mu.Unlock()
	if !wanted {
		return
	}
	if err := l.jobs.Add(store.WithoutTx(ctx), store.Job{Kind: sealJob, Version: 1, Key: "seal", At: at}); err != nil {
		l.log.WarnContext(ctx, "cannot plan to seal the audit log", "error", err.Error())
	}
}

func orNone(id kernel.ID) *kernel.ID {
	if id == kernel.NoID {
		return nil
	}
	return &id
}

// clean drops what PostgreSQL refuses; a browser's name can be anything.
func clean(text string) string { return kernel.CleanText(text) }
