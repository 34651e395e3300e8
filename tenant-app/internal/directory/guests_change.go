package directory

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// GuestEdit changes what is known of an outsider; nil fields stay.
type GuestEdit struct {
	Name, Phone, Mail *string
	Organisation      *kernel.ID
	Until             *time.Time // also later than it was: the access goes on
}

// EditGuest changes an outsider.
func (s *Service) EditGuest(ctx context.Context, id kernel.ID, edit GuestEdit, check checkVersion) error {
	return s.changeGuest(ctx, id, check, func(ctx context.Context) error {
		before, err := s.profile(ctx, id)
		if err != nil {
			return err
		}
		after := before
		for to, value := range map[*string]*string{&after.Name: edit.Name, &after.Phone: edit.Phone, &after.Mail: edit.Mail} {
			if value != nil {
				*to = *value
			}
		}
		if after, err = after.clean(); err != nil {
			return err
		}
		if after.Phone == "" && after.Mail == "" {
			return kernel.Invalid("guest_unreachable").OnField("body.phone")
		}
		if err := s.updatePerson(ctx, id, after); err != nil {
			return err
		}
		return s.editAccess(ctx, id, edit)
	})
}

func (s *Service) editAccess(ctx context.Context, id kernel.ID, edit GuestEdit) error {
	if edit.Organisation != nil {
		if _, err := s.Organisation(ctx, *edit.Organisation); err != nil {
			return kernel.Invalid("external_organisation_unknown").OnField("body.organisationId").Because(err)
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET external_organisation_id = ? WHERE id = ?`, *edit.Organisation, id).Exec(ctx); err != nil {
			return fmt.Errorf("change the guest's organisation: %w", err)
		}
	}
	if edit.Until == nil {
		return nil
	}
	if err := s.checkUntil(*edit.Until); err != nil {
		return err
	}
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET expires_at = ? WHERE id = ?`, *edit.Until, id).Exec(ctx); err != nil {
		return fmt.Errorf("change until when the guest has access: %w", err)
	}
	return nil
}

// changeGuest runs change on an outsider whom the person in the context looks after.
func (s *Service) changeGuest(ctx context.Context, id kernel.ID, check checkVersion, change func(ctx context.Context) error) error {
	if err := s.rights.Can(ctx, GuestRight, guestKind, id); err != nil {
		return err
	}
	return s.changePerson(ctx, id, check, change)
}

// requireLiaison refuses who cannot be a 对接人: people who do not work here, and whom the
// person in the context may not see.
func (s *Service) requireLiaison(ctx context.Context, id kernel.ID, field string) error {
	err := s.rights.Can(ctx, ReadRight, personKind, id)
	if kernel.IsKind(err, kernel.KindNotFound) {
		return kernel.Invalid("person_unknown").OnField(field)
	}
	if err != nil {
		return err
	}
	return s.requireActive(ctx, []kernel.ID{id}, field)
}

// SetLiaison makes another person the 对接人 of an outsider. Whoever did it may thereby
// no longer look after them.
func (s *Service) SetLiaison(ctx context.Context, id, liaison kernel.ID, check checkVersion) error {
	return s.changeGuest(ctx, id, check, func(ctx context.Context) error {
		if err := s.requireLiaison(ctx, liaison, "body.personId"); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET liaison_id = ? WHERE id = ?`, liaison, id).Exec(ctx); err != nil {
			return fmt.Errorf("change the liaison: %w", err)
		}
		return nil
	})
}

// HandOverGuests makes successor the 对接人 of all outsiders of a person whom the one
// in the context looks after, and says how many that are.
func (s *Service) HandOverGuests(ctx context.Context, person, successor kernel.ID) (int64, error) {
	if person == successor {
		return 0, kernel.Invalid("successor_same").OnField("body.personId")
	}
	var handed int64
	err := s.writing(ctx, func(ctx context.Context) error {
		if err := s.requireLiaison(ctx, successor, "body.personId"); err != nil {
			return err
		}
		sql, args, err := s.rights.Filter(ctx, GuestRight, guestKind)
		if err != nil {
			return err
		}
		result, err := s.db.Q(ctx).NewRaw(`UPDATE person AS p SET liaison_id = ?, revision = revision + 1, updated_at = ? WHERE p.liaison_id = ? AND `+sql,
			append([]any{successor, s.clock(), person}, args...)...).Exec(ctx)
		if err != nil {
			return fmt.Errorf("hand the guests over: %w", err)
		}
		handed, err = result.RowsAffected()
		return err
	})
	return handed, err
}

// EndGuest ends an outsider's access at once.
func (s *Service) EndGuest(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changeGuest(ctx, id, check, func(ctx context.Context) error {
		if err := s.requireHere(ctx, id); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET deactivated_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("end the guest's access: %w", err)
		}
		return s.accounts.EndSessions(ctx, id)
	})
}

// ResumeGuest gives an outsider access again until a time.
func (s *Service) ResumeGuest(ctx context.Context, id kernel.ID, until time.Time, check checkVersion) error {
	return s.changeGuest(ctx, id, check, func(ctx context.Context) error {
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET deactivated_at = NULL WHERE id = ?`, id).Exec(ctx); err != nil {
			return fmt.Errorf("resume the guest's access: %w", err)
		}
		return s.editAccess(ctx, id, GuestEdit{Until: &until})
	})
}

// requireNoGuests refuses to let someone go whom outsiders would be left without.
func (s *Service) requireNoGuests(ctx context.Context, person kernel.ID) error {
	var guests int
	err := s.db.Q(ctx).NewRaw(`SELECT count(*) FROM person WHERE liaison_id = ? AND deactivated_at IS NULL AND expires_at > ?`, person, s.clock()).Scan(ctx, &guests)
	if err != nil {
		return fmt.Errorf("count the guests: %w", err)
	}
	if guests > 0 {
		return kernel.Conflict("liaison_has_guests").With("people", guests)
	}
	return nil
}
