package desk

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const settingsKey = "desk"

// BoxSettings are what the company decides about its suggestion box.
type BoxSettings struct {
	Anonymous bool `json:"anonymous" doc:"Suggestions without a name are taken"`
}

// Settings are as the company left them: first without anonymous suggestions.
func (s *Service) Settings(ctx context.Context) (out BoxSettings, err error) {
	_, err = s.DB.Setting(ctx, settingsKey, &out)
	return out, err
}

// SetSettings changes them.
func (s *Service) SetSettings(ctx context.Context, wanted BoxSettings) error {
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.DB.Decide(ctx, settingsKey, wanted, s.Clock()); err != nil {
			return fmt.Errorf("change the suggestion box: %w", err)
		}
		return s.Audit.Write(ctx, "desk_settings_changed", kernel.NoID, map[string]any{"anonymous": wanted.Anonymous})
	})
}
