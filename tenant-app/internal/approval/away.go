package approval

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Absence is a leave that was approved.
type Absence struct {
	ID          kernel.ID `bun:"id"`
	SubmitterID kernel.ID `bun:"submitter_id"`
	From        time.Time `bun:"away_from"`
	To          time.Time `bun:"away_to"`
}

// Away are the approved leaves of people that reach into a time.
func (s *Service) Away(ctx context.Context, people []kernel.ID, from, to time.Time) ([]Absence, error) {
	out := []Absence{}
	if len(people) == 0 {
		return out, nil
	}
	err := s.DB.Q(ctx).NewRaw(`SELECT id, submitter_id, away_from, away_to FROM approval
		WHERE status = 'approved' AND away_to > ? AND away_from < ? AND submitter_id IN (?) ORDER BY away_from, id`, from, to, bun.List(people)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("see who is away: %w", err)
	}
	return out, nil
}

// Today is the present day in the company's zone.
func (s *Service) Today() (from, to time.Time) {
	now := s.Clock().In(s.zone())
	from = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	return from, from.AddDate(0, 0, 1)
}
