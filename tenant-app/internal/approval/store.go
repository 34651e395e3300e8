package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// row is an approval as it is kept.
type row struct {
	bun.BaseModel `bun:"table:approval,alias:a"`

	ID           kernel.ID       `bun:"id,pk,type:uuid"`
	FormKey      string          `bun:"form_key"`
	FormVersion  int             `bun:"form_version"`
	Number       string          `bun:"number"`
	SubmitterID  kernel.ID       `bun:"submitter_id,type:uuid"`
	DepartmentID *kernel.ID      `bun:"department_id,type:uuid"`
	Status       engine.Status   `bun:"status"`
	FormValues   json.RawMessage `bun:"form_values,type:jsonb"`
	RawState     json.RawMessage `bun:"state,type:jsonb"`
	Revision     int64           `bun:"revision"`
	AwayFrom     *time.Time      `bun:"away_from"`
	AwayTo       *time.Time      `bun:"away_to"`
	SubmittedAt  time.Time       `bun:"submitted_at"`
	UpdatedAt    time.Time       `bun:"updated_at"`
	EndedAt      *time.Time      `bun:"ended_at"`

	state  engine.State
	values map[string]any
}

// open reads what is kept as JSON.
func (r *row) open() error {
	if err := json.Unmarshal(r.RawState, &r.state); err != nil {
		return fmt.Errorf("read the state of approval %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(r.FormValues, &r.values); err != nil {
		return fmt.Errorf("read the values of approval %s: %w", r.ID, err)
	}
	return nil
}

// close writes what is kept as JSON, and the columns that follow from it.
func (r *row) close() (err error) {
	if r.RawState, err = json.Marshal(r.state); err != nil {
		return fmt.Errorf("write the state of approval %s: %w", r.ID, err)
	}
	if r.FormValues, err = json.Marshal(r.values); err != nil {
		return fmt.Errorf("write the values of approval %s: %w", r.ID, err)
	}
	r.Status, r.Revision = r.state.Status, r.state.Revision
	return nil
}

// errUnknown is the answer for what is not there and for what one may not see.
func errUnknown() error { return kernel.NotFound("approval_unknown") }

// visible narrows a query on approval a to those that a person may see.
func visible(q *bun.SelectQuery, who kernel.Principal) {
	if !who.May(ManageRight) {
		q.Where(`(a.submitter_id = ?0 OR EXISTS (SELECT 1 FROM approval_participant v WHERE v.approval_id = a.id AND v.person_id = ?0))`, who.PersonID)
	}
}

func (s *Service) lock(ctx context.Context, id kernel.ID) (*row, error) {
	return s.read(ctx, id, true)
}

func (s *Service) read(ctx context.Context, id kernel.ID, lock bool) (*row, error) {
	r := &row{}
	q := s.DB.Q(ctx).NewSelect().Model(r).Where("a.id = ?", id)
	if who := reader(ctx); who.PersonID != kernel.NoID { // the app itself sees all
		visible(q, who)
	}
	if lock {
		q.For("NO KEY UPDATE OF a")
	}
	err := q.Scan(ctx)
	if store.IsNoRows(err) {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, fmt.Errorf("read the approval: %w", err)
	}
	return r, r.open()
}

// keep writes the row, which is new before its first action, the action and all that
// follows from it.
func (s *Service) keep(ctx context.Context, r *row, form sheet, entry engine.Entry, effects []engine.Effect) error {
	before := r.Status
	r.UpdatedAt = entry.At
	if r.state.Status.Ended() && !before.Ended() {
		r.EndedAt = &entry.At
	}
	if err := r.close(); err != nil {
		return err
	}
	var err error
	if before == "" {
		_, err = s.DB.Q(ctx).NewInsert().Model(r).Exec(ctx)
	} else {
		_, err = s.DB.Q(ctx).NewUpdate().Model(r).WherePK().
			Column("status", "form_values", "state", "revision", "away_from", "away_to", "updated_at", "ended_at").Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("keep the approval: %w", err)
	}
	if err := s.keepEntry(ctx, r, entry); err != nil {
		return err
	}
	if err := s.Facts.Record(ctx, happened(r, before, entry, effects)...); err != nil {
		return err
	}
	return s.follow(ctx, r, form, entry, effects)
}

func (s *Service) keepEntry(ctx context.Context, r *row, entry engine.Entry) error {
	raw, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("write the action: %w", err)
	}
	var by any
	if entry.Action.By != kernel.NoID {
		by = entry.Action.By
	}
	_, err = s.DB.Q(ctx).NewRaw(`INSERT INTO approval_action (approval_id, seq, id, person_id, verb, entry, at) VALUES (?, ?, ?, ?, ?, ?::jsonb, ?)`,
		r.ID, len(r.state.Applied), entry.Action.ID, by, entry.Action.Verb, string(raw), entry.At).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the action: %w", err)
	}
	return nil
}

// log reads all actions on an approval, the oldest first.
func (s *Service) log(ctx context.Context, id kernel.ID) ([]engine.Entry, error) {
	var raw []json.RawMessage
	err := s.DB.Q(ctx).NewRaw(`SELECT entry FROM approval_action WHERE approval_id = ? ORDER BY seq`, id).Scan(ctx, &raw)
	if err != nil {
		return nil, fmt.Errorf("read the actions: %w", err)
	}
	out := make([]engine.Entry, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			return nil, fmt.Errorf("read action %d: %w", i+1, err)
		}
	}
	return out, nil
}

// take notes a person's part. A holder who is done becomes one who decided or was
// asked, and does not come back by that.
func (s *Service) take(ctx context.Context, id, person kernel.ID, part string, at time.Time) error {
	_, err := s.DB.Q(ctx).NewRaw(`INSERT INTO approval_participant (approval_id, person_id, part, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (approval_id, person_id, part) DO UPDATE SET at = EXCLUDED.at`, id, person, part, at).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note who takes part: %w", err)
	}
	return nil
}

func (s *Service) leave(ctx context.Context, id, person kernel.ID) error {
	_, err := s.DB.Q(ctx).NewRaw(`DELETE FROM approval_participant WHERE approval_id = ? AND person_id = ? AND part = 'holder'`, id, person).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note who takes part no longer: %w", err)
	}
	return nil
}
