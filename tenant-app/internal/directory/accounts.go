package directory

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// People is the directory as package auth asks for it. It is apart from Service,
// which in turn asks auth to end sessions.
type People struct{ service *Service }

var _ auth.People = People{}

// NewPeople answers auth's questions from db.
func NewPeople(db *store.DB, clock kernel.Clock) People {
	return People{service: New(db, clock, nil, nil, nil)}
}

// PersonByIdentifier finds the one person who signs in by one of ids; a phone
// number goes before a staff number, and that before a mail.
func (p People) PersonByIdentifier(ctx context.Context, ids kernel.Identifiers) (auth.Person, error) {
	return p.find(ctx, `phone = ?0 OR lower(staff_no) = ?1 OR mail = ?2
		ORDER BY CASE WHEN phone = ?0 THEN 0 WHEN lower(staff_no) = ?1 THEN 1 ELSE 2 END LIMIT 1`,
		nullText(ids.Phone), nullText(ids.StaffNo), nullText(ids.Mail))
}

// PersonByID finds a person who may have left.
func (p People) PersonByID(ctx context.Context, id kernel.ID) (auth.Person, error) {
	return p.find(ctx, "id = ?0", id)
}

func (p People) find(ctx context.Context, where string, args ...any) (auth.Person, error) {
	var person auth.Person
	var left *time.Time
	err := p.service.db.Q(ctx).NewRaw(fmt.Sprintf("SELECT id, name, CASE WHEN expires_at <= ?%d THEN expires_at ELSE deactivated_at END FROM person WHERE ", len(args))+where, append(args, p.service.clock())...).Scan(ctx, &person.ID, &person.Name, &left)
	if store.IsNoRows(err) {
		return auth.Person{}, kernel.NotFound("person_unknown")
	}
	if err != nil {
		return auth.Person{}, fmt.Errorf("look for a person: %w", err)
	}
	person.Active = left == nil
	return person, nil
}

// CreatePerson adds someone without a department: the first administrator.
func (p People) CreatePerson(ctx context.Context, person auth.NewPerson) (kernel.ID, error) {
	return p.service.create(ctx, Profile{Name: person.Name, Phone: person.Phone, StaffNo: person.StaffNo, Mail: person.Mail}, nil)
}
