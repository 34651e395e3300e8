package directory

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

const maxPlacements = 20

// Move makes placements the present departments of a person, the first one the
// primary. Memberships that end are closed, those that stay as they are go on.
func (s *Service) Move(ctx context.Context, id kernel.ID, placements []Placement, check checkVersion) error {
	return s.changePerson(ctx, id, check, func(ctx context.Context) error {
		if err := s.requireActive(ctx, []kernel.ID{id}, "id"); err != nil {
			return kernel.Conflict("person_deactivated")
		}
		return s.place(ctx, id, placements, s.clock())
	})
}

type membershipRow struct {
	ID           kernel.ID `bun:"id"`
	DepartmentID kernel.ID `bun:"department_id"`
	PositionID   kernel.ID `bun:"position_id"`
	Primary      bool      `bun:"is_primary"`
}

// place does the work of Move: what ends, ends when the new begins, so that a
// person never has two primary departments at once.
func (s *Service) place(ctx context.Context, person kernel.ID, placements []Placement, at time.Time) error {
	if err := s.checkPlacements(ctx, placements); err != nil {
		return err
	}
	var current []membershipRow
	err := s.db.Q(ctx).NewRaw(`SELECT id, department_id, coalesce(position_id, ?) AS position_id, is_primary FROM membership
		WHERE person_id = ? AND valid_to IS NULL`, kernel.NoID, person).Scan(ctx, &current)
	if err != nil {
		return fmt.Errorf("read the memberships: %w", err)
	}
	wanted := map[membershipRow]bool{}
	for i, p := range placements {
		wanted[membershipRow{DepartmentID: p.DepartmentID, PositionID: p.PositionID, Primary: i == 0}] = true
	}
	var ended []kernel.ID
	for _, m := range current {
		key := membershipRow{DepartmentID: m.DepartmentID, PositionID: m.PositionID, Primary: m.Primary}
		if wanted[key] {
			delete(wanted, key)
		} else {
			ended = append(ended, m.ID)
		}
	}
	if err := s.endMemberships(ctx, ended, at); err != nil {
		return err
	}
	for i, p := range placements {
		if !wanted[membershipRow{DepartmentID: p.DepartmentID, PositionID: p.PositionID, Primary: i == 0}] {
			continue
		}
		_, err := s.db.Q(ctx).NewRaw(`INSERT INTO membership (id, person_id, department_id, position_id, is_primary, valid_from) VALUES (?, ?, ?, ?, ?, ?)`,
			kernel.NewID(), person, p.DepartmentID, nullID(p.PositionID), i == 0, at).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add a membership: %w", err)
		}
	}
	return nil
}

// endMemberships closes memberships at a time; one that had not begun by then
// never was.
func (s *Service) endMemberships(ctx context.Context, ids []kernel.ID, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := s.db.Q(ctx).NewRaw(`DELETE FROM membership WHERE id IN (?) AND valid_from >= ?`, bun.List(ids), at).Exec(ctx); err != nil {
		return fmt.Errorf("take back memberships: %w", err)
	}
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE membership SET valid_to = ? WHERE id IN (?)`, at, bun.List(ids)).Exec(ctx); err != nil {
		return fmt.Errorf("end memberships: %w", err)
	}
	return nil
}

// checkPlacements refuses departments and positions that are unknown or closed,
// and a department named twice.
func (s *Service) checkPlacements(ctx context.Context, placements []Placement) error {
	if len(placements) == 0 {
		return nil
	}
	if len(placements) > maxPlacements {
		return kernel.Invalid("departments_too_many").With("max", maxPlacements).OnField("body.posts")
	}
	departments, positions := map[kernel.ID]bool{}, map[kernel.ID]bool{}
	for _, p := range placements {
		if departments[p.DepartmentID] {
			return kernel.Invalid("department_twice").OnField("body.posts")
		}
		departments[p.DepartmentID] = true
		if p.PositionID != kernel.NoID {
			positions[p.PositionID] = true
		}
	}
	for table, ids := range map[string]map[kernel.ID]bool{"department": departments, "position": positions} {
		if err := s.requireOpen(ctx, table, ids); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) requireOpen(ctx context.Context, table string, ids map[kernel.ID]bool) error {
	if len(ids) == 0 {
		return nil
	}
	list := make([]kernel.ID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	var open int
	err := s.db.Q(ctx).NewRaw(`SELECT count(*) FROM ? WHERE id IN (?) AND closed_at IS NULL`, bun.Ident(table), bun.List(list)).Scan(ctx, &open)
	if err != nil {
		return fmt.Errorf("look for the %s: %w", table, err)
	}
	if open < len(ids) {
		return kernel.Invalid(table + "_unknown").OnField("body.posts")
	}
	return nil
}

// Deactivate ends a person's memberships and sessions. They keep their place in
// history, their name everywhere, and what they were head of for a return.
func (s *Service) Deactivate(ctx context.Context, id kernel.ID, check checkVersion) error {
	if who, ok := kernel.PrincipalFrom(ctx); ok && who.PersonID == id {
		return kernel.Conflict("person_is_yourself")
	}
	return s.changePerson(ctx, id, check, func(ctx context.Context) error {
		if err := s.requireActive(ctx, []kernel.ID{id}, "id"); err != nil {
			return kernel.Conflict("person_deactivated")
		}
		if err := s.accounts.CheckMayLeave(ctx, id); err != nil {
			return err
		}
		now := s.clock()
		var present []kernel.ID
		if err := s.db.Q(ctx).NewRaw(`SELECT id FROM membership WHERE person_id = ? AND valid_to IS NULL`, id).Scan(ctx, &present); err != nil {
			return fmt.Errorf("read the memberships: %w", err)
		}
		if err := s.endMemberships(ctx, present, now); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET deactivated_at = ? WHERE id = ?`, now, id).Exec(ctx); err != nil {
			return fmt.Errorf("deactivate the person: %w", err)
		}
		return s.accounts.EndSessions(ctx, id)
	})
}

// Reactivate takes a person back, into the departments that they left when they
// were deactivated, as far as those still exist.
func (s *Service) Reactivate(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changePerson(ctx, id, check, func(ctx context.Context) error {
		var last []membershipRow
		err := s.db.Q(ctx).NewRaw(`SELECT m.id, m.department_id, coalesce(po.id, ?) AS position_id, m.is_primary
			FROM membership m JOIN person p ON p.id = m.person_id
			JOIN department d ON d.id = m.department_id AND d.closed_at IS NULL
			LEFT JOIN position po ON po.id = m.position_id AND po.closed_at IS NULL
			WHERE p.id = ? AND m.valid_to = p.deactivated_at ORDER BY m.is_primary DESC, m.valid_from, m.id`, kernel.NoID, id).Scan(ctx, &last)
		if err != nil {
			return fmt.Errorf("read the last memberships: %w", err)
		}
		result, err := s.db.Q(ctx).NewRaw(`UPDATE person SET deactivated_at = NULL WHERE id = ? AND deactivated_at IS NOT NULL`, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("reactivate the person: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return kernel.Conflict("person_active").Because(err)
		}
		placements := make([]Placement, len(last))
		for i, m := range last {
			placements[i] = Placement{DepartmentID: m.DepartmentID, PositionID: m.PositionID}
		}
		return s.place(ctx, id, placements, s.clock())
	})
}
