package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// GuestRight is to invite outsiders and to look after them.
const GuestRight = "guest.invite"

const guestKind = "guest"

// maxGuestLife bounds an outsider's access, which can be extended.
const maxGuestLife = 366 * 24 * time.Hour

var guestRights = authz.Right{
	Name: GuestRight, Kinds: []string{guestKind},
	Scopes: []authz.Scope{authz.ScopeSelf, authz.ScopeDepartment, authz.ScopeTree, authz.ScopeChosen, authz.ScopeAll},
	Default: map[string]authz.Scope{
		authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll, authz.Head: authz.ScopeTree, authz.Staff: authz.ScopeSelf,
	},
}

// guestResource says whose an outsider is: the 对接人's, and of the 对接人's departments.
var guestResource = authz.Resource{
	Kind: guestKind, Table: "(SELECT * FROM person WHERE external_organisation_id IS NOT NULL) AS p", ID: "p.id", Name: "p.name", Seen: GuestRight,
	Owner: "p.liaison_id",
	Department: `EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.liaison_id AND m.valid_to IS NULL
		AND m.department_id = ANY (?departments))`,
}

// Guest is an outsider as those see them who look after them.
type Guest struct {
	PersonRef
	Phone        string    `json:"phone,omitempty"`
	Mail         string    `json:"mail,omitempty"`
	Organisation Ref       `json:"organisation"`
	Liaison      PersonRef `json:"liaison" doc:"对接人: who invited them and answers for them"`
	Until        time.Time `json:"until" doc:"When their access ends"`
	Revision     int64     `json:"revision"`
}

const guestColumns = `p.id, p.name, coalesce(p.phone, '') AS phone, coalesce(p.mail, '') AS mail, coalesce(p.avatar, '') AS avatar,
	p.deactivated_at IS NOT NULL AS gone, p.expires_at, p.revision, p.sort_key, o.id AS organisation_id, o.name AS organisation,
	(SELECT json_build_object('id', l.id, 'name', l.name, 'avatar', l.avatar, 'deactivated', l.deactivated_at IS NOT NULL)
		FROM person l WHERE l.id = p.liaison_id) AS liaison
	FROM person p JOIN external_organisation o ON o.id = p.external_organisation_id`

type guestRow struct {
	ID             kernel.ID       `bun:"id"`
	Name           string          `bun:"name"`
	Phone          string          `bun:"phone"`
	Mail           string          `bun:"mail"`
	Avatar         string          `bun:"avatar"`
	Gone           bool            `bun:"gone"`
	ExpiresAt      time.Time       `bun:"expires_at"`
	Revision       int64           `bun:"revision"`
	SortKey        string          `bun:"sort_key"`
	OrganisationID kernel.ID       `bun:"organisation_id"`
	Organisation   string          `bun:"organisation"`
	Liaison        json.RawMessage `bun:"liaison,type:json"`
}

func (r guestRow) guest() (Guest, error) {
	var liaison personJSON
	if err := json.Unmarshal(r.Liaison, &liaison); err != nil {
		return Guest{}, fmt.Errorf("read the guest: %w", err)
	}
	return Guest{
		PersonRef: personJSON{ID: r.ID, Name: r.Name, Avatar: r.Avatar, Deactivated: r.Gone, External: true}.ref(),
		Phone:     ShowPhone(r.Phone), Mail: r.Mail, Organisation: Ref{ID: r.OrganisationID, Name: r.Organisation},
		Liaison: liaison.ref(), Until: r.ExpiresAt, Revision: r.Revision,
	}, nil
}

// GuestFilter says which guests a list holds.
type GuestFilter struct {
	Query        string    // part of the name or of the organisation's; empty: all
	Organisation kernel.ID // kernel.NoID: any
	Ended        bool      // those whose access was ended instead of the others
}

