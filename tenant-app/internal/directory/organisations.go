package directory

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const maxOrganisations = 5_000

// OrganisationKind is what an organisation is to the company; it decides which of
// the roles for outsiders its people have.
type OrganisationKind string

// Organisation is a customer, supplier or partner, to whom outsiders belong.
type Organisation struct {
	ID       kernel.ID        `json:"id" format:"uuid" bun:"id"`
	Name     string           `json:"name" bun:"name"`
	Kind     OrganisationKind `json:"kind" enum:"customer,supplier,partner" bun:"kind"`
	Guests   int              `json:"guests" doc:"People of it who have access now" bun:"guests"`
	Revision int64            `json:"revision" bun:"revision"`
}

const organisationsQuery = `SELECT o.id, o.name, o.kind, o.revision,
	(SELECT count(*) FROM person p WHERE p.external_organisation_id = o.id AND p.deactivated_at IS NULL AND p.expires_at > ?) AS guests
	FROM external_organisation o WHERE o.closed_at IS NULL`

// Organisations are all organisations, by name.
func (s *Service) Organisations(ctx context.Context) ([]Organisation, error) {
	list := []Organisation{}
	if err := s.db.Q(ctx).NewRaw(organisationsQuery+" ORDER BY o.name, o.id", s.clock()).Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("list the organisations: %w", err)
	}
	return list, nil
}

// Organisation is one of them.
func (s *Service) Organisation(ctx context.Context, id kernel.ID) (Organisation, error) {
	list := []Organisation{}
	if err := s.db.Q(ctx).NewRaw(organisationsQuery+" AND o.id = ?", s.clock(), id).Scan(ctx, &list); err != nil {
		return Organisation{}, fmt.Errorf("read the organisation: %w", err)
	}
	if len(list) == 0 {
		return Organisation{}, kernel.NotFound("external_organisation_unknown")
	}
	return list[0], nil
}

// CreateOrganisation adds one. The same id again is the same organisation.
func (s *Service) CreateOrganisation(ctx context.Context, id kernel.ID, name string, kind OrganisationKind) error {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return err
	}
	return s.writing(ctx, func(ctx context.Context) error {
		var known int
		if err := s.db.Q(ctx).NewRaw("SELECT count(*) FROM external_organisation WHERE closed_at IS NULL").Scan(ctx, &known); err != nil {
			return fmt.Errorf("count the organisations: %w", err)
		}
		if known >= maxOrganisations {
			return kernel.Conflict("organisations_too_many").With("max", maxOrganisations)
		}
		now := s.clock()
		_, err := s.db.Q(ctx).NewRaw(`INSERT INTO external_organisation (id, name, kind, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO NOTHING`, id, name, string(kind), now, now).Exec(ctx)
		return named(err, "external_organisation_name", "organisation_name_taken", "add the organisation")
	})
}

// EditOrganisation changes name and kind.
func (s *Service) EditOrganisation(ctx context.Context, id kernel.ID, name string, kind OrganisationKind, check checkVersion) error {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return err
	}
	return s.changing(ctx, "external_organisation", id, check, func(ctx context.Context) error {
		_, err := s.db.Q(ctx).NewRaw(`UPDATE external_organisation SET name = ?, kind = ? WHERE id = ?`, name, string(kind), id).Exec(ctx)
		return named(err, "external_organisation_name", "organisation_name_taken", "change the organisation")
	})
}

// CloseOrganisation ends an organisation of whom nobody has access any more.
func (s *Service) CloseOrganisation(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changing(ctx, "external_organisation", id, check, func(ctx context.Context) error {
		var guests int
		err := s.db.Q(ctx).NewRaw(`SELECT count(*) FROM person WHERE external_organisation_id = ? AND deactivated_at IS NULL`, id).Scan(ctx, &guests)
		if err != nil {
			return fmt.Errorf("count the guests: %w", err)
		}
		if guests > 0 {
			return kernel.Conflict("organisation_has_guests").With("people", guests)
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE external_organisation SET closed_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("close the organisation: %w", err)
		}
		return nil
	})
}

// searchText is a query for LIKE.
func searchText(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(text)) + "%"
}
