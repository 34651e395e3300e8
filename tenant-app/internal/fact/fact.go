// Package fact keeps what happened for reports: response times, completion, who worked
// with whom. Each module records its changes of state from its first version on, since
// history cannot be added later. It is not the audit log, and nothing reads it to decide.
package fact

import (
	"context"
	"fmt"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Fact is one change of one object.
type Fact struct {
	Kind       string    // "approval": module, or module and object
	Who        kernel.ID // who did it
	Department kernel.ID // of Who at that time; NoID: their primary department now
	Object     kernel.ID
	From, To   string    // states; empty: it was not there, it is gone
	At         time.Time // zero: now
}

// Facts is where they are kept.
type Facts struct {
	db    *store.DB
	clock kernel.Clock
}

// New makes the place of a company's facts.
func New(db *store.DB, clock kernel.Clock) *Facts { return &Facts{db: db, clock: clock} }

// Record keeps facts, in the transaction of the change.
func (f *Facts) Record(ctx context.Context, facts ...Fact) error {
	if len(facts) == 0 {
		return nil
	}
	rows, args := make([]string, len(facts)), make([]any, 0, 9*len(facts))
	for i, fact := range facts {
		if fact.At.IsZero() {
			fact.At = f.clock()
		}
		var department any
		if fact.Department != kernel.NoID {
			department = fact.Department
		}
		rows[i] = `(?, ?, ?, coalesce(?::uuid, (SELECT department_id FROM membership WHERE person_id = ? AND is_primary AND valid_to IS NULL)), ?, ?, ?, ?)`
		args = append(args, kernel.NewID(), fact.Kind, fact.Who, department, fact.Who, fact.Object, fact.From, fact.To, fact.At)
	}
	_, err := f.db.Q(ctx).NewRaw(`INSERT INTO fact (id, kind, person_id, department_id, object_id, from_state, to_state, at) VALUES `+strings.Join(rows, ", "), args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("record a fact of %s: %w", facts[0].Kind, err)
	}
	return nil
}
