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
	db      *store.DB
	clock   kernel.Clock
	log     *slog.Logger
	sealing *store.Soon
}

// New makes the log; sealing and forgetting are among the jobs.
func New(db *store.DB, clock kernel.Clock, jobs *store.Jobs, log *slog.Logger) *Log {
	l := &Log{db: db, clock: clock, log: log}
	l.sealing = jobs.HandleSoon(sealJob, sealEvery, l.Seal)
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
	l.sealing.Ask(ctx)
	return nil
}

func orNone(id kernel.ID) *kernel.ID {
	if id == kernel.NoID {
		return nil
	}
	return &id
}

// clean drops what PostgreSQL refuses; a browser's name can be anything.
func clean(text string) string { return kernel.CleanText(text) }
