// Package privacy is what people agree to before they use the app: the user agreement
// (用户协议) and the privacy policy (隐私政策) of the company, and who agreed to which edition
// of them (个人信息保护法). It asks nobody by itself: package auth shows the texts, and the edge
// refuses everything else until somebody agreed.
package privacy

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Edition numbers the texts. Whoever agreed to an earlier one is asked again, so it
// grows with each change that matters to people, and Since with it.
const (
	Edition = 1
	Since   = "2026-11-22"
)

// Audit keeps who agreed and who withdrew.
type Audit interface {
	Write(ctx context.Context, event string, object kernel.ID, details map[string]any) error
}

// consent is a row of the table consent: one person, one edition. It is never changed
// but for its withdrawal.
type consent struct {
	bun.BaseModel `bun:"table:consent,alias:c"`

	ID          kernel.ID  `bun:"id,pk,type:uuid"`
	PersonID    kernel.ID  `bun:"person_id,type:uuid"`
	Edition     int        `bun:"edition"`
	Locale      string     `bun:"locale"` // of the text that was shown
	Address     string     `bun:"address"`
	Agent       string     `bun:"agent"`
	At          time.Time  `bun:"at"`
	WithdrawnAt *time.Time `bun:"withdrawn_at"`
}

// Service keeps who agreed.
type Service struct {
	db    *store.DB
	clock kernel.Clock
	audit Audit
	table Table
}

// New makes the service; table writes exports.
func New(db *store.DB, clock kernel.Clock, audit Audit, table Table) *Service {
	return &Service{db: db, clock: clock, audit: audit, table: table}
}

// Agree keeps that a person agreed to an edition, which was shown in a language. Again
// it changes nothing. Another edition than today's is refused with consent_outdated:
// the person has not seen what they would agree to.
func (s *Service) Agree(ctx context.Context, person kernel.ID, edition int, shown kernel.Locale) error {
	if edition != Edition {
		return kernel.Conflict("consent_outdated")
	}
	request := kernel.RequestFrom(ctx)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		row := &consent{
			ID: kernel.NewID(), PersonID: person, Edition: edition, Locale: string(shown),
			Address: request.Address, Agent: kernel.CleanText(request.Agent), At: s.clock(),
		}
		result, err := s.db.Q(ctx).NewInsert().Model(row).On("CONFLICT (person_id, edition) WHERE withdrawn_at IS NULL DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep a consent: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.audit.Write(ctx, "consent_given", person, map[string]any{"edition": edition})
	})
}

// Refuse keeps that a person was asked and did not agree.
func (s *Service) Refuse(ctx context.Context, person kernel.ID) error {
	return s.audit.Write(ctx, "consent_refused", person, map[string]any{"edition": Edition})
}

// Withdraw takes back what a person agreed to: they are asked again before anything else.
func (s *Service) Withdraw(ctx context.Context, person kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		result, err := s.db.Q(ctx).NewUpdate().Model((*consent)(nil)).Set("withdrawn_at = ?", s.clock()).
			Where("person_id = ?", person).Where("withdrawn_at IS NULL").Exec(ctx)
		if err != nil {
			return fmt.Errorf("withdraw a consent: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.audit.Write(ctx, "consent_withdrawn", person, nil)
	})
}

// Given is when a person agreed to the newest edition that they agreed to; false if
// they never did, or took it back.
func (s *Service) Given(ctx context.Context, person kernel.ID) (edition int, at time.Time, ok bool, err error) {
	row := new(consent)
	err = s.db.Q(ctx).NewSelect().Model(row).Where("person_id = ?", person).Where("withdrawn_at IS NULL").
		Order("edition DESC").Limit(1).Scan(ctx)
	if store.IsNoRows(err) {
		return 0, time.Time{}, false, nil
	}
	if err != nil {
		return 0, time.Time{}, false, fmt.Errorf("read a consent: %w", err)
	}
	return row.Edition, row.At, true, nil
}