// Guests is one page of the outsiders whom the person in the context looks after.
func (s *Service) Guests(ctx context.Context, f GuestFilter, page kernel.PageQuery) (kernel.Page[Guest], error) {
	none := kernel.Page[Guest]{Items: []Guest{}}
	sql, args, err := s.rights.Filter(ctx, GuestRight, guestKind)
	if err != nil {
		return none, err
	}
	q := new(statement)
	q.add("SELECT "+guestColumns+" WHERE (p.deactivated_at IS NOT NULL) = ? AND ", f.Ended).add(sql, args...)
	if f.Organisation != kernel.NoID {
		q.add(" AND o.id = ?", f.Organisation)
	}
	if strings.TrimSpace(f.Query) != "" {
		q.add(` AND (translate(p.sort_key, ' ·', '') LIKE ? OR lower(o.name) LIKE ?)`, searchText(f.Query), searchText(f.Query))
	}
	after, err := decodeCursor(page.Cursor, 0)
	if err != nil {
		return none, err
	}
	if after != nil {
		q.add(" AND (p.sort_key, p.id) > (?, ?)", after...)
	}
	var rows []guestRow
	q.add(" ORDER BY p.sort_key, p.id LIMIT ?", page.Size()+1)
	if err := s.db.Q(ctx).NewRaw(q.sql.String(), q.args...).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list the guests: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r guestRow) []string { return []string{r.SortKey, r.ID.String()} })
	out := kernel.Page[Guest]{Items: make([]Guest, len(cut.Items)), Next: cut.Next}
	for i, row := range cut.Items {
		if out.Items[i], err = row.guest(); err != nil {
			return none, err
		}
	}
	return out, nil
}

// Guest is one of them.
func (s *Service) Guest(ctx context.Context, id kernel.ID) (Guest, error) {
	if err := s.rights.Can(ctx, GuestRight, guestKind, id); err != nil {
		return Guest{}, err
	}
	var row guestRow
	err := s.db.Q(ctx).NewRaw("SELECT "+guestColumns+" WHERE p.id = ?", id).Scan(ctx, &row)
	if store.IsNoRows(err) {
		return Guest{}, kernel.NotFound("guest_unknown")
	}
	if err != nil {
		return Guest{}, fmt.Errorf("read the guest: %w", err)
	}
	return row.guest()
}

// NewGuest is an outsider to be added.
type NewGuest struct {
	ID           kernel.ID
	Name         string
	Phone, Mail  string
	Organisation kernel.ID
	Liaison      kernel.ID
	Until        time.Time
}

// CreateGuest adds an outsider without telling them; the invitation comes after. The
// same id again is the same guest. Whom the caller's right does not reach once added,
// because another person is to be the 对接人, is refused.
func (s *Service) CreateGuest(ctx context.Context, g NewGuest) error {
	profile, err := Profile{Name: g.Name, Phone: g.Phone, Mail: g.Mail, Sort: defaultSort}.clean()
	if err != nil {
		return err
	}
	if profile.Phone == "" && profile.Mail == "" {
		return kernel.Invalid("guest_unreachable").OnField("body.phone")
	}
	if err := s.checkUntil(g.Until); err != nil {
		return err
	}
	return s.writing(ctx, func(ctx context.Context) error {
		var known bool
		if err := s.db.Q(ctx).NewRaw("SELECT EXISTS (SELECT 1 FROM person WHERE id = ?)", g.ID).Scan(ctx, &known); err != nil {
			return fmt.Errorf("look for the guest: %w", err)
		}
		if known {
			return s.rights.Can(ctx, GuestRight, guestKind, g.ID)
		}
		if err := s.requireLiaison(ctx, g.Liaison, "body.liaisonId"); err != nil {
			return err
		}
		if _, err := s.Organisation(ctx, g.Organisation); err != nil {
			return kernel.Invalid("external_organisation_unknown").OnField("body.organisationId").Because(err)
		}
		if err := s.insertPerson(ctx, g.ID, profile); err != nil {
			return err
		}
		_, err := s.db.Q(ctx).NewRaw(`UPDATE person SET external_organisation_id = ?, liaison_id = ?, expires_at = ? WHERE id = ?`,
			g.Organisation, g.Liaison, g.Until, g.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add the guest: %w", err)
		}
		return s.rights.Can(ctx, GuestRight, guestKind, g.ID)
	})
}

func (s *Service) checkUntil(until time.Time) error {
	now := s.clock()
	if !until.After(now) || until.After(now.Add(maxGuestLife)) {
		return kernel.Invalid("guest_until_invalid").With("days", int(maxGuestLife/(24*time.Hour))).OnField("body.until")
	}
	return nil
}
