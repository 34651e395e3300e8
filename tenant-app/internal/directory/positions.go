package directory

import (
	"context"
	"fmt"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

const maxPositions = 1_000

// positions is the query for open positions with counts, as far as they may be seen.
func (v sight) positions() *statement {
	q := new(statement)
	q.add(`SELECT po.id, po.name, po.revision,
	(SELECT count(DISTINCT w.person_id) FROM membership w JOIN person p ON p.id = w.person_id
		WHERE w.position_id = po.id AND w.valid_to IS NULL AND p.deactivated_at IS NULL AND `).part(v.person)
	return q.add(") AS people FROM position po WHERE po.closed_at IS NULL AND ").part(v.position)
}

// Positions are all positions that may be seen, in the order that somebody chose.
func (s *Service) Positions(ctx context.Context) ([]Position, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	list := []Position{}
	q := v.positions().add(" ORDER BY po.sort, po.id")
	if err := s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("list positions: %w", err)
	}
	return list, nil
}

// Position is one of them.
func (s *Service) Position(ctx context.Context, id kernel.ID) (Position, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return Position{}, err
	}
	var one Position
	q := v.positions().add(" AND po.id = ?", id)
	err = s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &one)
	if store.IsNoRows(err) {
		return one, kernel.NotFound("position_unknown")
	}
	if err != nil {
		return one, fmt.Errorf("read the position: %w", err)
	}
	return one, nil
}

// CreatePosition adds a position as the last one.
func (s *Service) CreatePosition(ctx context.Context, name string) (Position, error) {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return Position{}, err
	}
	id := kernel.NewID()
	err = s.writing(ctx, func(ctx context.Context) error {
		ids, err := s.positionIDs(ctx)
		if err != nil {
			return err
		}
		if len(ids) >= maxPositions {
			return kernel.Conflict("positions_too_many").With("max", maxPositions)
		}
		return s.insertPosition(ctx, id, name, len(ids))
	})
	if err != nil {
		return Position{}, err
	}
	return s.Position(ctx, id)
}

func (s *Service) insertPosition(ctx context.Context, id kernel.ID, name string, sort int) error {
	now := s.clock()
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO position (id, name, sort, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`, id, name, sort, now, now).Exec(ctx)
	return named(err, "position_name", "position_name_taken", "create the position")
}

// positionNames are all open positions, for those who manage them.
func (s *Service) positionNames(ctx context.Context) ([]Ref, error) {
	var list []Ref
	if err := s.db.Q(ctx).NewRaw("SELECT id, name FROM position WHERE closed_at IS NULL").Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("list positions: %w", err)
	}
	return list, nil
}

func (s *Service) positionIDs(ctx context.Context) ([]kernel.ID, error) {
	var ids []kernel.ID
	if err := s.db.Q(ctx).NewRaw(`SELECT id FROM position WHERE closed_at IS NULL ORDER BY sort, id`).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("list positions: %w", err)
	}
	return ids, nil
}

// RenamePosition changes the name, everywhere and in the past.
func (s *Service) RenamePosition(ctx context.Context, id kernel.ID, name string, check checkVersion) error {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return err
	}
	return s.changing(ctx, "position", id, check, func(ctx context.Context) error {
		_, err := s.db.Q(ctx).NewRaw(`UPDATE position SET name = ? WHERE id = ?`, name, id).Exec(ctx)
		return named(err, "position_name", "position_name_taken", "rename the position")
	})
}

// MovePosition puts a position in front of before, or last if that is kernel.NoID.
func (s *Service) MovePosition(ctx context.Context, id, before kernel.ID, check checkVersion) error {
	return s.changing(ctx, "position", id, check, func(ctx context.Context) error {
		ids, err := s.positionIDs(ctx)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(other kernel.ID) bool { return other == id })
		at := len(ids)
		if before != kernel.NoID {
			if at = slices.Index(ids, before); at < 0 {
				return kernel.Invalid("position_unknown").OnField("body.before")
			}
		}
		return s.renumber(ctx, "position", slices.Insert(ids, at, id))
	})
}

// DeletePosition closes a position that nobody holds.
func (s *Service) DeletePosition(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changing(ctx, "position", id, check, func(ctx context.Context) error {
		var people int
		if err := s.db.Q(ctx).NewRaw(`SELECT count(*) FROM membership WHERE position_id = ? AND valid_to IS NULL`, id).Scan(ctx, &people); err != nil {
			return fmt.Errorf("see whether the position is held: %w", err)
		}
		if people > 0 {
			return kernel.Conflict("position_held").With("people", people)
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE position SET closed_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("close the position: %w", err)
		}
		return nil
	})
}
