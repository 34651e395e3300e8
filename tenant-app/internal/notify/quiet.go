package notify

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Quiet is when somebody is called for urgent messages alone, by the company's clock.
// Both alike: never.
type Quiet struct {
	From string `json:"quietFrom" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"22:00"`
	To   string `json:"quietTo" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"08:00"`
}

// usual is what holds until a person decides.
var usual = Quiet{From: "22:00", To: "08:00"}

// Quiet gives a person's quiet hours.
func (s *Service) Quiet(ctx context.Context, person kernel.ID) (Quiet, error) {
	var q Quiet
	err := s.DB.Q(ctx).NewRaw(`SELECT quiet_from, quiet_to FROM notice_setting WHERE person_id = ?`, person).Scan(ctx, &q.From, &q.To)
	if store.IsNoRows(err) {
		return usual, nil
	}
	if err != nil {
		return q, fmt.Errorf("read the quiet hours: %w", err)
	}
	return q, nil
}

// SetQuiet changes a person's quiet hours.
func (s *Service) SetQuiet(ctx context.Context, person kernel.ID, q Quiet) error {
	_, err := s.DB.Q(ctx).NewRaw(`INSERT INTO notice_setting (person_id, quiet_from, quiet_to) VALUES (?, ?, ?)
		ON CONFLICT (person_id) DO UPDATE SET quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to`, person, q.From, q.To).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the quiet hours: %w", err)
	}
	return nil
}

// quietUntil is when the quiet hours end in which a person is now; the present if they
// are in none.
func (s *Service) quietUntil(ctx context.Context, person kernel.ID) (time.Time, error) {
	now := s.Clock()
	q, err := s.Quiet(ctx, person)
	if err != nil {
		return now, err
	}
	zone, err := time.LoadLocation(s.Settings().Timezone)
	if err != nil {
		zone = time.UTC // Settings.Check has refused this before
	}
	return q.end(now.In(zone)).UTC(), nil
}

func (q Quiet) end(now time.Time) time.Time {
	clock := now.Format("15:04")
	over := q.From <= clock && clock < q.To
	if q.From > q.To { // over midnight
		over = clock >= q.From || clock < q.To
	}
	if !over {
		return now
	}
	to, _ := time.Parse("15:04", q.To) // its form was checked when it was set
	day := now.Day()
	if clock >= q.To {
		day++
	}
	return time.Date(now.Year(), now.Month(), day, to.Hour(), to.Minute(), 0, 0, now.Location())
}
