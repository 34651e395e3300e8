package authz

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// groups are the grantees without an id; the value says whether they are outsiders.
var groups = map[GranteeKind]bool{ToHeads: false, ToStaff: false, ToCustomers: true, ToSuppliers: true, ToPartners: true}

// Grant gives a role to someone. The same twice is one grant. Roles for those who
// work here and for outsiders do not mix, and nobody gives a role to themselves.
func (s *Service) Grant(ctx context.Context, id, role kernel.ID, to GranteeKind, toID kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		found, err := s.Role(ctx, role)
		if err != nil {
			return err
		}
		if len(found.Grants) >= maxRoleGrant {
			return kernel.Conflict("grants_too_many").With("max", maxRoleGrant)
		}
		if err := s.checkGrantee(ctx, found, to, toID); err != nil {
			return err
		}
		if err := s.insertGrant(ctx, id, role, to, toID); err != nil {
			return err
		}
		return s.audit.Write(ctx, "role_granted", toID, map[string]any{"role": found.Name, "roleId": role, "to": to})
	})
}

func (s *Service) insertGrant(ctx context.Context, id, role kernel.ID, to GranteeKind, toID kernel.ID) error {
	who, _ := kernel.PrincipalFrom(ctx)
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO role_grant (id, role_id, grantee_kind, grantee_id, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, id, role, string(to), nullID(toID), nullID(who.PersonID), s.clock()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give the role: %w", err)
	}
	return nil
}

// checkGrantee refuses those who cannot have the role.
func (s *Service) checkGrantee(ctx context.Context, role Role, to GranteeKind, toID kernel.ID) error {
	outside, group := groups[to]
	switch {
	case group && toID != kernel.NoID, !group && toID == kernel.NoID, to == ToRole:
		return kernel.Invalid("grantee_invalid").OnField("body.to")
	case role.Fixed && to != ToPerson:
		return kernel.Conflict("role_for_people").OnField("body.kind")
	case group && outside != role.External, role.External && (to == ToDepartment || to == ToPosition):
		return kernel.Conflict("role_other_side").OnField("body.kind")
	case group:
		return nil
	}
	if to == ToPerson {
		return s.checkPerson(ctx, toID, &role.External)
	}
	return s.checkOpen(ctx, to, toID)
}

// checkPerson refuses oneself and people who left or are on the other side.
func (s *Service) checkPerson(ctx context.Context, id kernel.ID, outside *bool) error {
	if who, _ := kernel.PrincipalFrom(ctx); who.PersonID == id {
		return kernel.Conflict("person_is_yourself")
	}
	var outsider bool
	err := s.db.Q(ctx).NewRaw("SELECT external_organisation_id IS NOT NULL FROM person WHERE id = ? AND deactivated_at IS NULL", id).Scan(ctx, &outsider)
	switch {
	case store.IsNoRows(err):
		return kernel.Invalid("person_unknown").OnField("body.to")
	case err != nil:
		return fmt.Errorf("look for the person: %w", err)
	case outside != nil && *outside != outsider:
		return kernel.Conflict("role_other_side").OnField("body.to")
	}
	return nil
}

// checkOpen refuses departments, positions and roles that are not there.
func (s *Service) checkOpen(ctx context.Context, to GranteeKind, id kernel.ID) error {
	query, ok := map[GranteeKind]string{
		ToDepartment: "SELECT EXISTS (SELECT 1 FROM department WHERE id = ? AND closed_at IS NULL)",
		ToPosition:   "SELECT EXISTS (SELECT 1 FROM position WHERE id = ? AND closed_at IS NULL)",
		ToRole:       "SELECT EXISTS (SELECT 1 FROM role WHERE id = ?)",
	}[to]
	if !ok {
		return kernel.Invalid("grantee_invalid").OnField("body.kind")
	}
	var open bool
	if err := s.db.Q(ctx).NewRaw(query, id).Scan(ctx, &open); err != nil {
		return fmt.Errorf("look for the %s: %w", to, err)
	}
	if !open {
		return kernel.Invalid(string(to) + "_unknown").OnField("body.to")
	}
	return nil
}

