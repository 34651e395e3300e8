package desk

import (
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const settingsKey = "desk"

// BoxSettings are what the company decides about its suggestion box.
type BoxSettings struct {
	Anonymous bool `json:"anonymous" doc:"Suggestions without a name are taken"`
}

// Attendance says who answers suggestions.
type Attendance string

// The kinds of attendance.
const (
	Chosen         Attendance = "chosen"
	Administrators Attendance = "administrators" // nobody was chosen
	Nobody         Attendance = "nobody"         // none is taken
)

// BoxState is the box as people find it.
type BoxState struct {
	BoxSettings
	HandledBy Attendance `json:"handledBy" enum:"chosen,administrators,nobody" doc:"administrators: nobody else was chosen; nobody: no suggestion is taken"`
}

// State is how the box is now.
func (s *Service) State(ctx context.Context) (out BoxState, err error) {
	if out.BoxSettings, err = s.Settings(ctx); err != nil {
		return out, err
	}
	handlers, err := s.Handlers(ctx, mostHandled)
	if err != nil {
		return out, err
	}
	managers, err := s.Managers(ctx, mostHandled)
	chosen := func(id kernel.ID) bool { return !slices.Contains(managers, id) }
	switch {
	case len(handlers) == 0:
		out.HandledBy = Nobody
	case slices.ContainsFunc(handlers, chosen):
		out.HandledBy = Chosen
	default:
		out.HandledBy = Administrators
	}
	return out, err
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
