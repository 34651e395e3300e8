package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const maxChosen = 100 // departments that one right of a role names

// SetRights makes cells what a role gives, and nothing else. What equals the
// default of a ready-made role is not kept, so that a later release can change it.
func (s *Service) SetRights(ctx context.Context, id kernel.ID, cells []RoleRight, check checkVersion) error {
	return s.changeRole(ctx, id, check, true, func(ctx context.Context, role Role) error {
		wanted := map[string]setting{}
		for i, cell := range cells {
			set, err := s.checkCell(role, cell)
			if err != nil {
				return err.OnField(fmt.Sprintf("body.rights[%d]", i))
			}
			wanted[cell.Right] = set
		}
		if err := s.requireDepartments(ctx, wanted); err != nil {
			return err
		}
		for _, right := range s.rights {
			if err := s.saveCell(ctx, role, right, wanted[right.Name]); err != nil {
				return err
			}
		}
		return s.audit.Write(ctx, "role_rights_changed", id, map[string]any{"before": role.Rights, "after": cells})
	})
}

// checkCell refuses what a role cannot give.
func (s *Service) checkCell(role Role, cell RoleRight) (setting, *kernel.Error) {
	right, ok := s.right(cell.Right)
	scopes := right.Scopes
	if len(scopes) == 0 {
		scopes = []Scope{ScopeAll}
	}
	switch {
	case !ok, role.External && !right.Outside:
		return setting{}, kernel.Invalid("right_unknown")
	case !slices.Contains(scopes, cell.Scope), role.External && len(right.Scopes) > 0 && cell.Scope != ScopeSelf && cell.Scope != ScopePart:
		return setting{}, kernel.Invalid("scope_invalid")
	case (cell.Scope == ScopeChosen) != (len(cell.Departments) > 0), len(cell.Departments) > maxChosen:
		return setting{}, kernel.Invalid("departments_invalid")
	}
	for _, mask := range cell.Masks {
		if !slices.Contains(right.Fields, mask) {
			return setting{}, kernel.Invalid("mask_unknown")
		}
	}
	set := setting{Right: cell.Right, Scope: cell.Scope, Masks: slices.Compact(slices.Sorted(slices.Values(cell.Masks)))}
	for _, d := range cell.Departments {
		set.Departments = append(set.Departments, d.ID)
	}
	return set, nil
}

func (s *Service) requireDepartments(ctx context.Context, wanted map[string]setting) error {
	var ids []kernel.ID
	for _, set := range wanted {
		ids = append(ids, set.Departments...)
	}
	slices.SortFunc(ids, func(a, b kernel.ID) int { return strings.Compare(a.String(), b.String()) })
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil
	}
	var known int
	if err := s.db.Q(ctx).NewRaw("SELECT count(*) FROM department WHERE id = ANY (?::uuid[])", idArray(ids)).Scan(ctx, &known); err != nil {
		return fmt.Errorf("look for departments: %w", err)
	}
	if known < len(ids) {
		return kernel.Invalid("department_unknown").OnField("body.rights")
	}
	return nil
}

// saveCell keeps one cell; the zero setting is a right that the role does not give.
func (s *Service) saveCell(ctx context.Context, role Role, right Right, set setting) error {
	if set.Scope == "" {
		set.Scope = ScopeNone
	}
	standard := setting{Scope: ScopeNone}
	if scope, ok := right.Default[role.Key]; ok {
		standard = setting{Scope: scope, Masks: slices.Sorted(slices.Values(right.Masked[role.Key]))}
	}
	if set.Scope == standard.Scope && slices.Equal(set.Masks, standard.Masks) && len(set.Departments) == 0 {
		_, err := s.db.Q(ctx).NewRaw("DELETE FROM role_right WHERE role_id = ? AND right_name = ?", role.ID, right.Name).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take a right from the role: %w", err)
		}
		return nil
	}
	masks := append([]string{}, set.Masks...)
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO role_right (role_id, right_name, scope, departments, masks) VALUES (?, ?, ?, ?::uuid[], ?)
		ON CONFLICT (role_id, right_name) DO UPDATE SET scope = EXCLUDED.scope, departments = EXCLUDED.departments, masks = EXCLUDED.masks`,
		role.ID, right.Name, string(set.Scope), idArray(set.Departments), pgdialect.Array(masks)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give a right to the role: %w", err)
	}
	return nil
}