// Withdraw takes a grant back. The last one who can give roles keeps theirs.
func (s *Service) Withdraw(ctx context.Context, role, id kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		var g struct {
			Kind GranteeKind `bun:"grantee_kind"`
			To   kernel.ID   `bun:"to_id"`
			Role string      `bun:"name"`
		}
		err := s.db.Q(ctx).NewRaw(`SELECT g.grantee_kind, coalesce(g.grantee_id, ?) AS to_id, r.name FROM role_grant g JOIN role r ON r.id = g.role_id
			WHERE g.id = ? AND g.role_id = ?`, kernel.NoID, id, role).Scan(ctx, &g)
		if store.IsNoRows(err) {
			return kernel.NotFound("grant_unknown")
		}
		if err != nil {
			return fmt.Errorf("read the grant: %w", err)
		}
		if err := s.deleteGrant(ctx, id, role, g.To); err != nil {
			return err
		}
		return s.audit.Write(ctx, "role_withdrawn", g.To, map[string]any{"role": g.Role, "roleId": role, "to": g.Kind})
	})
}

func (s *Service) deleteGrant(ctx context.Context, id, role, to kernel.ID) error {
	if role == roleAdministrator || role == roleSecurity {
		if err := s.checkOthers(ctx, to, id); err != nil {
			return err
		}
	}
	if _, err := s.db.Q(ctx).NewRaw("DELETE FROM role_grant WHERE id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("take the role back: %w", err)
	}
	return nil
}

// CheckMayLeave refuses, with conflict last_administrator, to let the last active
// person go who can give roles. Call it in the transaction that deactivates them: it
// keeps two from going at the same time.
func (s *Service) CheckMayLeave(ctx context.Context, person kernel.ID) error {
	return s.checkOthers(ctx, person, kernel.NoID)
}

// checkOthers sees whether, without one grant of a person's (kernel.NoID: without
// the person), somebody active can still give roles.
func (s *Service) checkOthers(ctx context.Context, person, without kernel.ID) error {
	var rows []struct {
		ID     kernel.ID `bun:"id"`
		Person kernel.ID `bun:"grantee_id"`
		Active bool      `bun:"active"`
	}
	err := s.db.Q(ctx).NewRaw(`SELECT g.id, g.grantee_id, p.deactivated_at IS NULL AS active FROM role_grant g JOIN person p ON p.id = g.grantee_id
		WHERE g.role_id IN (?, ?) AND g.grantee_kind = 'person' ORDER BY g.id FOR UPDATE OF g`, roleAdministrator, roleSecurity).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read the administrators: %w", err)
	}
	is, others := false, 0
	for _, row := range rows {
		goes := row.Person == person
		if without != kernel.NoID {
			goes = row.ID == without
		}
		is = is || goes
		if !goes && row.Active {
			others++
		}
	}
	if is && others == 0 {
		return kernel.Conflict("last_administrator")
	}
	return nil
}

// IsAdministrator says whether a person has the role 管理员 themselves.
func (s *Service) IsAdministrator(ctx context.Context, person kernel.ID) (bool, error) {
	grant, err := s.administratorGrant(ctx, person)
	return grant != kernel.NoID, err
}

func (s *Service) administratorGrant(ctx context.Context, person kernel.ID) (kernel.ID, error) {
	var id kernel.ID
	err := s.db.Q(ctx).NewRaw("SELECT id FROM role_grant WHERE role_id = ? AND grantee_kind = 'person' AND grantee_id = ?", roleAdministrator, person).Scan(ctx, &id)
	if err != nil && !store.IsNoRows(err) {
		return id, fmt.Errorf("see whether a person is administrator: %w", err)
	}
	return id, nil
}

// SetAdministrator gives or takes the role 管理员. It does not ask who does it, and the
// caller writes it down: the first administrator makes themselves one.
func (s *Service) SetAdministrator(ctx context.Context, person kernel.ID, on bool) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		grant, err := s.administratorGrant(ctx, person)
		if err != nil || on == (grant != kernel.NoID) {
			return err
		}
		if !on {
			return s.deleteGrant(ctx, grant, roleAdministrator, person)
		}
		return s.insertGrant(ctx, kernel.NewID(), roleAdministrator, ToPerson, person)
	})
}

// nullID is the id for SQL: NULL for nothing.
func nullID(id kernel.ID) any {
	if id == kernel.NoID {
		return nil
	}
	return id
}
