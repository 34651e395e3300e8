package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
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

// place does the work of Move.
func (s *Service) place(ctx context.Context, person kernel.ID, placements []Placement, at time.Time) error {
	if err := s.checkPlacements(ctx, placements); err != nil {
		return err
	}
	return s.replacePosts(ctx, map[kernel.ID][]Placement{person: placements}, at)
}

type membershipRow struct {
	bun.BaseModel `bun:"table:membership"`

	ID           kernel.ID  `bun:"id,type:uuid"`
	PersonID     kernel.ID  `bun:"person_id,type:uuid"`
	DepartmentID kernel.ID  `bun:"department_id,type:uuid"`
	PositionID   *kernel.ID `bun:"position_id,type:uuid"`
	Primary      bool       `bun:"is_primary"`
	ValidFrom    time.Time  `bun:"valid_from"`
}

// post is what makes two memberships of a person the same.
type post struct {
	person, department, position kernel.ID
	primary                      bool
}

func (m membershipRow) post() post {
	return post{person: m.PersonID, department: m.DepartmentID, position: orNone(m.PositionID), primary: m.Primary}
}

// replacePosts makes these the present memberships of persons. What ends, ends when
// the new begins, so that nobody ever has two primary departments at once.
func (s *Service) replacePosts(ctx context.Context, wanted map[kernel.ID][]Placement, at time.Time) error {
	var current []membershipRow
	people := slices.Collect(maps.Keys(wanted))
	err := s.db.Q(ctx).NewRaw(`SELECT id, person_id, department_id, position_id, is_primary, valid_from FROM membership
		WHERE person_id IN (?) AND valid_to IS NULL`, bun.List(people)).Scan(ctx, &current)
	if err != nil {
		return fmt.Errorf("read the memberships: %w", err)
	}
	missing := map[post]membershipRow{}
	for person, placements := range wanted {
		for i, p := range placements {
			m := membershipRow{ID: kernel.NewID(), PersonID: person, DepartmentID: p.DepartmentID, PositionID: orNull(p.PositionID), Primary: i == 0, ValidFrom: at}
			missing[m.post()] = m
		}
	}
	var ended []kernel.ID
	for _, m := range current {
		if _, stays := missing[m.post()]; stays {
			delete(missing, m.post())
		} else {
			ended = append(ended, m.ID)
		}
	}
	if err := s.endMemberships(ctx, ended, at); err != nil {
		return err
	}
	if err := s.insertMemberships(ctx, slices.Collect(maps.Values(missing))); err != nil {
		return err
	}
	return s.tellMoved(ctx, people)
}

func (s *Service) insertMemberships(ctx context.Context, rows []membershipRow) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.db.Q(ctx).NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("add memberships: %w", err)
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
		if err := s.requireHere(ctx, id); err != nil {
			return err
		}
		if err := s.requireNoGuests(ctx, id); err != nil {
			return err
		}
		if err := s.rights.CheckMayLeave(ctx, id); err != nil {
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
		if err := s.tellMoved(ctx, []kernel.ID{id}); err != nil {
			return err
		}
		return s.accounts.EndSessions(ctx, id)
	})
}

// requireHere refuses someone who left.
func (s *Service) requireHere(ctx context.Context, id kernel.ID) error {
	var here bool
	if err := s.db.Q(ctx).NewRaw(`SELECT deactivated_at IS NULL FROM person WHERE id = ?`, id).Scan(ctx, &here); err != nil {
		return fmt.Errorf("see whether the person is here: %w", err)
	}
	if !here {
		return kernel.Conflict("person_deactivated")
	}
	return nil
}

// Reactivate takes a person back, into the departments that they left when they
// were deactivated, as far as those still exist.
func (s *Service) Reactivate(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changePerson(ctx, id, check, func(ctx context.Context) error {
		var last []struct {
			DepartmentID kernel.ID `bun:"department_id"`
			PositionID   kernel.ID `bun:"position_id"`
		}
		err := s.db.Q(ctx).NewRaw(`SELECT m.department_id, coalesce(po.id, ?) AS position_id
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
